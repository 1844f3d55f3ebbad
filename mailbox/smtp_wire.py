"""The SMTP conversation of one connection: smtplib's grammar on a judged address, with answers that end."""

import re
import smtplib
from base64 import b64encode
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from mailbox.account import Account, Auth, Security
from mailbox.guard import HostProblem
from mailbox.stream import SLOWEST, NotUnderstood, PlaintextRefused, Stream, be_patient, dial, encrypted
from mailbox.verdicts import About, Deferred, Refused, Stage, judged, words

LONGEST_ANSWER = 65_536
ANSWER = re.compile(rb"[2-5][0-9][0-9](?:[ -]|\r?\n)")
OUR_NAME = "[127.0.0.1]"  # what mail programs behind a router say; our host's name is nobody's business
FAILURES = (HostProblem, OSError)  # smtplib's exceptions are OSErrors too


class Broken(Exception):
    """The server said no, or there is no server; the outcome says which."""

    def __init__(self, outcome: Refused | Deferred) -> None:
        super().__init__(outcome.text)
        self.outcome = outcome


class AfterDot(Exception):
    """The connection failed where the message may have been taken."""


class Command(NamedTuple):
    """One line that we say, and the codes of a good answer."""

    stage: Stage
    text: str
    good: tuple[int, ...]


