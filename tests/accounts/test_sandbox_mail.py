"""The sandbox's mail page, fed by the sandbox's own mail server, and absent everywhere else."""

from __future__ import annotations

import shutil

import pytest

from accounts import notices
from tests.servers.sandbox import running_sandbox

pytestmark = pytest.mark.usefixtures("world")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running_sandbox(tmp_path_factory.mktemp("sandbox") / "mail") as running:
        yield running


@pytest.fixture
def sandbox(server, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.smtp_port
    settings.SANDBOX_DIR = server.root
    yield server
    shutil.rmtree(server.root / "outbox", ignore_errors=True)


def test_a_confirmation_is_read_and_followed(apex, sandbox):
    form = {"workspace_name": "W", "slug": "hazel", "region": "eu", "name": "H", "email": "h@hazel.example"}
    assert apex.post("/sign-up", form).status_code == 302

    box = apex.get("/sandbox-mail")
    (letter,) = box.context["letters"]
    page = apex.get(f"/sandbox-mail/{letter.box}/{letter.name}").content.decode()

    assert letter.to == "h@hazel.example"
    assert "exists only in the embedded sandbox" in page
    assert '<a href="http://localhost:8000/sign-up/verify/' in page


def test_it_does_not_exist_in_production(apex, sandbox, settings):
    notices.send("accounts/email/notice", "h@hazel.example", subject="Hello", text="Words.")
    (letter,) = apex.get("/sandbox-mail").context["letters"]
    settings.EMBEDDED = False

    assert apex.get("/sandbox-mail").status_code == 404
    assert apex.get(f"/sandbox-mail/{letter.box}/{letter.name}").status_code == 404


@pytest.mark.parametrize("name", ["..%2F..%2Fledger.jsonl", "%2e%2e", "accounts.json"])
def test_it_shows_nothing_but_what_is_kept(apex, sandbox, name):
    assert apex.get(f"/sandbox-mail/..%2F/{name}").status_code == 404
    assert apex.get(f"/sandbox-mail/outbox/{name}").status_code == 404
