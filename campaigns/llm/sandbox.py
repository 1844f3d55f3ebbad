"""Texts from templates, for the embedded default: nothing leaves this machine and no model is asked.

Deterministic: the same lead and brief give the same text. A share of the leads, chosen by a hash of
their own facts, is disqualified or unsure, and a share of the drafts holds something for a reviewer
to find, so that every state of a campaign can be seen.
"""

import hashlib
import re

from pydantic import BaseModel

from campaigns.answers import (
    AuditAnswer,
    AuditFinding,
    DraftAnswer,
    FindingKind,
    Fit,
    Paragraph,
    Qualification,
    ReplyReading,
    Sentence,
    Verdict,
)
from campaigns.facts import Facts
from campaigns.llm.edge import Answered, BadRequest, Call, Nonsense, Outcome, Usage
from mailbox.intents import Intent

# Shares in percent, over the hash of a lead.
DISQUALIFIED = 12
UNSURE = 8
FLAWED = 15

_SPELLINGS = {
    "first": ("first_name", "firstname", "given_name"),
    "company": ("company", "company_name", "organisation", "organization"),
    "title": ("title", "job_title", "position", "role"),
    "place": ("city", "town", "location"),
}
_EXAGGERATED = re.compile(r"\b(?:guarantee[ds]?|everybody|best in the world)\b", re.IGNORECASE)


def ask(call: Call) -> Outcome:
    if call.facts is None:
        return BadRequest(who=call.who, model=call.model)
    if issubclass(call.schema, Qualification):
        value: BaseModel = _qualify(call.facts)
    elif issubclass(call.schema, DraftAnswer):
        value = _follow_up(call.facts) if call.facts.earlier else _first_mail(call.facts)
    elif issubclass(call.schema, AuditAnswer):
        value = _audit(call.facts)
    elif issubclass(call.schema, ReplyReading):
        value = ReplyReading(intent=Intent.QUESTION if "?" in call.facts.reply else Intent.OTHER)
    else:
        return Nonsense(who=call.who, model=call.model, problem="the sandbox does not know this form")
    text = value.model_dump_json()
    usage = Usage(input=(len(call.system) + len(call.prompt)) // 4, output=len(text) // 4)
    return Answered(who=call.who, model=call.model, usage=usage, value=value, text=text)


def _draw(facts: Facts, purpose: str) -> int:
    """0 to 99, the same for the same lead."""
    seed = "\0".join([purpose, *(f"{name}={facts.lead[name]}" for name in sorted(facts.lead))])
    return int.from_bytes(hashlib.sha256(seed.encode("utf-8", "replace")).digest()[:4]) % 100


def _known(facts: Facts, wanted: str) -> tuple[str, str]:
    """A lead's value under any of its usual spellings, with the name to cite; empty where unknown."""
    named = facts.named()
    for spelling in _SPELLINGS[wanted]:
        value = _tidy(named.get(f"lead.{spelling}", ""))
        if value:
            return value, f"lead.{spelling}"
    return "", ""


def _tidy(value: str) -> str:
    """One short line; what is longer, or holds more than a name would, is left out of a template."""
    line = " ".join(value.split())
    return line if len(line) <= 80 and line.isprintable() and not re.search(r"[<>{}\[\]%:@/\\]", line) else ""


def _qualify(facts: Facts) -> Qualification:
    company, _ = _known(facts, "company")
    place, _ = _known(facts, "place")
    if not company:
        return Qualification(fit=Fit.UNSURE, reason="The lead has no company: nothing speaks for a fit.")
    where = f"{company} in {place}" if place else company
    draw = _draw(facts, "qualify")
    if draw < DISQUALIFIED:
        return Qualification(fit=Fit.NO, reason=f"Sandbox: {where} was drawn as one that does not fit.")
    if draw < DISQUALIFIED + UNSURE:
        return Qualification(fit=Fit.UNSURE, reason=f"Sandbox: {where} was drawn as an open case.")
    return Qualification(fit=Fit.YES, reason=f"Sandbox: {where} was drawn as one that fits.")


def _first_mail(facts: Facts) -> DraftAnswer:
    company, source = _known(facts, "company")
    offer = [_say(line, name) for name, line in _brief_lines(facts)]
    if _draw(facts, "draft") < FLAWED:
        offer.append(_say("We guarantee that everybody at your company will love it."))
    return DraftAnswer(
        subject=f"A question for {company}" if company else "A short question",
        paragraphs=_paragraphs(
            [_greeting(facts)],
            _opening(facts, company, source),
            offer,
            [_say("Would a short call next week be of use to you?")],
            [_closing(facts)],
        ),
    )


def _follow_up(facts: Facts) -> DraftAnswer:
    company, source = _known(facts, "company")
    middle = [_say("I wrote to you a few days ago and would not want it to get lost.")]
    if company:
        middle.append(_say(f"Is this something for {company}?", source))
    middle.append(_say("If it is not, a short no is just as welcome."))
    return DraftAnswer(
        subject=f"Once more: a question for {company}" if company else "Once more: a short question",
        paragraphs=_paragraphs([_greeting(facts)], middle, [_closing(facts)]),
    )


def _say(text: str, *sources: str) -> Sentence:
    return Sentence(text=text, sources=list(sources))


def _paragraphs(*groups: list[Sentence]) -> list[Paragraph]:
    return [Paragraph(sentences=group) for group in groups if group]


def _greeting(facts: Facts) -> Sentence:
    first, source = _known(facts, "first")
    return _say(f"Hello {first},", source) if first else _say("Hello,")


def _opening(facts: Facts, company: str, source: str) -> list[Sentence]:
    title, title_source = _known(facts, "title")
    place, place_source = _known(facts, "place")
    if company and title:
        return [_say(f"I am writing to you as {title} at {company}.", title_source, source)]
    if company and place:
        return [_say(f"I came across {company} in {place}.", source, place_source)]
    return [_say(f"I came across {company}.", source)] if company else []


def _brief_lines(facts: Facts) -> list[tuple[str, str]]:
    """The first two lines of the brief that can stand in a mail as they are."""
    lines = [(f"brief.{n}", " ".join(line.split())) for n, line in enumerate(facts.brief, start=1)]
    sayable = [(name, line) for name, line in lines if line and len(line) <= 400 and line.isprintable()]
    return [(name, line if line[-1] in ".!?" else f"{line}.") for name, line in sayable[:2]]


def _closing(facts: Facts) -> Sentence:
    name = _tidy(facts.sender.get("name", ""))
    return _say(f"Kind regards, {name}", "sender.name") if name else _say("Kind regards")


def _audit(facts: Facts) -> AuditAnswer:
    body = facts.draft.body if facts.draft else ""
    found = [
        AuditFinding(
            kind=FindingKind.UNSUPPORTED_CLAIM,
            quote=match.group(),
            explanation="This is a promise that no line of the brief makes.",
        )
        for match in list(_EXAGGERATED.finditer(body))[:5]
    ]
    if not body:
        found = [AuditFinding(kind=FindingKind.OTHER, quote="(empty)", explanation="There is no mail.")]
    return AuditAnswer(verdict=Verdict.FINDINGS if found else Verdict.CLEAN, findings=found)
