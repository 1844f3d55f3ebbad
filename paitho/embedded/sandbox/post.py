"""The sandbox's post office: takes a mail, writes it down, and brings the prospect's answer later."""

import asyncio
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from urllib.parse import unquote

from .answers import Received, answer, header, parse
from .prospects import Behaviour, behaviour_of
from .store import Mailboxes, file_name, write


@dataclass(frozen=True)
class Habits:
    """How the sandbox answers."""

    host: str
    answer_after: float
    seed: int


class Post:
    """Delivers into `<root>/delivered`, the ledger and the mailboxes; answers wait in `<root>/pending`."""

    def __init__(self, root: Path, mailboxes: Mailboxes, habits: Habits) -> None:
        self.root = root
        self.mailboxes = mailboxes
        self.habits = habits
        self.numbers = count(time.time_ns() // 1000)
        self.deferred: set[str] = set()
        for name in ("delivered", "outbox", "pending"):
            (root / name).mkdir(parents=True, exist_ok=True)
        self.answered = set(threads(root / "ledger.jsonl"))
        self.ledger = (root / "ledger.jsonl").open("a", encoding="utf-8", buffering=1)

    def resume(self) -> None:
        """Schedule the answers that were on their way when the process stopped."""
        for file in sorted((self.root / "pending").glob("*.eml")):
            due_ms = int(file.name.partition("-")[0])
            self.bring_later(file, due_ms / 1000 - time.time())

    def verdict(self, recipient: str) -> str | None:
        """The refusal at RCPT, if this recipient's server refuses."""
        behaviour = behaviour_of(recipient, self.habits.seed)
        if behaviour is Behaviour.REFUSE:
            return f"550 5.1.1 <{recipient}>: Recipient address rejected: user unknown"
        if behaviour is Behaviour.DEFER and recipient.lower() not in self.deferred:
            self.deferred.add(recipient.lower())
            return f"451 4.7.1 <{recipient}>: Greylisted, please try again later"
        return None

    def take(self, account: str, recipients: list[str], content: bytes) -> str:
        """Accept a sales mail: a copy in Sent, a ledger line for each recipient, answers scheduled."""
        number = next(self.numbers)
        write(self.root / "delivered" / f"{number}.eml", content)
        self.mailboxes.folder(account, "Sent").add(content, flags="S")
        message = parse(content)
        for recipient in recipients:
            received = Received(account, recipient, message, datetime.now(UTC))
            self.note(received, f"delivered/{number}.eml")
            if recipient in self.mailboxes:
                self.mailboxes.folder(recipient, "INBOX").add(content)
            else:
                self.consider(received)
        return f"250 2.0.0 OK queued as {number:x}"

    def take_notice(self, recipients: list[str], content: bytes) -> str:
        """Accept a transactional mail: it is kept for each recipient, nobody answers it."""
        number = next(self.numbers)
        for recipient in recipients:
            box = self.root / "outbox" / file_name(recipient.lower())
            box.mkdir(parents=True, exist_ok=True)
            write(box / f"{number}.eml", content)
        return f"250 2.0.0 OK queued as {number:x}"

    def note(self, received: Received, file: str) -> None:
        line = {
            "message_id": received.message_id,
            "x_paitho_id": header(received.message, "X-Paitho-Id"),
            "from": received.sender,
            "to": received.recipient,
            "at": received.at.isoformat(),
            "thread": received.thread,
            "file": file,
        }
        self.ledger.write(json.dumps(line) + "\n")

    def consider(self, received: Received) -> None:
        """Only the first mail of a thread is answered, and never an automatic one."""
        key = (received.recipient.lower(), received.thread)
        if key in self.answered or received.is_automatic:
            return
        self.answered.add(key)
        behaviour = behaviour_of(received.recipient, self.habits.seed)
        content = answer(received, behaviour, self.habits.seed, self.habits.host)
        if content is None:
            return
        due_ms = int((time.time() + self.habits.answer_after) * 1000)
        name = f"{due_ms}-{next(self.numbers)}-{file_name(received.sender)}.eml"
        write(self.root / "pending" / name, content)
        self.bring_later(self.root / "pending" / name, self.habits.answer_after)

    def bring_later(self, file: Path, seconds: float) -> None:
        asyncio.get_running_loop().call_later(max(seconds, 0), self.bring, file)

    def bring(self, file: Path) -> None:
        account = unquote(file.stem.split("-", 2)[2])
        self.mailboxes.folder(account, "INBOX").add(file.read_bytes())
        file.unlink()

    def close(self) -> None:
        self.ledger.close()


def threads(ledger: Path) -> list[tuple[str, str]]:
    """The (recipient, thread) pairs of an existing ledger; a torn last line is ignored."""
    if not ledger.exists():
        return []
    pairs = []
    for line in ledger.read_text(encoding="utf-8").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        pairs.append((entry["to"].lower(), entry["thread"]))
    return pairs
