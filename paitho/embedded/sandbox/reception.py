"""The SMTP side: submission with a password, or transactional mail from no-reply without one."""

import re
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from .post import Post
from .store import Accounts

MAX_SIZE = 35_882_577
MAX_RECIPIENTS = 100
ADDRESS = re.compile(r"[^\s<>@\"]+@[^\s<>@\"]+")


class Reception:
    """Hooks of aiosmtpd: each answers with the reply line."""

    def __init__(self, accounts: Accounts, post: Post) -> None:
        self.accounts = accounts
        self.post = post

    def server(self, host: str) -> SMTP:
        """One connection's protocol."""
        return SMTP(
            self,
            hostname=host,
            ident="Paitho sandbox",
            data_size_limit=MAX_SIZE,
            enable_SMTPUTF8=True,
            auth_require_tls=False,
            authenticator=self.authenticate,
        )

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: Any
    ) -> AuthResult:
        if isinstance(login, LoginPassword):
            address = login.login.decode("utf-8", "replace")
            if self.accounts.check(address, login.password.decode("utf-8", "replace")):
                self.post.mailboxes.names(address)
                return AuthResult(success=True, auth_data=address.lower())
        return AuthResult(success=False, handled=False)

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", "250-ENHANCEDSTATUSCODES", responses[-1]]

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if session.authenticated:
            if address.lower() != session.auth_data:
                return f"550 5.7.60 <{address}>: not permitted to send as this sender"
        elif address.lower().partition("@")[0] != "no-reply":
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        if not ADDRESS.fullmatch(address) or not address.isprintable():
            return "553 5.1.3 Not an address"
        if session.authenticated and (refusal := self.post.verdict(address)):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        recipients = list(dict.fromkeys(envelope.rcpt_tos))
        if not session.authenticated:
            return self.post.take_notice(recipients, content)
        return self.post.take(str(session.auth_data), recipients, content)
