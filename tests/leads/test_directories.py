"""Directories of the user's own: an endpoint that must not lead into our network, and a CSV file."""

import ssl
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from keychain.crypto.secret import Secret
from leads.csvfile import describe
from leads.enrichment.directory_csv import Directory, people_of
from leads.enrichment.directory_http import DirectoryHttp
from leads.enrichment.edge import Found, HostRefused, NotAsked, NotFound, Question, Unavailable
from leads.enrichment.wire import Limits
from leads.vocabulary import Target
from tests.servers import enrichment as server

JANE = Question(email=server.JANE)
LIMITS = Limits(seconds=2.0)


@pytest.fixture
def there():
    with server.running() as running:
        yield running


def closed(host: str, port: int) -> str:
    raise HostRefused("This host is not one that may be reached.")


def test_a_host_that_the_guard_refuses_is_not_connected_to(there):
    """Guards against a customer's address that leads to the metadata service or the database."""
    port = there.url.rpartition(":")[2]

    outcome = DirectoryHttp(f"https://127.0.0.1:{port}/directory", closed, LIMITS).ask(
        JANE, Secret(server.GOOD)
    )

    assert outcome == Unavailable("The directory is not asked: This host is not one that may be reached.")
    assert there.seen == []


def test_the_connection_goes_to_the_address_that_was_judged(there):
    """Guards against a name that means another address the second time (DNS rebinding)."""
    port = there.url.rpartition(":")[2]
    looked_up = []

    def resolve(host: str, port: int) -> str:
        looked_up.append(host)
        return "127.0.0.1"

    directory = DirectoryHttp(f"http://people.invalid:{port}/directory", resolve, LIMITS)
    outcome = directory.ask(JANE, Secret(server.GOOD))

    assert isinstance(outcome, Found)
    assert there.seen[0].headers["host"] == f"people.invalid:{port}"
    assert set(looked_up) == {"people.invalid"}


@pytest.mark.parametrize(
    "url",
    [
        "http://people.example/",
        "ftp://people.example/",
        "https://user:pass@people.example/",
        "https://people.example/#x",
        "https://people.example:99999/",
        "https:///path",
        "https://people.example/a b",
        "https://people.example/\r\nX-Evil: 1",
        "people.example",
        "",
    ],
)
def test_an_address_that_is_not_plain_https_is_not_asked(url):
    outcome = DirectoryHttp(url, lambda host, port: "93.184.215.14", LIMITS).ask(JANE, Secret("k"))

    assert isinstance(outcome, NotAsked)


def test_a_name_that_cannot_be_found_is_unavailable():
    def unknown(host: str, port: int) -> str:
        raise OSError

    outcome = DirectoryHttp("https://people.invalid/", unknown, LIMITS).ask(JANE, Secret("k"))

    assert outcome == Unavailable("The directory cannot be reached.")


def test_a_certificate_that_nobody_signed_is_refused(there, tmp_path):
    """Guards against a connection that was taken over on the way, which would be given the key."""
    port = there.url.rpartition(":")[2]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    there.listener.socket = context.wrap_socket(there.listener.socket, server_side=True)

    resolve = lambda host, port: "127.0.0.1"  # noqa: E731 - a guard that lets everything pass
    outcome = DirectoryHttp(f"https://people.example:{port}/directory", resolve, LIMITS).ask(
        JANE, Secret("k")
    )

    assert outcome == Unavailable("The directory cannot be reached.")
    assert there.seen == []


def self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "people.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("people.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = folder / "server.pem"
    path.write_bytes(pem + certificate.public_bytes(Encoding.PEM))
    return path


def directory(text: str) -> Directory:
    data = text.encode()
    return Directory(tuple(people_of(BytesIO(data), describe(BytesIO(data)))))


PEOPLE = (
    "E-mail;First name;Last name;Company;City;Tier\n"
    "jane@acme.example;Jane;Doe;Acme;Berlin;A\n"
    "broken;X;Y;Z;;\n"
    "jane@acme.example;Janet;Doe;Acme;Rome;B\n"
    "joe@beta.example;Joe;Roe;Beta Inc;;C\n"
)


def test_a_csv_answers_by_address_and_by_name_and_company():
    people = directory(PEOPLE)
    joe = Question(first_name="JOE", last_name="Roe", company="beta  inc")
    xy = Question(email="x.y@z.example", first_name="X", last_name="Y", company="Z")

    assert people.find(JANE) == Found(
        {
            Target.EMAIL: "jane@acme.example",
            Target.FIRST_NAME: "Jane",
            Target.LAST_NAME: "Doe",
            Target.COMPANY: "Acme",
            Target.CITY: "Berlin",
        },
        0,
    )
    assert isinstance(people.find(joe), Found)
    assert isinstance(people.find(xy), Found)  # the row has no address of its own
    assert isinstance(people.find(Question(email="no@one.example")), NotFound)


def test_an_address_is_not_answered_with_a_namesake():
    other = Question(email="j.doe@acme.example", first_name="Jane", last_name="Doe", company="Acme")

    assert isinstance(directory(PEOPLE).find(other), NotFound)
