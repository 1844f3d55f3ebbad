"""Ten thousand mails by several workers that are killed all the time: each arrives once, none is lost.

    make test-exactly-once [SENDS=10000]

`server` is the provider, as a process of its own: it keeps a ledger of every mail that it took, puts a copy
into Sent, and misbehaves in every way that servers do. `nursery` keeps workers alive and kills them, at
random and at the worst moments. `__main__` is the operator and the person: it restarts the database, empties
the broker, restores an old snapshot and answers what is asked. The verdict is counted at the server.
"""
