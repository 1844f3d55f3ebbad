"""An IMAP server that answers as it is told, for what Dovecot never says.

`answers` maps a command (LOGIN, LIST, EXAMINE, `UID SEARCH`, `UID FETCH`, …) or GREETING to the bytes to
send; `{tag}` in them becomes the command's tag. A list is used up one by one, its last entry again and again;
None closes the connection. Commands that are not listed are answered with OK.
"""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass
class ImapScript:
    answers: dict[str, Any]
    port: int = 0
    heard: list[str] = field(default_factory=list)

    def answer(self, key: str, tag: str) -> bytes | None:
        chosen = self.answers.get(
            key,
            b"* CAPABILITY IMAP4rev1 IDLE\r\n{tag} OK done\r\n"
            if key == "CAPABILITY"
            else b"{tag} OK done\r\n",
        )
        if isinstance(chosen, list):
            chosen = chosen.pop(0) if len(chosen) > 1 else chosen[0]
        return chosen if chosen is None else chosen.replace(b"{tag}", tag.encode())

    def talk(self, sock: socket.socket) -> None:
        stream = sock.makefile("rb")
        greeting = self.answers.get("GREETING", b"* OK ready\r\n")
        sock.sendall(greeting)
        while line := stream.readline():
            text = line.decode("utf-8", "replace").strip()
            self.heard.append(text)
            words = text.split()
            command = " ".join(words[1:3]).upper() if words[1:2] == ["UID"] else " ".join(words[1:2]).upper()
            content = self.answer(command, words[0])
            if content is None:
                break
            sock.sendall(content)
            if size := re.search(r"\{(\d+)\+?\}$", text):
                stream.read(int(size[1]))
        stream.close()


@contextmanager
def scripted_imap(answers: dict[str, Any]) -> Iterator[ImapScript]:
    script = ImapScript(dict(answers))
    listener = socket.create_server(("127.0.0.1", 0))
    script.port = listener.getsockname()[1]
    threads: list[threading.Thread] = []
    over = threading.Event()

    def converse(sock: socket.socket) -> None:
        with sock, suppress(OSError):
            sock.settimeout(10)
            script.talk(sock)

    def accept() -> None:
        while not over.is_set():
            with suppress(OSError):
                sock, _ = listener.accept()
                threads.append(threading.Thread(target=converse, args=(sock,)))
                threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield script
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in (accepting, *threads):
            thread.join(15)
