"""From facts to a prompt. Facts go in as data between marks that no fact can contain.

A prompt is a file in `prompts/`, found by its versioned name and never changed once it was used: a
better one is a new version. Its system part is the same for every lead of a campaign.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from string import Template

from campaigns.facts import MAX_EARLIER, MAX_MAIL, MAX_NOTE, Draft, Facts, visible

_FILES = Path(__file__).parent / "prompts"
_WISH = "\nA colleague saw an earlier draft and wishes, within the rules above:\n"


class Stage(StrEnum):
    QUALIFY = "qualify"
    DRAFT = "draft"
    FOLLOWUP = "followup"
    AUDIT = "audit"
    REPLY = "reply"


CURRENT = {
    Stage.QUALIFY: "qualify.v1",
    Stage.DRAFT: "draft.v1",
    Stage.FOLLOWUP: "followup.v1",
    Stage.AUDIT: "audit.v1",
    Stage.REPLY: "reply.v1",
}


@dataclass(frozen=True, slots=True)
class Prompt:
    """`name` is the file's, for the record; `system` is stable, `user` holds the lead."""

    name: str
    system: str = field(repr=False)
    user: str = field(repr=False)


def prompt_for(stage: Stage, facts: Facts) -> Prompt:
    return render(CURRENT[stage], facts)


def render(name: str, facts: Facts, *, nonce: str | None = None) -> Prompt:
    """The prompt of this versioned name. KeyError for a name that has no file."""
    system, user = _load(name)
    named = facts.named()
    lead = {key: value for key, value in named.items() if key.startswith("lead.")}
    ours = {key: value for key, value in named.items() if not key.startswith("lead.")}
    parts = {
        "brief": _block(ours),
        "links": _block(list(facts.links)),
        "data": _block(lead),
        "earlier": _block([mail[:MAX_MAIL] for mail in facts.earlier[-MAX_EARLIER:]]),
        "draft": _block(_shown(facts.draft)),
        "reply": _block(facts.reply[:MAX_MAIL]),
        "note": f"{_WISH}{_block(facts.note[:MAX_NOTE])}\n" if facts.note.strip() else "",
        "nonce": nonce or secrets.token_hex(8),
    }
    return Prompt(name, system.substitute(parts), user.substitute(parts))


@lru_cache(maxsize=32)
def _load(name: str) -> tuple[Template, Template]:
    if name not in {path.stem for path in _FILES.glob("*.txt")}:
        raise KeyError(name)
    text = (_FILES / f"{name}.txt").read_text("utf-8")
    system, user = text.removeprefix("[system]\n").split("\n[user]\n")
    return Template(system), Template(user)


def _shown(draft: Draft | None) -> dict[str, object]:
    if draft is None:
        return {}
    claims = [
        {"text": draft.body[claim.start : claim.end], "sources": list(claim.sources)}
        for claim in draft.claims
    ]
    return {"subject": draft.subject, "body": draft.body, "sentences": claims}


def _block(value: object) -> str:
    """JSON in which no `<` or `>` is left, so that no value can close the marks around it."""
    text = json.dumps(_clean(value), ensure_ascii=False, indent=1)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("\u2028", " ").replace("\u2029", " ")


def _clean(value: object) -> object:
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, Mapping):
        return {visible(str(key)): _clean(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_clean(item) for item in value]
    return value
