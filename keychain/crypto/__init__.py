"""KMS, envelope, blind index, Secret: pure, no models.

What callers use, and from where:

    secret    Secret(text or bytes)      .reveal() -> str, .reveal_bytes() -> bytes; masked everywhere else

    kms       Context(workspace, purpose, version)
              kms_from_url("local:/path" | "aws:<arn>") -> Kms
              Kms.name, .generate(context) -> (Secret, wrap), .wrap(secret, context) -> wrap,
              .unwrap(wrap, context) -> Secret
              KmsError: KmsUnavailable (ask again later: a 503), KmsRefused (no: asking again is no use)

    keyring   KeyCache().get(context, wrap, kms_url) -> Secret; .forget(workspace); .clear()
              One per process. It never holds a key longer than five minutes.

    envelope  seal(plaintext, key=, key_id=, place=Place(workspace, table, column, row)) -> envelope
              unseal(envelope, key=, place=) -> plaintext, or SealBroken
              key_id_of(envelope) -> int, is_envelope(data) -> bool, OVERHEAD
              Sealer(key, key_id, workspace, table, column): .seal(row, plaintext), .unseal(row, envelope),
              .seal_many(pairs), .unseal_many(pairs): twice as fast for the many values of one column

    blind     BlindIndex(index_key): .email(address) -> 32 bytes, .domain(address or domain) -> 32 bytes,
              .words(column, text) -> what to store, .probes(column, query) -> what the stored must contain,
              .probe(column, word, whole=) -> one of them

A key is a Secret wherever one is asked for (32 raw bytes will do): pass on what KeyCache gave, so that no
variable of a caller ever holds it in clear. Sealers and BlindIndexes hold keys: make them for a request or
a batch, and let them go.
"""
