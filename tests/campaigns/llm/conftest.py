"""One real HTTP server per test and provider, and a short way to ask it something."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from campaigns.answers import Qualification
from campaigns.llm.edge import Call, Outcome, Provider, ask, check_key
from keychain.crypto.secret import Secret
from tests.servers.llm import LlmServer

KEY = "sk-live-0123456789abcdefSECRET"


def anywhere(host: str, port: int) -> str:
    return host


class Desk:
    """A provider's server, and the calls made to it."""

    def __init__(self, provider: str) -> None:
        self.provider = Provider(provider)
        self.server = LlmServer(provider)
        self.url = self.server.start()

    def call(self, **changes: Any) -> Call:
        given: dict[str, Any] = {
            "provider": self.provider,
            "model": "m-1",
            "system": "You judge leads.",
            "prompt": "The lead is Benton.",
            "schema": Qualification,
            "max_output_tokens": 500,
            "timeout": 5.0,
            "key": Secret(KEY),
            "endpoint": self.url,
        }
        return Call(**(given | changes))

    def ask(self, **changes: Any) -> Outcome:
        return ask(self.call(**changes), resolve=anywhere)

    def check(self, key: str = KEY) -> Outcome:
        return check_key(self.provider, Secret(key), self.url, resolve=anywhere)


@pytest.fixture
def desk_of() -> Iterator[Callable[[str], Desk]]:
    desks: list[Desk] = []

    def open_desk(provider: str) -> Desk:
        desks.append(Desk(provider))
        return desks[-1]

    yield open_desk
    for desk in desks:
        desk.server.stop()
