"""A connection to a mail server that ends: each answer has a limit of time and of bytes.

smtplib and imaplib limit only the single `recv`: a server that sends one byte a minute, or lines for ever,
would hold a worker or fill its memory. The servers are our customers' choice, so both libraries read here.
"""

import socket
import ssl
import time

from mailbox.account import Account, Security
from mailbox.guard import (
    HostProblem,
    HostRefused,
    HostUnknown,
    host_name,
    is_loopback,
    literal_address,
    resolve,
)

CHUNK = 65_536
SLOWEST = 16_384  # bytes per second that a long answer has to come at


class TooMuch(OSError):
    """The server sends more than any answer needs."""


class NotUnderstood(OSError):
    """The server does not speak the protocol; its words, made safe to show."""


class PlaintextRefused(OSError):
    """The connection would not be encrypted; the sentence may be shown."""


def dial(account: Account) -> socket.socket:
    """Connect to one of the host's judged addresses; encrypted from the start if the account says TLS.

    Raises HostProblem or OSError (ssl.SSLError among them).
    """
    addresses = resolve(account.host, account.port, allow_private=account.allow_private)
    if account.security is Security.PLAIN and not is_loopback(addresses):
        raise PlaintextRefused(f"{account.host} is only used with TLS.")
    plain = first_answering(addresses, account)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return encrypted(plain, account) if account.security is Security.TLS else plain


def first_answering(addresses: tuple[str, ...], account: Account) -> socket.socket:
    deadline = time.monotonic() + account.patience.connect
    failure = OSError("no address")
    for address in addresses:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        try:
            return socket.create_connection((address, account.port), left)
        except OSError as error:
            failure = error
    raise failure


def encrypted(plain: socket.socket, account: Account) -> ssl.SSLSocket:
    """TLS 1.2 or later, the certificate checked against the host's name."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if account.ca_file:
        context.load_verify_locations(account.ca_file)
    plain.settimeout(account.patience.connect)
    try:
        literal = literal_address(account.host)
        return context.wrap_socket(
            plain, server_hostname=str(literal) if literal else host_name(account.host)
        )
    except OSError:
        plain.close()
        raise


def tls_version(sock: socket.socket | None) -> str | None:
    return sock.version() if isinstance(sock, ssl.SSLSocket) else None


def be_patient(sock: socket.socket, seconds: float) -> None:
    """Set the socket's timeout, give or take a second: each setting is a system call."""
    now = sock.gettimeout()
    if now is None or not seconds <= now <= seconds + 1:
        sock.settimeout(seconds)


class Stream:
    """Incoming bytes, buffered here, within an allowance that each new command renews."""

    def __init__(self) -> None:
        self.waiting = bytearray()
        self.deadline = 0.0
        self.left = 0

    def allow(self, seconds: float, octets: int) -> None:
        """What the next answer may take, in all."""
        self.deadline = time.monotonic() + seconds
        self.left = octets

    def readline(self, sock: socket.socket) -> bytes:
        """One line with its end, or what came before the connection closed."""
        searched = 0
        while (end := self.waiting.find(b"\n", searched)) < 0:
            searched = len(self.waiting)
            if not self.more(sock):
                return self.take(len(self.waiting))
        return self.take(end + 1)

    def read(self, sock: socket.socket, size: int) -> bytes:
        """So many bytes, or fewer if the connection closed."""
        if size > self.left + len(self.waiting):
            raise TooMuch("the answer is too long")
        self.deadline += size / SLOWEST
        while len(self.waiting) < size and self.more(sock):
            pass
        return self.take(size)

    def take(self, size: int) -> bytes:
        taken = bytes(self.waiting[:size])
        del self.waiting[:size]
        return taken

    def put_back(self, line: bytes) -> None:
        """As if the line had not been read yet."""
        self.waiting[:0] = line

    def more(self, sock: socket.socket) -> bool:
        """Wait for bytes. A socket that does not block (IDLE) is left so; what came of a line is kept."""
        if sock.gettimeout() != 0:
            seconds = self.deadline - time.monotonic()
            if seconds <= 0:
                raise TimeoutError("the answer takes too long")
            be_patient(sock, seconds)
        came = sock.recv(CHUNK)
        self.left -= len(came)
        if self.left < 0:
            raise TooMuch("the answer is too long")
        self.waiting += came
        return bool(came)


LASTING = (HostRefused, HostUnknown, PlaintextRefused, ssl.SSLCertVerificationError)


def is_lasting(error: BaseException | None) -> bool:
    """Whether trying again later would end in the same way."""
    return isinstance(error, LASTING) or (
        isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER"
    )


def excuse(account: Account, error: BaseException | None) -> str:
    """A transport error as a sentence."""
    host = account.host
    if isinstance(error, (HostProblem, PlaintextRefused)):
        return str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"{host} shows a certificate that is not valid for it: {error.verify_message}."
    if isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER":
        return f"{host} does not speak TLS on port {account.port}."
    if isinstance(error, TimeoutError):
        return f"{host} did not answer in time."
    if isinstance(error, ConnectionRefusedError):
        return f"{host} does not listen on port {account.port}."
    if isinstance(error, TooMuch):
        return f"{host} sent an answer without end."
    if isinstance(error, NotUnderstood):
        return f"{host} answered with something else than mail: {error}"
    if isinstance(error, OSError) and error.strerror and not isinstance(error, ConnectionError):
        return f"{host} cannot be reached: {error.strerror}."
    return f"{host} closed the connection."
