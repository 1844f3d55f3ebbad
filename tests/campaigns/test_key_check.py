"""A key entered in the keychain is tried at its provider before it is kept."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from keychain.models import Credential
from tenants.binding import bound
from tests.paths import ROOT
from tests.servers.llm import LlmServer
from tests.world import client_of, eddy

KEY = "sk-live-0123456789abcdef"


@pytest.fixture
def server():
    made = LlmServer("compatible")
    yield made, made.start()
    made.stop()


def form(url: str) -> dict[str, str]:
    return {"kind": "compatible", "label": "Ours", "endpoint": url, "secret": KEY}


def test_a_key_that_the_endpoint_takes_is_kept(world, server):
    _, url = server

    client_of(world.acme, eddy(world)).post("/keychain/add/", form(url))

    with bound(world.acme):
        kept = Credential.objects.get()
    assert kept.problem == ""
    assert kept.checked_at is not None


def test_an_endpoint_that_does_not_answer_is_said_in_a_sentence(world):
    answer = client_of(world.acme, eddy(world)).post("/keychain/add/", form("http://127.0.0.1:9/v1"))

    assert answer.status_code == 200
    assert "The endpoint at 127.0.0.1" in answer.content.decode()
    assert KEY not in answer.content.decode()
    with bound(world.acme):
        assert not Credential.objects.exists()


LOADED = """
import sys
from campaigns.key_check import problem
from keychain.crypto.secret import Secret
print(repr(problem("compatible", Secret("sk-0123456789"), sys.argv[1])))
print(sorted({"openai", "anthropic", "google.genai", "httpx2"} & set(sys.modules)))
"""


def test_a_web_process_that_tries_a_key_loads_no_sdk(server):
    _, url = server
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "paitho.settings"}
    command = [sys.executable, "-c", LOADED, url]

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == ["''", "[]"]
