"""The outside world of the canary: a mail provider with TLS, and a model that says what it is told to say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.servers import llm_openai
from tests.servers.dovecot import Dovecot, running_dovecot
from tests.servers.llm import LlmServer
from tests.servers.ports import free_port


class Talkative:
    """OpenAI's format; the reason of each qualification and each draft hold the words to be told."""

    prefix = llm_openai.prefix
    models = staticmethod(llm_openai.models)

    def __init__(self, words: str) -> None:
        self.words = words

    def answer(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        made = llm_openai.answer(path, body)
        if made is None or "choices" not in made:
            return made
        said = made["choices"][0]["message"]
        form = json.loads(said["content"])
        if "reason" in form:
            form["reason"] += f" {self.words}."
        said["content"] = json.dumps(form)
        return made


@dataclass
class Taken:
    """aiosmtpd's handler and authenticator: keeps the mails, takes one password."""

    password: str
    mails: list[Message] = field(default_factory=list)

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  # aiosmtpd's name
        self.mails.append(BytesParser().parsebytes(envelope.content))
        return "250 OK"

    def sign_in(self, server, session, envelope, mechanism, auth_data) -> AuthResult:
        return AuthResult(success=getattr(auth_data, "password", b"") == self.password.encode())


@dataclass(frozen=True)
class Outside:
    dovecot: Dovecot
    smtp_port: int
    taken: Taken
    model: str  # the endpoint's URL


@contextmanager
def outside(*, password: str, model_says: str) -> Iterator[Outside]:
    """Dovecot and an SMTP server that take the password, and the model's endpoint."""
    model = LlmServer("compatible")
    model.format = Talkative(model_says)
    url = model.start()
    with running_dovecot(password=password) as dovecot:
        taken = Taken(password)
        controller = Controller(
            taken,
            hostname="127.0.0.1",
            port=free_port(),
            ssl_context=dovecot.certificate.context(),
            authenticator=taken.sign_in,
            auth_require_tls=False,  # the connection is TLS from its first byte
        )
        controller.start()
        try:
            yield Outside(dovecot, controller.port, taken, url)
        finally:
            controller.stop()
            model.stop()
