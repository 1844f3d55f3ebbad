"""An SMTP server that answers as it is told, for the faults that no real server produces on demand.

`answers` maps a stage (BANNER, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, DOT, RSET, QUIT, …) to what happens
there: one action, or a list of them used one after the other, the last one for ever. An action is bytes to
send, or one of CLOSE, HANG, Drip, Late. Unlisted stages are answered politely.
"""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

CLOSE = "close"
HANG = "hang"

POLITE: dict[str, Any] = {
    "BANNER": b"220 script ESMTP\r\n",
    "EHLO": b"250-script\r\n250-SIZE 1000000\r\n250-8BITMIME\r\n250-PIPELINING\r\n250 AUTH PLAIN LOGIN\r\n",
    "STARTTLS": b"220 2.0.0 go ahead\r\n",
    "AUTH": b"235 2.7.0 welcome\r\n",
    "MAIL": b"250 2.1.0 ok\r\n",
    "RCPT": b"250 2.1.5 ok\r\n",
    "DATA": b"354 go ahead\r\n",
    "DOT": b"250 2.0.0 queued as 42\r\n",
    "RSET": b"250 2.0.0 ok\r\n",
    "QUIT": b"221 2.0.0 bye\r\n",
}
ONE_BY_ONE = b"250-script\r\n250-SIZE 1000000\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN\r\n"
WITH_STARTTLS = b"250-script\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n"


@dataclass(frozen=True)
class Drip:
    """One byte at a time: each read succeeds, the answer never ends."""

    content: bytes
    gap: float


@dataclass(frozen=True)
class Late:
    content: bytes
    seconds: float


@dataclass
class Script:
    answers: dict[str, Any]
    tls: ssl.SSLContext | None = None
    is_tls_from_start: bool = False
    port: int = 0
    heard: list[str] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    connections: int = 0
    took_data: bool = False
    is_refused: bool = False
    over: threading.Event = field(default_factory=threading.Event)

    def action(self, stage: str) -> Any:
        chosen = self.answers.get(stage, POLITE.get(stage, b"250 ok\r\n"))
        if isinstance(chosen, list):
            return chosen.pop(0) if len(chosen) > 1 else chosen[0]
        return chosen

    def answer(self, sock: socket.socket, stage: str) -> bool:
        """Do what the script says; False ends the connection."""
        action = self.action(stage)
        if stage == "DATA" and self.is_refused and "DATA" not in self.answers:
            action = b"503 5.5.1 no valid recipients\r\n"
        if stage in ("MAIL", "RCPT"):
            is_no = isinstance(action, bytes) and action[:1] in (b"4", b"5")
            self.is_refused = is_no or (self.is_refused and stage == "RCPT")
        self.took_data = isinstance(action, bytes) and b"354 " in action
        if action == CLOSE:
            return False
        if action == HANG:
            self.over.wait(60)
            return False
        if isinstance(action, Late):
            self.over.wait(action.seconds)
            sock.sendall(action.content)
        elif isinstance(action, Drip):
            for byte in action.content:
                sock.sendall(bytes([byte]))
                if self.over.wait(action.gap):
                    return False
        else:
            sock.sendall(action)
        return not action.startswith(b"421") if isinstance(action, bytes) else True

    def body(self, stream: Any) -> bool:
        """Read up to the dot; False if the client went away before it."""
        lines: list[bytes] = []
        while (line := stream.readline()) not in (b".\r\n", b""):
            lines.append(line)
        if line:
            self.messages.append(b"".join(lines))
        return bool(line)

    def talk(self, sock: socket.socket) -> None:
        if self.is_tls_from_start:
            sock = self.tls.wrap_socket(sock, server_side=True)
        stream = sock.makefile("rb")
        going = self.answer(sock, "BANNER")
        while going and (line := stream.readline()):
            self.heard.append(line.decode("utf-8", "replace").strip())
            verb = line.split(None, 1)[0].decode("ascii", "replace").upper() if line.strip() else ""
            going = self.answer(sock, verb)
            if verb == "DATA" and going and self.took_data:
                going = self.body(stream) and self.answer(sock, "DOT")
            if verb == "STARTTLS" and going:
                sock = self.tls.wrap_socket(sock, server_side=True)
                stream = sock.makefile("rb")
            going = going and verb != "QUIT"
        stream.close()
        sock.close()


@contextmanager
def scripted_smtp(
    answers: dict[str, Any] | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    is_tls_from_start: bool = False,
) -> Iterator[Script]:
    script = Script(answers or {}, tls, is_tls_from_start)
    listener = socket.create_server(("127.0.0.1", 0))
    script.port = listener.getsockname()[1]
    threads: list[threading.Thread] = []

    def converse(sock: socket.socket) -> None:
        with sock, suppress(OSError):
            script.talk(sock)

    def accept() -> None:
        while not script.over.is_set():
            with suppress(OSError):
                sock, _ = listener.accept()
                sock.settimeout(10)
                script.connections += 1
                threads.append(threading.Thread(target=converse, args=(sock,)))
                threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield script
    finally:
        script.over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in (accepting, *threads):
            thread.join(15)
