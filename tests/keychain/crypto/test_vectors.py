"""What was written once opens for ever: the committed vectors."""

import json
from uuid import UUID

import pytest

from keychain.crypto.blind import BlindIndex
from keychain.crypto.envelope import Place, key_id_of, unseal
from keychain.crypto.kms import Context, LocalKms
from tests.keychain.crypto.reference import VECTORS, make_vectors

COMMITTED = json.loads(VECTORS.read_text())


def test_the_vectors_are_what_the_reference_makes():
    assert make_vectors() == COMMITTED


@pytest.mark.parametrize("vector", COMMITTED["envelope"])
def test_a_committed_envelope_opens(vector):
    where = vector["place"]
    place = Place(UUID(where["workspace"]), where["table"], where["column"], UUID(where["row"]))
    envelope = bytes.fromhex(vector["envelope"])

    assert unseal(envelope, key=bytes.fromhex(vector["key"]), place=place).hex() == vector["plaintext"]
    assert key_id_of(envelope) == vector["key_id"]


def test_committed_fingerprints_are_still_found():
    blind = COMMITTED["blind"]
    index = BlindIndex(bytes.fromhex(blind["index_key"]))

    assert {address: index.email(address).hex() for address in blind["email"]} == blind["email"]
    assert {domain: index.domain(domain).hex() for domain in blind["domain"]} == blind["domain"]
    for entry in blind["words"]:
        assert index.words(entry["column"], entry["text"]) == entry["terms"]


def test_a_committed_wrap_opens_with_its_master_key(tmp_path):
    vector = COMMITTED["local_kms"]
    file = tmp_path / "master.key"
    file.write_text(vector["file"])
    file.chmod(0o600)
    context = Context(UUID(vector["workspace"]), vector["purpose"], vector["version"])

    secret = LocalKms(file).unwrap(bytes.fromhex(vector["wrapped"]), context)

    assert secret.reveal_bytes().hex() == vector["secret"]
