"""The IMAP connection: IMAPClient's grammar on a judged address, with answers that end."""

import imaplib
import re
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from imapclient import IMAPClient
from imapclient.imapclient import SocketTimeout

from mailbox.account import Account, Auth, Security
from mailbox.guard import HostProblem
from mailbox.imap_rows import Piece, uid_set
from mailbox.stream import SLOWEST, NotUnderstood, PlaintextRefused, Stream, be_patient, dial, encrypted
from mailbox.trouble import MailboxTrouble, answer_trouble, network_trouble

LONGEST_ANSWER = 64 * 1024 * 1024
LONGEST_NEWS = 1024 * 1024
NEEDS_ID = ("163.com", "126.com", "yeah.net", "188.com")  # NetEase calls a sign-in without ID unsafe

FETCHED = re.compile(rb"\* ([0-9]{1,10}) FETCH (\(.*\{([0-9]{1,18})\+?\})\r\n", re.IGNORECASE)
LONGEST_TAIL = 200  # of a message's items after its literal
LITERAL = re.compile(rb"\{([0-9]{1,18})\+?\}\Z")

# What the libraries' parsers raise, beside their own errors, when a server sends nonsense.
NONSENSE = (ValueError, LookupError, TypeError, AttributeError, AssertionError)


class Wire(imaplib.IMAP4):
    """imaplib that reads through a Stream."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.stream = Stream()
        self.stream.allow(account.patience.answer, LONGEST_ANSWER)
        self.idle_tag = b""
        super().__init__(account.host, account.port)

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:
        self.host, self.port = host, port
        self.sock: socket.socket = dial(self.account)

    def read(self, size: int) -> bytes:
        return self.stream.read(self.sock, size)

    def readline(self) -> bytes:
        return self.stream.readline(self.sock)

    def send(self, data: Any) -> None:
        be_patient(self.sock, self.account.patience.answer + len(data) / SLOWEST)
        self.sock.sendall(data)

    def shutdown(self) -> None:
        with suppress(OSError):
            self.sock.close()

    def encrypt(self) -> None:
        """STARTTLS. A server that is signed in already, or talks on in plaintext, is not what it seems."""
        if self.state != "NONAUTH" or "STARTTLS" not in self.capabilities:
            raise PlaintextRefused(f"{self.host} offers no encryption (STARTTLS) on this port.")
        kind, answer = self._simple_command("STARTTLS")
        if kind != "OK":
            raise self.error(answer[-1])
        if self.stream.waiting:
            raise PlaintextRefused(f"{self.host} went on in plaintext after STARTTLS.")
        self.sock = encrypted(self.sock, self.account)
        self.untagged_responses = {}
        self._get_capabilities()

    def begin_fetch(self, uids: Sequence[int], items: str) -> bytes:
        """Ask; `end_fetch` reads the answer. Answers come in the order of the questions."""
        tag: bytes = self._command("UID", "FETCH", uid_set(uids), items)
        return tag

    def end_fetch(self, tag: bytes) -> list[Piece]:
        """The pieces of a FETCH answer, as imaplib would put them.

        Its own reader tries five patterns on each line; a first visit reads tens of thousands of these.
        """
        pieces: list[Piece] = []
        while self.tagged_commands[tag] is None:
            self.take_whole(pieces)
            line = self.readline()
            if found := FETCHED.fullmatch(line):
                self.take_literals(found, pieces)
            else:
                self.stream.put_back(line)
                self._check_bye()
                self._get_response()
        kind, answer = self._command_complete("UID", tag)
        pieces += self.untagged_responses.pop("FETCH", [])  # what held no literal
        if kind != "OK":
            raise self.error(answer[-1])
        return pieces

    def take_whole(self, pieces: list[Piece]) -> None:
        """The messages that have come whole already, if each has one literal, as headers do."""
        waiting, at = self.stream.waiting, 0
        while found := FETCHED.match(waiting, at):
            begin, end = found.end(), found.end() + int(found[3])
            close = waiting.find(b"\r\n", end, end + LONGEST_TAIL)
            if close < 0 or LITERAL.search(waiting, end, close):
                break
            pieces.append((b"%b %b" % (found[1], found[2]), bytes(waiting[begin:end])))
            pieces.append(bytes(waiting[end:close]))
            at = close + 2
        del waiting[:at]

    def take_literals(self, found: re.Match[bytes], pieces: list[Piece]) -> None:
        """A message's items: (text, literal) as often as there is one, then the text that closes it."""
        text, size = b"%b %b" % (found[1], found[2]), int(found[3])
        while True:
            pieces.append((text, self.read(size)))
            text = self.readline().removesuffix(b"\r\n")
            more = LITERAL.search(text)
            if more is None:
                pieces.append(text)
                return
            size = int(more[1])

    def list_statuses(self, names: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
        """LIST … RETURN (STATUS …) of these folders: (name, items) of each STATUS answer."""
        self.untagged_responses.pop("STATUS", None)
        patterns = b" ".join(quoted(name) for name in names).decode("ascii")
        command = ('""', f"({patterns})", "RETURN (STATUS (UIDNEXT UIDVALIDITY))")
        kind, answer = self._simple_command("LIST", *command)
        self.untagged_responses.pop("LIST", None)
        if kind != "OK":
            raise self.error(answer[-1])
        return list(status_answers(self.untagged_responses.pop("STATUS", [])))

    def await_news(self, seconds: float) -> bool:
        """IDLE until EXISTS comes or the time is over."""
        came = self.begin_idle() or self.hear_news(seconds)
        return self.end_idle() or came

    def begin_idle(self) -> bool:
        """From here on the server tells what is new; True if it did so at once."""
        self.untagged_responses.pop("EXISTS", None)
        self.idle_tag = self._command("IDLE")
        while self._get_response() is not None:  # None is the continuation; untagged answers may come first
            if self.tagged_commands[self.idle_tag]:
                self._command_complete("IDLE", self.idle_tag)
                raise self.error("IDLE is not taken here")
        return "EXISTS" in self.untagged_responses

    def end_idle(self) -> bool:
        """Take the line back; True if something new was told meanwhile."""
        self.sock.settimeout(self.account.patience.answer)
        self.stream.allow(self.account.patience.answer, LONGEST_ANSWER)
        self.send(b"DONE\r\n")
        self._command_complete("IDLE", self.idle_tag)
        return "EXISTS" in self.untagged_responses

    def overhear(self) -> bool:
        """What has come during IDLE, without waiting; True for news. Raises when the line is dead."""
        self.sock.settimeout(0)
        self.stream.left = LONGEST_NEWS
        came = False
        with suppress(BlockingIOError, ssl.SSLWantReadError):
            while True:
                came = self.is_news(self.readline()) or came
        return came

    def hear_news(self, seconds: float) -> bool:
        self.stream.allow(seconds, LONGEST_NEWS)
        with suppress(TimeoutError):
            while not self.is_news(self.readline()):
                pass
            return True
        return False

    def is_news(self, line: bytes) -> bool:
        if not line:
            raise ConnectionResetError
        if line.upper().startswith(b"* BYE"):
            raise self.abort(line[5:])
        return re.match(rb"\* [0-9]+ EXISTS", line, re.IGNORECASE) is not None


class Client(IMAPClient):
    """IMAPClient on our wire, without its logger, which formats each line that comes and goes."""

    def __init__(self, account: Account) -> None:
        self.account = account
        timeout = SocketTimeout(account.patience.connect, account.patience.answer)
        super().__init__(account.host, account.port, ssl=False, timeout=timeout)
        self.wire.debug = 0

    def _create_IMAP4(self) -> Wire:  # noqa: N802  IMAPClient's name
        wire = Wire(self.account)
        if self.account.security is Security.STARTTLS:
            try:
                wire.encrypt()
            except BaseException:
                wire.shutdown()
                raise
        return wire

    @property
    def wire(self) -> Wire:
        wire: Wire = self._imap
        return wire

    def allow(self, octets: int = LONGEST_ANSWER) -> None:
        """A new allowance for the next command."""
        self.wire.stream.allow(self.account.patience.answer, octets)

    def sign_in(self) -> None:
        self.allow()
        offered = {each.decode("ascii", "replace") for each in self.capabilities()}
        account = self.account
        if account.auth is Auth.XOAUTH2:
            if "AUTH=OAUTHBEARER" in offered and "AUTH=XOAUTH2" not in offered:
                self.oauthbearer_login(account.username, account.secret.reveal())
            else:
                self.oauth2_login(account.username, account.secret.reveal())
        elif "AUTH=PLAIN" in offered:  # unlike LOGIN it carries any password
            self.plain_login(account.username, account.secret.reveal())
        else:
            self.login(account.username, account.secret.reveal())
        if account.host.lower().endswith(NEEDS_ID):
            self.id_({"name": "Paitho"})


def quoted(name: bytes) -> bytes:
    return b'"' + name.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


STATUS = re.compile(rb'\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"()]+))?\s*\(([^()]*)\)')


def status_answers(pieces: Sequence[Piece]) -> Iterator[tuple[bytes, bytes]]:
    """`"name" (UIDNEXT 5 …)`; a name that came as a literal stands in a piece before its items."""
    name: bytes | None = None
    for piece in pieces:
        if isinstance(piece, tuple):
            name = piece[1]
        elif piece and (found := STATUS.match(piece)):
            plain = re.sub(rb"\\(.)", rb"\1", found[1]) if found[1] is not None else found[2]
            if plain or name:
                yield plain or name or b"", found[3]
            name = None


@contextmanager
def spoken(account: Account, *, signing_in: bool = False) -> Iterator[None]:
    """Whatever fails inside becomes a MailboxTrouble."""
    try:
        yield
    except MailboxTrouble:
        raise
    except imaplib.IMAP4.abort as error:
        raise abort_trouble(account, error, signing_in=signing_in) from error
    except imaplib.IMAP4.error as error:
        text = text_of(error)
        is_over = text.startswith("* BYE") or "not IMAP4" in text  # a greeting that is none
        raise answer_trouble(account, text, signing_in=signing_in, is_over=is_over) from error
    except (HostProblem, OSError) as error:
        raise network_trouble(account, error) from error
    except NONSENSE as error:
        raise network_trouble(account, NotUnderstood(type(error).__name__)) from error


def abort_trouble(account: Account, error: Exception, *, signing_in: bool) -> MailboxTrouble:
    """imaplib aborts for a closed connection, a BYE, and for what it cannot read."""
    text = re.sub(r"^command: \w+ => ", "", text_of(error))
    if "socket error" in text or "EOF" in text:
        return network_trouble(account, ConnectionResetError())
    if text.startswith(("unexpected", "got more than")):
        return network_trouble(account, NotUnderstood(text[:100]))
    return answer_trouble(account, text, signing_in=signing_in, is_over=True)


def text_of(error: Exception) -> str:
    first = error.args[0] if error.args else ""
    return first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)


def opened(account: Account) -> Client:
    """Connected and signed in. Raises MailboxTrouble."""
    with spoken(account):
        client = Client(account)
    try:
        with spoken(account, signing_in=True):
            client.sign_in()
    except BaseException:
        client.wire.shutdown()
        raise
    return client
