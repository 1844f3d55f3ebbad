"""AWS: how its answers are understood, and that it never keeps us waiting."""

import base64
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest.mock import patch

import pytest

from keychain.crypto.kms import (
    AwsKms,
    BadKmsUrl,
    Context,
    KmsRefused,
    KmsUnavailable,
    kms_from_url,
    region_of,
)
from keychain.crypto.secret import Secret
from paitho.lib.ids import uuid7
from tests.keychain.moto_kms import CREDENTIALS, REGION, moto_kms

ARN = f"arn:aws:kms:{REGION}:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
CONTEXT = Context(uuid7(), "data", 1)


@pytest.fixture(autouse=True)
def _credentials():
    with patch.dict(os.environ, CREDENTIALS):
        yield


class Script(ThreadingHTTPServer):
    """A server that gives the answer it is told to, to everything."""

    answer = 200, b""

    @property
    def kms(self) -> AwsKms:
        return AwsKms(ARN, REGION, f"http://127.0.0.1:{self.server_port}", timeout=1.0)


class Line(BaseHTTPRequestHandler):
    server: Script

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        status, body = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def script() -> Iterator[Script]:
    with Script(("127.0.0.1", 0), Line) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def test_a_disabled_key_refuses_until_it_is_enabled(aws):
    arn = aws.new_key()
    kms = kms_from_url(aws.url(arn))
    secret, wrapped = kms.generate(CONTEXT)
    aws.disable(arn)

    with pytest.raises(KmsRefused, match="disabled"):
        kms.unwrap(wrapped, CONTEXT)
    with pytest.raises(KmsRefused, match="disabled"):
        kms.generate(CONTEXT)

    aws.enable(arn)
    assert kms.unwrap(wrapped, CONTEXT) == secret


def test_a_key_that_is_to_be_deleted_refuses(aws):
    arn = aws.new_key()
    kms = kms_from_url(aws.url(arn))
    _, wrapped = kms.generate(CONTEXT)
    aws.schedule_deletion(arn)

    with pytest.raises(KmsRefused, match="deletion"):
        kms.unwrap(wrapped, CONTEXT)


def test_a_key_that_does_not_exist_refuses(aws):
    with pytest.raises(KmsRefused, match="does not exist"):
        kms_from_url(aws.url(ARN)).generate(CONTEXT)


def test_the_key_s_name_is_its_arn(aws):
    arn = aws.new_key()

    assert kms_from_url(aws.url(arn)).name == arn


def test_the_context_is_what_aws_binds(aws):
    arn = aws.new_key()
    _, wrapped = kms_from_url(aws.url(arn)).generate(CONTEXT)
    pairs = {"app": "paitho", "workspace": str(CONTEXT.workspace), "purpose": "data", "version": "1"}

    assert aws.client.decrypt(KeyId=arn, CiphertextBlob=wrapped, EncryptionContext=pairs)["Plaintext"]


def test_a_server_that_is_gone_is_unavailable_at_once():
    with moto_kms() as running:
        kms = kms_from_url(running.url(running.new_key()))
        _, wrapped = kms.generate(CONTEXT)
    began = time.monotonic()

    with pytest.raises(KmsUnavailable, match="did not answer"):
        kms.unwrap(wrapped, CONTEXT)
    assert time.monotonic() - began < 2.5


def test_a_server_that_says_nothing_is_unavailable_within_the_timeout():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        kms = AwsKms(ARN, REGION, f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.2)
        began = time.monotonic()

        with pytest.raises(KmsUnavailable, match="did not answer"):
            kms.unwrap(b"wrapped", CONTEXT)
    assert time.monotonic() - began < 2 * (1 + 0.2) + 1


def test_without_credentials_it_is_unavailable():
    with patch.dict(os.environ):
        for name in CREDENTIALS:
            del os.environ[name]
        os.environ |= {"AWS_EC2_METADATA_DISABLED": "true", "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        kms = AwsKms(ARN, REGION, "http://127.0.0.1:9", timeout=0.3)

        with pytest.raises(KmsUnavailable, match="NoCredentials"):
            kms.generate(CONTEXT)


@pytest.mark.parametrize(
    ("status", "kind", "error"),
    [
        (400, "AccessDeniedException", KmsRefused),
        (400, "IncorrectKeyException", KmsRefused),
        (400, "InvalidCiphertextException", KmsRefused),
        (400, "SomethingNewException", KmsRefused),
        (400, "ExpiredTokenException", KmsUnavailable),
        (400, "UnrecognizedClientException", KmsUnavailable),
        (400, "ThrottlingException", KmsUnavailable),
        (400, "LimitExceededException", KmsUnavailable),
        (500, "KMSInternalException", KmsUnavailable),
        (503, "DependencyTimeoutException", KmsUnavailable),
    ],
)
def test_an_answer_is_a_no_or_a_not_now(script, status, kind, error):
    script.answer = status, json.dumps({"__type": kind, "message": "canary"}).encode()

    with pytest.raises(error) as raised:
        script.kms.unwrap(b"wrapped", CONTEXT)
    assert type(raised.value) is error
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize(
    ("status", "body"), [(200, b"<html>"), (502, b"<html>bad gateway</html>"), (200, b"")]
)
def test_an_answer_that_is_not_kms_s_is_unavailable(script, status, body):
    script.answer = status, body

    with pytest.raises(KmsUnavailable):
        script.kms.unwrap(b"wrapped", CONTEXT)


def test_a_log_at_its_most_talkative_holds_no_key(aws, caplog):
    """Guards the level of botocore's logger: at DEBUG it writes requests and answers in full."""
    kms = kms_from_url(aws.url(aws.new_key()))
    with caplog.at_level(logging.DEBUG):
        secret, wrapped = kms.generate(CONTEXT)
        kms.unwrap(wrapped, CONTEXT)
        kms.wrap(Secret(b"canary-of-olga"), CONTEXT)

    assert base64.b64encode(secret.reveal_bytes()).decode() not in caplog.text
    assert base64.b64encode(b"canary-of-olga").decode() not in caplog.text
    assert "canary" not in caplog.text


@pytest.mark.parametrize(
    ("arn", "region"),
    [
        (ARN, REGION),
        ("arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/mrk-1234", "us-gov-west-1"),
        ("arn:aws-cn:kms:cn-north-1:123456789012:alias/paitho/main", "cn-north-1"),
    ],
)
def test_the_region_is_read_from_the_arn(arn, region):
    assert region_of(arn) == region
    assert kms_from_url(f"aws:{arn}").name == arn


@pytest.mark.parametrize(
    "url",
    [
        "",
        "local:",
        "local",
        "aws:",
        "gcp:projects/paitho",
        "/path/master.key",
        "aws:arn:aws:kms:eu-central-1:123456789012:key/",
        "aws:arn:aws:kms:evil.example/:123456789012:key/1234",
        "aws:arn:aws:s3:eu-central-1:123456789012:key/1234",
        "aws:1234abcd-12ab-34cd-56ef-1234567890ab",
        f"aws:{ARN}\n",
        f"aws:{ARN}?region=eu-west-1",
        f"aws:{ARN}?endpoint=ftp://example",
        f"aws:{ARN}?endpoint=http://one&endpoint=http://two",
    ],
)
def test_a_setting_that_names_no_kms_is_refused(url):
    with pytest.raises(BadKmsUrl):
        kms_from_url(url)