class Wire(smtplib.SMTP):
    """smtplib's protocol on a judged address, with answers that end. Raises Broken and FAILURES."""

    def __init__(self, account: Account) -> None:
        super().__init__(local_hostname=OUR_NAME)
        self.account = account
        self.stream = Stream()
        self.banner = ""
        self.owed: list[Command] = []
        self.is_ahead = False
        self.sock = dial(account)

    def getreply(self, seconds: float | None = None) -> tuple[int, bytes]:
        """One answer, of as many lines as fit."""
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        self.stream.allow(seconds or self.account.patience.answer, LONGEST_ANSWER)
        lines = []
        while True:
            line = self.stream.readline(self.sock)
            if not line.endswith(b"\n"):
                raise smtplib.SMTPServerDisconnected("connection closed")
            if not ANSWER.match(line):
                raise NotUnderstood(words(line))
            lines.append(line[4:].strip())
            if line[3:4] != b"-":
                return int(line[:3]), b"\n".join(lines)

    def putcmd(self, cmd: str, args: str = "") -> None:
        if self.sock is not None:
            be_patient(self.sock, self.account.patience.answer)
        super().putcmd(cmd, args)

    def say(self, stage: Stage, command: str, *good: int) -> tuple[int, bytes]:
        """One command, and its answer if that is a good one."""
        self.putcmd(command)
        code, answer = self.getreply()
        if code not in good:
            raise Broken(judged(stage, code, answer))
        return code, answer

    def begin(self) -> None:
        """From the greeting to the point where mail can be sent."""
        code, answer = self.getreply()
        if code != 220:
            raise Broken(judged(Stage.GREETING, code, answer))
        self.banner = words(answer)
        self.introduce()
        if self.account.security is Security.STARTTLS:
            self.encrypt()
        self.sign_in()

    def introduce(self) -> None:
        code, answer = self.ehlo()
        if code != 250:
            raise Broken(judged(Stage.GREETING, code, answer))

    def encrypt(self) -> None:
        if not self.has_extn("starttls"):
            raise PlaintextRefused(f"{self.account.host} offers no encryption (STARTTLS) on this port.")
        self.say(Stage.GREETING, "STARTTLS", 220)
        if (
            self.sock is None or self.stream.waiting
        ):  # what somebody slipped in before the encryption would count as sent inside it
            raise PlaintextRefused(f"{self.account.host} went on in plaintext after STARTTLS.")
        self.sock = encrypted(self.sock, self.account)
        self.esmtp_features = {}
        self.introduce()

    def sign_in(self) -> None:
        offered = self.esmtp_features.get("auth", "").upper().split()
        user = self.account.username
        if self.account.auth is Auth.XOAUTH2:
            self.sign_in_with_token(offered, user)
        elif "PLAIN" in offered:
            plain = f"\0{user}\0{self.account.secret.reveal()}"
            self.say(Stage.SIGN_IN, f"AUTH PLAIN {base64(plain)}", 235)
        elif "LOGIN" in offered:
            self.say(Stage.SIGN_IN, f"AUTH LOGIN {base64(user)}", 334)
            self.say(Stage.SIGN_IN, base64(self.account.secret.reveal()), 235)
        else:
            raise Broken(no_mechanism(self.account, "a password"))

    def sign_in_with_token(self, offered: list[str], user: str) -> None:
        """XOAUTH2, or RFC 7628. A refusal comes as a challenge first; an empty answer brings the sentence."""
        token = f"\x01auth=Bearer {self.account.secret.reveal()}\x01\x01"
        if "XOAUTH2" in offered:
            mechanism, start, on_refusal = "XOAUTH2", f"user={user}", ""
        elif "OAUTHBEARER" in offered:
            mechanism, start, on_refusal = "OAUTHBEARER", f"n,a={user},", base64("\x01")
        else:
            raise Broken(no_mechanism(self.account, "OAuth"))
        code, _ = self.say(Stage.SIGN_IN, f"AUTH {mechanism} {base64(start + token)}", 235, 334)
        if code == 334:
            self.say(Stage.SIGN_IN, on_refusal, 235)

    def announce(self, sender: str, recipient: str, message: bytes) -> None:
        """MAIL, with the size and the kind of what will come; what is owed then is brought by `proceed`.

        A server that takes several commands at once (RFC 2920) is told all of them: two round trips fewer.
        """
        options = [] if message.isascii() else ["BODY=8BITMIME"]
        if self.has_extn("size"):
            options.append(f"SIZE={len(message)}")
        mail = Command(Stage.MAIL, " ".join([f"MAIL FROM:<{sender}>", *options]), (250,))
        self.owed = [
            Command(Stage.RCPT, f"RCPT TO:<{recipient}>", (250, 251)),
            Command(Stage.DATA, "DATA", (354,)),
        ]
        self.is_ahead = self.has_extn("pipelining")
        self.put([mail, *self.owed] if self.is_ahead else [mail])
        self.hear(mail)

    def proceed(self) -> None:
        """RCPT and DATA: from here on the server waits for the text."""
        while self.owed:
            command = self.owed.pop(0)
            if not self.is_ahead:
                self.put([command])
            self.hear(command)

    def put(self, commands: Sequence[Command]) -> None:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        be_patient(self.sock, self.account.patience.answer)
        self.sock.sendall("".join(f"{command.text}\r\n" for command in commands).encode("ascii"))

    def hear(self, command: Command) -> None:
        code, answer = self.getreply()
        if code not in command.good:
            self.stand_back()
            raise Broken(judged(command.stage, code, answer))

    def stand_back(self) -> None:
        """After a refusal, hear what was said ahead. Whoever wants a text all the same gets none."""
        try:
            while self.is_ahead and self.owed:
                self.owed.pop(0)
                if self.getreply()[0] == 354:
                    self.close()
        except FAILURES:
            self.close()

    def deliver(self, message: bytes) -> tuple[int, bytes]:
        """The text and the final dot. Raises AfterDot if no answer follows.

        An error of `sendall` itself means that its last bytes, the dot's line, did not leave.
        """
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        be_patient(self.sock, self.account.patience.answer + len(message) / SLOWEST)
        self.sock.sendall(dot_stuffed(message) + b".\r\n")
        try:
            return self.getreply(self.account.patience.delivery)
        except FAILURES as error:
            raise AfterDot from error

    def size_limit(self) -> int | None:
        size = self.esmtp_features.get("size", "")
        return int(size) if size.isdecimal() and int(size) else None

    def leave(self) -> None:
        """QUIT, without waiting long for a farewell."""
        with suppress(*FAILURES):
            self.putcmd("QUIT")
            self.getreply(2.0)
        self.close()


def dot_stuffed(message: bytes) -> bytes:
    """RFC 5321, section 4.5.2: no line of the text is the dot that ends it."""
    text = message.removesuffix(b"\r\n").replace(b"\r\n.", b"\r\n..") + b"\r\n"
    return b"." + text if text.startswith(b".") else text


def no_mechanism(account: Account, kind: str) -> Refused:
    return Refused(f"{account.host} offers no sign-in with {kind} here.", None, About.SIGN_IN)


def base64(text: str) -> str:
    return b64encode(text.encode()).decode()
