"""A name server on loopback over UDP, and a resolver that asks only it."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
from dns.resolver import Resolver

Zone = Mapping[str, list[str]]


def rrset_for(zone: Zone, name: str, kind: str) -> dns.rrset.RRset | None:
    """Addresses are listed under their name; MX and SRV records under `MX name` and `SRV name`."""
    if kind in ("A", "AAAA"):
        values = [each for each in zone.get(name, []) if (":" in each) == (kind == "AAAA")]
    else:
        values = zone.get(f"{kind} {name}", [])
    return dns.rrset.from_text_list(f"{name}.", 60, "IN", kind, values) if values else None


def answer(zone: Zone, question: bytes) -> bytes:
    query = dns.message.from_wire(question)
    response = dns.message.make_response(query)
    response.flags |= dns.flags.RA
    asked = query.question[0]
    name = asked.name.to_text(omit_final_dot=True).lower()
    found = rrset_for(zone, name, dns.rdatatype.to_text(asked.rdtype))
    if found:
        response.answer.append(found)
    elif not any(key.split()[-1] == name for key in zone):
        response.set_rcode(dns.rcode.NXDOMAIN)
    return response.to_wire()


@contextmanager
def dns_server(zone: Zone, *, is_silent: bool = False) -> Iterator[Resolver]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(0.1)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                with suppress(TimeoutError):
                    question, peer = sock.recvfrom(4096)
                    if not is_silent:
                        sock.sendto(answer(zone, question), peer)

        thread = threading.Thread(target=serve)
        thread.start()
        resolver = Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = sock.getsockname()[1]
        try:
            yield resolver
        finally:
            over.set()
            thread.join()
