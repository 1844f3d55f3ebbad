"""A model's server that fails in every way it can: each lead meets one failure, at one stage, once."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from campaigns.models import Stage
from tests.campaigns.llm import faults
from tests.servers.llm import LlmServer, Reply, Seen

STAGES = (Stage.QUALIFYING, Stage.DRAFTING, Stage.AUDITING)
FORMS = {"reason": Stage.QUALIFYING, "paragraphs": Stage.DRAFTING, "verdict": Stage.AUDITING}
# Faults of the line and the server, the same for every provider
COMMON = [
    ("server error", Reply(status=500, body={"error": {"message": "x"}})),
    ("bad gateway in HTML", Reply(status=502, body="<html>Bad gateway</html>")),
    ("overloaded, come back", Reply(status=503, body="", headers={"Retry-After": "30"})),
    ("overloaded (529)", Reply(status=529, body="")),
    ("timed out there", Reply(status=408, body="")),
    ("rate limit, come back", Reply(status=429, body="", headers={"Retry-After": "20"})),
    ("rate limit without a time", Reply(status=429, body="", headers={"Retry-After": "soon"})),
    ("strange status", Reply(status=418, body="[1, 2]")),
    ("empty answer", Reply(body="")),
    ("cut JSON", Reply(body='{"id": "x", "choi')),
    ("not text", Reply(body=b"\xff\xfe")),
    ("cut line", Reply(body="x" * 1000, cut_after=10)),
    ("hang", Reply(hang=True)),
    ("slow first byte", Reply(body="x", first_byte_after=3.0)),
]


@dataclass(frozen=True)
class Case:
    """One failure for one lead at one stage."""

    name: str
    reply: Reply
    stage: Stage


def cases(provider: str, *, every_stage: bool) -> list[Case]:
    """The provider's own failures and the common ones; each at every stage, or spread over them."""
    own = [(name, reply) for who, name, reply, _ in faults.FAULTS if who == provider]
    found = [*own, *COMMON]
    if every_stage:
        return [Case(name, reply, stage) for name, reply in found for stage in STAGES]
    return [Case(name, reply, STAGES[at % 3]) for at, (name, reply) in enumerate(found)]


class FailingServer(LlmServer):
    """Answers well, but for each lead's one failure. A lead is known by the number in its company's name."""

    def __init__(self, provider: str, wanted: Sequence[Case]) -> None:
        super().__init__(provider)
        self.wanted = dict(enumerate(wanted))
        self.failed: set[int] = set()
        self._turn = threading.Lock()

    def next_reply(self, seen: Seen) -> Reply:
        with self._turn:
            self.journal.append(seen)
            number, stage = _about(seen)
            case = self.wanted.get(number)
            if case is not None and case.stage == stage and number not in self.failed:
                self.failed.add(number)
                return case.reply
        return self._default(seen)


def _about(seen: Seen) -> tuple[int, Stage | None]:
    text = seen.body.decode("utf-8", "replace")
    found = re.search(r"Firm (\d+) Ltd", text)
    stage = next(
        (stage for word, stage in FORMS.items() if f'"{word}": {{' in text or f'"{word}":{{' in text), None
    )
    return (int(found[1]) if found else -1), stage
