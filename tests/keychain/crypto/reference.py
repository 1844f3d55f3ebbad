"""The same formats a second time, from the specification: another AES, HKDF as RFC 5869 writes it.

`python -m tests.keychain.crypto.reference` writes the committed vectors anew. They change only with a
new format version: an envelope that was once written has to open for as long as Paitho exists.
"""

import hashlib
import hmac
import json
from pathlib import Path
from uuid import UUID

from Crypto.Cipher import AES

from keychain.crypto.envelope import Place

VECTORS = Path(__file__).parents[1] / "vectors.json"
ACME = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def hkdf_expand(key: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869, section 2.3."""
    block, output, counter = b"", b"", 1
    while len(output) < length:
        block = hmac_sha256(key, block + info + bytes([counter]))
        output += block
        counter += 1
    return output[:length]


def additional_data(key_id: int, place: Place) -> bytes:
    fields = [
        b"\xd7\x01",
        key_id.to_bytes(4, "big"),
        place.workspace.bytes,
        place.table.encode(),
        place.column.encode(),
        place.row.bytes,
    ]
    return b"".join(len(field).to_bytes(2, "big") + field for field in fields)


def seal(plaintext: bytes, key: bytes, key_id: int, place: Place, salt: bytes) -> bytes:
    derived = hkdf_expand(key, b"paitho envelope 1" + salt, 60)
    value_key, nonce, commitment = derived[:32], derived[32:44], derived[44:]
    cipher = AES.new(value_key, AES.MODE_GCM, nonce=nonce, mac_len=16)
    cipher.update(additional_data(key_id, place))
    ciphertext, tag = cipher.encrypt_and_digest(plaintext)
    return b"\xd7\x01" + key_id.to_bytes(4, "big") + salt + commitment + ciphertext + tag


def unseal(envelope: bytes, key: bytes, place: Place) -> bytes:
    """ValueError if anything is wrong."""
    salt, commitment, ciphertext, tag = envelope[6:30], envelope[30:46], envelope[46:-16], envelope[-16:]
    derived = hkdf_expand(key, b"paitho envelope 1" + salt, 60)
    if envelope[:2] != b"\xd7\x01" or commitment != derived[44:]:
        raise ValueError("not sealed under this key")
    cipher = AES.new(derived[:32], AES.MODE_GCM, nonce=derived[32:44], mac_len=16)
    cipher.update(additional_data(int.from_bytes(envelope[2:6], "big"), place))
    return cipher.decrypt_and_verify(ciphertext, tag)


def fingerprint(index_key: bytes, subkey: bytes, message: bytes) -> bytes:
    return hmac_sha256(hmac_sha256(index_key, b"paitho blind index 1 " + subkey), message)


def terms(index_key: bytes, column: str, words: list[str]) -> list[int]:
    """The terms of words that are already folded and split."""
    messages = {b"w" + word.encode() for word in words}
    messages |= {b"p" + word[:n].encode() for word in words for n in range(4, min(len(word), 16) + 1)}
    codes = (fingerprint(index_key, b"words " + column.encode(), message) for message in messages)
    return sorted({int.from_bytes(code[:8], "big", signed=True) for code in codes})


def local_wrap(secret: bytes, master: bytes, context: dict[str, str], nonce: bytes) -> bytes:
    head = b"PLK\x01" + hashlib.sha256(b"paitho master key fingerprint" + master).digest()[:8]
    cipher = AES.new(master, AES.MODE_GCM, nonce=nonce, mac_len=16)
    cipher.update(head + json.dumps(context, sort_keys=True, separators=(",", ":")).encode())
    return head + nonce + b"".join(cipher.encrypt_and_digest(secret))


def _bytes(seed: str, length: int) -> bytes:
    return hashlib.shake_256(seed.encode()).digest(length)


def _envelope_vectors() -> list[dict[str, object]]:
    texts = [b"", b"a", b"Olga", "Łódź ✓".encode(), bytes(range(256)), _bytes("long", 500)]
    vectors = []
    for number, text in enumerate(texts):
        key, salt, key_id = _bytes(f"key {number}", 32), _bytes(f"salt {number}", 24), number**11
        place = Place(ACME, "leads" * (number + 1), "profil\u00e9", UUID(bytes=_bytes(f"row {number}", 16)))
        sealed = seal(text, key, key_id, place, salt)
        where = {"workspace": str(ACME), "table": place.table, "column": place.column, "row": str(place.row)}
        vectors.append(
            {
                "key": key.hex(),
                "key_id": key_id,
                "place": where,
                "plaintext": text.hex(),
                "envelope": sealed.hex(),
            }
        )
    return vectors


def _blind_vectors() -> dict[str, object]:
    key = _bytes("index key", 32)
    words = {
        "Łucja O'Brien": ["lucja", "obrien", "o", "brien"],
        "ACME GmbH & Co. KG": ["acme", "gmbh", "co", "kg"],
    }
    return {
        "index_key": key.hex(),
        "email": {"Olga@Bücher.example": fingerprint(key, b"email", b"olga@xn--bcher-kva.example").hex()},
        "domain": {"Acme.example": fingerprint(key, b"domain", b"acme.example").hex()},
        "words": [
            {"column": "name", "text": text, "terms": terms(key, "name", folded)}
            for text, folded in words.items()
        ],
    }


def _local_kms_vector() -> dict[str, object]:
    master, secret = _bytes("master", 32), _bytes("data key", 32)
    context = {"app": "paitho", "workspace": str(ACME), "purpose": "data", "version": "3"}
    wrapped = local_wrap(secret, master, context, _bytes("nonce", 12))
    return {
        "file": f"paitho-master-key-1 {master.hex()}\n",
        "workspace": str(ACME),
        "purpose": "data",
        "version": 3,
        "secret": secret.hex(),
        "wrapped": wrapped.hex(),
    }


def make_vectors() -> dict[str, object]:
    return {"envelope": _envelope_vectors(), "blind": _blind_vectors(), "local_kms": _local_kms_vector()}


if __name__ == "__main__":
    VECTORS.write_text(json.dumps(make_vectors(), indent=1, ensure_ascii=False) + "\n")
