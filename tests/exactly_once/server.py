"""The provider: an SMTP server with a ledger, which puts its copies into Dovecot's Sent, and misbehaves.

What happens to a mail is drawn from its id and how often it came, so that a run can be repeated. Only
`silent` and `dropped` leave a doubt about a mail that was taken; after `vanished` it was not.
"""

import asyncio
import hashlib
import json
import re
import shutil
import sys
import time
from pathlib import Path

# How many of 1000 mails meet this at their first try; half as many at later ones.
FAULTS = {
    "silent": 8,  # taken, and no answer until the client gives up
    "dropped": 12,  # taken, and the connection is closed instead of an answer
    "vanished": 10,  # not taken: closed after the final dot
    "cut": 10,  # closed in the middle of the text
    "deferred_rcpt": 15,
    "deferred_dot": 10,
    "closing": 5,  # 421 before anything
    "slow": 20,  # taken, answered after a while
    "renamed": 30,  # taken; the copy in Sent has another Message-ID
}
SENT = ".Sent Things"
MESSAGE_ID = re.compile(rb"(?im)^message-id:.*?\r\n(?![ \t])")

ANSWERS = {
    b"EHLO": "250-provider.test\r\n250-SIZE 1000000\r\n250-8BITMIME\r\n250-PIPELINING\r\n250 AUTH PLAIN",
    b"AUTH": "235 2.7.0 welcome",
    b"DATA": "503 5.5.1 no valid recipients",
    b"QUIT": "221 bye",
}


def address(line: bytes) -> str:
    return line.split(b"<")[1].split(b">")[0].decode()


class Provider:
    def __init__(self, ledger: Path, mail: Path, seed: str, owner: tuple[int, int] | None) -> None:
        self.ledger = ledger.open("ab", buffering=0)
        self.mail = mail
        self.seed = seed
        self.owner = owner
        self.tries: dict[str, int] = {}
        self.number = 0

    def fate(self, uid: str) -> str:
        """Drawn from the seed, the mail and the number of the try."""
        self.tries[uid] = self.tries.get(uid, 0) + 1
        digest = hashlib.sha256(f"{self.seed}{uid}{self.tries[uid]}".encode()).digest()
        drawn = int.from_bytes(digest[:4]) % 1000 * (1 if self.tries[uid] == 1 else 2)
        for name, share in FAULTS.items():
            if drawn < share:
                return name
            drawn -= share
        return "taken"

    def take(self, uid: str, sender: str, message: bytes, fate: str) -> None:
        """From here on the mail is ours: it is in the ledger, and its copy in Sent."""
        self.number += 1
        self.ledger.write(json.dumps({"id": uid, "at": time.time(), "fate": fate}).encode() + b"\n")
        if fate == "renamed":
            own = b"Message-ID: <new-%b@provider.test>\r\n" % uid.encode()
            message = MESSAGE_ID.sub(own, message, count=1)
        folder = self.mail / sender / SENT
        for part in ("tmp", "new", "cur"):
            if not (folder / part).exists():
                (folder / part).mkdir(parents=True, exist_ok=True)
                self.own(folder.parent, folder, folder / part)
        name = f"{time.time_ns() // 1000}.M{self.number:06}P2.test"
        (folder / "tmp" / name).write_bytes(message)
        self.own(folder / "tmp" / name)
        (folder / "tmp" / name).rename(folder / "new" / name)

    def own(self, *paths: Path) -> None:
        if self.owner:
            for path in paths:
                shutil.chown(path, *self.owner)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await Conversation(self, reader, writer).run()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()


class Conversation:
    """One connection; `run` returns when it is over."""

    def __init__(
        self, provider: Provider, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.provider, self.reader, self.writer = provider, reader, writer
        self.sender = ""
        self.recipient = ""

    def say(self, text: str) -> None:
        self.writer.write(text.encode() + b"\r\n")

    async def run(self) -> None:
        self.say("220 provider.test ESMTP")
        while line := await self.reader.readline():
            verb = line[:4].upper()
            if verb == b"MAIL":
                self.sender, self.recipient = address(line), ""
                self.say("250 2.1.0 ok")
            elif verb == b"RCPT":
                self.recipient = address(line)
                if not self.greet_recipient():
                    self.recipient = ""
            elif verb == b"DATA" and self.recipient:
                self.say("354 go ahead")
                if not await self.message():
                    return
            else:
                self.say(ANSWERS.get(verb, "250 ok"))
            if verb == b"QUIT":
                return
            await self.writer.drain()

    def greet_recipient(self) -> bool:
        """Some recipients' servers are busy at the first try; which ones is drawn like everything else."""
        digest = hashlib.sha256(f"{self.provider.seed}{self.recipient}".encode()).digest()
        first = self.provider.tries.setdefault(f"to {self.recipient}", 0) == 0
        self.provider.tries[f"to {self.recipient}"] += 1
        drawn = int.from_bytes(digest[:4]) % 1000
        if first and drawn < FAULTS["deferred_rcpt"]:
            self.say("450 4.2.1 busy, try again in 1 seconds")
            return False
        self.say("250 2.1.5 ok")
        return True

    async def message(self) -> bool:
        """Read up to the dot and do what the mail's fate is; False ends the connection."""
        lines: list[bytes] = []
        fate, uid = "", ""
        while (line := await self.reader.readline()) != b".\r\n":
            if not line:
                return False
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
            if not uid and line.lower().startswith(b"x-paitho-id:"):
                uid = line.split(b":")[1].strip().decode()
                fate = self.provider.fate(uid)
                if fate == "cut":
                    return False
        if fate in ("vanished", "closing"):
            return False
        if fate in ("deferred_dot", "deferred_rcpt"):
            self.say("451 4.3.0 try again in 1 seconds")
            return True
        if fate == "slow":
            await asyncio.sleep(0.4)
        self.provider.take(uid, self.sender, b"".join(lines), fate)
        if fate == "silent":
            await asyncio.sleep(20)
            return False
        if fate == "dropped":
            return False
        self.say("250 2.0.0 queued")
        return True


async def serve(port: int, provider: Provider) -> None:
    server = await asyncio.start_server(provider.talk, "127.0.0.1", port, limit=2**22)
    async with server:
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def main() -> None:
    port, ledger, mail, seed, user, group = sys.argv[1:]
    owner = (int(user), int(group)) if user != "-" else None
    asyncio.run(serve(int(port), Provider(Path(ledger), Path(mail), seed, owner)))


if __name__ == "__main__":
    main()
