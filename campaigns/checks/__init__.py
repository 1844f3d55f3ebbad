"""What can be known about a draft without asking a model. Pure: the same draft, the same findings.

A finding does not change a draft. It says that a person has to look, where, and why.
"""

from collections.abc import Iterator

from campaigns.answers import AuditAnswer, FindingKind
from campaigns.checks.findings import Finding, Kind, Rules, Text, Where
from campaigns.checks.forbidden import forbidden, secrets
from campaigns.checks.grounding import grounding
from campaigns.checks.injection import injection_suspects, repeated_orders
from campaigns.checks.links import links
from campaigns.checks.shape import hidden, leftovers, length, tone
from campaigns.facts import Draft, Facts

__all__ = ["Finding", "Kind", "Rules", "Where", "check", "injection_suspects", "placed"]

DEFAULT_RULES = Rules()
MAX_CHECKED = 10_000


def check(draft: Draft, facts: Facts, rules: Rules = DEFAULT_RULES) -> list[Finding]:
    """Every finding, in the order of the text. An empty list is the only good news."""
    if len(draft.body) > MAX_CHECKED or len(draft.subject) > MAX_CHECKED:
        return [Finding(Where.BODY, 0, len(draft.body), Kind.LENGTH, "The mail is too long to be checked.")]
    suspects = injection_suspects(facts.lead)
    subject, body = Text.of(Where.SUBJECT, draft.subject), Text.of(Where.BODY, draft.body)
    found = [*suspects, *length(subject, body, rules)]
    for text in (subject, body):
        found += _each(text, facts, rules)
        found += repeated_orders(text, facts.lead, suspects)
    found += grounding(draft, facts, frozenset(f"lead.{finding.fact}" for finding in suspects))
    return sorted(set(found))


def _each(text: Text, facts: Facts, rules: Rules) -> Iterator[Finding]:
    yield from leftovers(text)
    yield from hidden(text)
    yield from tone(text, facts)
    yield from links(text, facts)
    yield from forbidden(text, facts, rules)
    yield from secrets(text)


_KINDS = {
    FindingKind.UNSUPPORTED_CLAIM: Kind.UNSUPPORTED,
    FindingKind.TONE: Kind.TONE,
    FindingKind.FORBIDDEN: Kind.FORBIDDEN,
    FindingKind.INJECTION: Kind.INJECTION,
    FindingKind.OTHER: Kind.FORBIDDEN,
}


def placed(answer: AuditAnswer, draft: Draft) -> list[Finding]:
    """The auditor's findings with the places of their quotes; a quote that is nowhere covers the body."""
    return sorted({_place(draft, _KINDS[one.kind], one.quote, one.explanation) for one in answer.findings})


def _place(draft: Draft, kind: Kind, quote: str, sentence: str) -> Finding:
    for where, text in ((Where.BODY, draft.body), (Where.SUBJECT, draft.subject)):
        start = text.find(quote)
        if start >= 0:
            return Finding(where, start, start + len(quote), kind, sentence)
    return Finding(Where.BODY, 0, len(draft.body), kind, sentence)
