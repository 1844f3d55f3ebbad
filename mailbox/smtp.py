"""Sending by SMTP: one signed-in connection per mailbox, one message at a time, and no doubt hidden.

    connect -> greeting -> [STARTTLS] -> AUTH -> MAIL -> RCPT -> DATA -> text -> final dot -> 250
    `-------------- any failure: the message has not gone --------------'  `- silence: Uncertain

MAIL, RCPT and DATA go out together where the server takes that; the text never does before all three are
answered with yes.

Up to the final dot the server cannot have taken the message, so a failure is Deferred or Refused. Once the
dot is on its way, only the server's answer says what became of it; without one the outcome is Uncertain.
"""

import re
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from mailbox.account import Account
from mailbox.smtp_wire import FAILURES, AfterDot, Broken, Wire
from mailbox.stream import excuse, is_lasting, tls_version
from mailbox.verdicts import About, Accepted, Deferred, Outcome, Refused, Stage, Uncertain, judged, words

MESSAGES_PER_CONNECTION = 100
LONGEST_LINE = 998  # RFC 5322, section 2.1.1
ADDRESS = re.compile(r"[!-;=?-~]+@[!-;=?-~]+")


@dataclass(frozen=True)
class Envelope:
    """What goes over the wire: two ASCII addresses, and the rendered bytes.

    Past `before` (seconds since the epoch) it is not handed over any more: whoever slept through the end of
    their claim, with their machine perhaps, does not know what became of the mail meanwhile.
    """

    sender: str
    recipient: str
    message: bytes
    before: float | None = None


@dataclass(frozen=True)
class Checked:
    """The server took our sign-in; what it says about itself."""

    greeting: str
    tls: str | None
    size_limit: int | None


@dataclass(frozen=True)
class Problem:
    """Why the account does not work: a sentence with the server's own words."""

    sentence: str
    about: About


class Line:
    """A connection that is opened when first needed and used again; `with` closes it."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.wire: Wire | None = None
        self.sent = 0
        self.is_midway = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hang_up()

    def hang_up(self) -> None:
        """Say goodbye to a server that still listens."""
        if self.wire is not None:
            self.wire.leave()
        self.drop()

    def drop(self) -> None:
        if self.wire is not None:
            self.wire.close()
        self.wire, self.sent, self.is_midway = None, 0, False

    def start(self, envelope: Envelope) -> Wire:
        """A wire that has taken MAIL; one that the server closed while it was idle is replaced once."""
        if self.sent >= MESSAGES_PER_CONNECTION:
            self.hang_up()
        if self.wire is not None:
            try:
                return self.open_transaction(self.wire, envelope)
            except Broken as broken:
                if broken.outcome.code != 421:
                    raise
            except FAILURES:
                pass
            self.drop()
        self.wire = opened(self.account)
        return self.open_transaction(self.wire, envelope)

    def open_transaction(self, wire: Wire, envelope: Envelope) -> Wire:
        if flaw := unfit(envelope, wire):
            raise Broken(flaw)
        if self.is_midway:
            wire.say(Stage.MAIL, "RSET", 250)
        self.is_midway = True
        wire.announce(envelope.sender, envelope.recipient, envelope.message)
        return wire


def send(line: Line, envelope: Envelope) -> Outcome:
    """Hand one message over. Never raises for what a server or a network does."""
    if flaw := malformed(envelope):
        return flaw
    try:
        wire = line.start(envelope)
        wire.proceed()
        if envelope.before is not None and time.time() > envelope.before:
            line.drop()
            return Deferred("The mail's turn was over before it could be handed over.", None, About.SERVER)
        code, answer = wire.deliver(envelope.message)
    except Broken as broken:
        if broken.outcome.code == 421:
            line.drop()
        return broken.outcome
    except AfterDot as error:
        line.drop()
        return Uncertain(
            f"No answer after the message was handed over: {excuse(line.account, error.__cause__)}"
        )
    except FAILURES as error:
        line.drop()
        return lost(line.account, error)
    return concluded(line, code, answer)


def concluded(line: Line, code: int, answer: bytes) -> Outcome:
    """The answer to the whole message; the transaction is over either way."""
    line.is_midway = False
    line.sent += 1
    if 200 <= code < 300:
        return Accepted(words(answer, code))
    if code == 421:
        line.drop()
    return judged(Stage.DATA, code, answer)


def check(account: Account) -> Checked | Problem:
    """Connect and sign in, send nothing."""
    try:
        wire = opened(account)
    except Broken as broken:
        return Problem(complaint(account, broken.outcome), broken.outcome.about)
    except FAILURES as error:
        return Problem(excuse(account, error), About.SERVER)
    try:
        return Checked(wire.banner, tls_version(wire.sock), wire.size_limit())
    finally:
        wire.leave()


def complaint(account: Account, outcome: Refused | Deferred) -> str:
    if outcome.code is None:
        return outcome.text
    if outcome.about is About.SIGN_IN:
        return f"{account.host} did not accept the user name and password. It said: {outcome.text}"
    return f"{account.host} did not let us in. It said: {outcome.text}"


def opened(account: Account) -> Wire:
    """A wire that is ready for MAIL. Raises Broken and FAILURES."""
    wire = Wire(account)
    try:
        wire.begin()
    except BaseException:
        wire.close()
        raise
    return wire


def malformed(envelope: Envelope) -> Refused | None:
    """What no server should see. A bare line feed could end the message early (SMTP smuggling)."""
    if not ADDRESS.fullmatch(envelope.sender):
        return Refused("The sender is not an address that SMTP can carry.", None, About.SENDER)
    if not ADDRESS.fullmatch(envelope.recipient):
        return Refused("The recipient is not an address that SMTP can carry.", None, About.RECIPIENT)
    if not is_carried(envelope.message):
        return Refused("The message has lines that SMTP cannot carry.", None, About.CONTENT)
    return None


def is_carried(message: bytes) -> bool:
    """Whether all line ends are CRLF, no line is too long, and there is no NUL."""
    ends = message.count(b"\r\n")
    if b"\0" in message or message.count(b"\n") != ends or message.count(b"\r") != ends:
        return False
    begin = 0
    while len(message) - begin > LONGEST_LINE:
        begin = message.rfind(b"\n", begin, begin + LONGEST_LINE + 2) + 1
        if begin == 0:
            return False
    return True


def unfit(envelope: Envelope, wire: Wire) -> Refused | None:
    """What this server said beforehand that it will not take."""
    limit = wire.size_limit()
    if limit is not None and len(envelope.message) > limit:
        return Refused(f"The message is larger than the server takes ({limit} bytes).", None, About.CONTENT)
    if not envelope.message.isascii() and not wire.has_extn("8bitmime"):
        return Refused("The server takes ASCII messages only.", None, About.CONTENT)
    return None


def lost(account: Account, error: BaseException) -> Refused | Deferred:
    """The network's failures before the dot."""
    if is_lasting(error):
        return Refused(excuse(account, error), None, About.SERVER)
    return Deferred(excuse(account, error), None, About.SERVER)
