"""A real SMTP server on loopback that keeps what it is given, for Paitho's own mail."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass, field
from email.message import EmailMessage

from aiosmtpd.controller import Controller

LINK = re.compile(r"https?://\S+")


@dataclass
class Postbox:
    """aiosmtpd's handler. `refuses` makes the server answer 554 to every message."""

    messages: list[EmailMessage] = field(default_factory=list)
    refuses: bool = False

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  # aiosmtpd's name
        if self.refuses:
            return "554 5.7.1 Not today"
        parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        self.messages.append(parsed)
        return "250 OK"

    def last(self) -> EmailMessage:
        return self.messages[-1]

    def text(self) -> str:
        """The plain text of the last message."""
        body = self.last().get_body(("plain",))
        assert body is not None
        return body.get_content()

    def link(self) -> str:
        """The first link of the last message's plain text."""
        found = LINK.search(self.text())
        assert found is not None
        return found[0]


def start(box: Postbox) -> Controller:
    """Serve on a free loopback port; `controller.port` says which. The caller stops it."""
    from tests.servers.ports import free_port

    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    return controller
