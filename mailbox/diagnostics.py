"""What a mail server's refusal means for the address: gone for good, later perhaps, or a quarrel with us.

The words decide. The number is wrong more than half the time: full mailboxes, filters and policies say 5.x.x,
too.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from mailbox.phrases import plain, says, sections

MAX_DIAGNOSTIC = 4_000


class Severity(StrEnum):
    """HARD: never write there again. SOFT: later perhaps. POLICY: about the sender, so the lead stays."""

    HARD = "hard"
    SOFT = "soft"
    POLICY = "policy"


@dataclass(frozen=True, slots=True)
class Verdict:
    severity: Severity
    reason: str


UNKNOWN = Verdict(Severity.SOFT, "unknown")

_HARD = frozenset({"user-unknown", "host-unknown", "no-longer-accepts", "moved"})
_POLICY = frozenset({"authentication", "blocked", "spam", "policy", "relaying-denied", "sender-refused"})

# RFC 3463 and the IANA registry of enhanced status codes, for servers that give a number and no words.
_BY_STATUS = (
    (r"5\.1\.(?:[013]|11)", "user-unknown"),
    (r"5\.1\.2|5\.4\.(?:4|310)", "host-unknown"),
    (r"5\.1\.6", "moved"),
    (r"5\.1\.10|5\.3\.2", "no-longer-accepts"),
    (r"[45]\.2\.1", "disabled"),
    (r"[45]\.2\.2", "mailbox-full"),
    (r"[45]\.(?:2\.3|3\.4)", "message-too-large"),
    (r"[45]\.4\.6", "loop"),
    (r"[45]\.4\.(?:[17]|300|316)", "expired"),
    (r"[45]\.4\.\d+", "network"),
    (r"[45]\.7\.(?:[89]|2\d|515)", "authentication"),
    (r"5\.(?:7\.\d+|1\.[78])", "policy"),
    (r"4\.7\.\d+", "rate-limited"),
    (r"[45]\.6\.\d+", "content"),
    (r"[45]\.3\.\d+", "system"),
)
_ADDRESS = re.compile(r"[<(\"']{0,2}[^\s<>()\"',;:]{1,64}@[^\s<>()\"',;]{1,255}[>)\"']{0,2}")
_STATUS = re.compile(r"(?<![\d.])([45]\.\d\.\d{1,3})(?![\d.]*\d)")
_REPLY = re.compile(r"(?<![\d.])([245]\d\d)[ \-#:]")


def judged(text: str, status: str = "") -> Verdict:
    """What the words say; where they say nothing known, what the status code says."""
    words = plain(_ADDRESS.sub(" addr ", text[:MAX_DIAGNOSTIC]))
    reason = next((reason for reason, phrases in sections("refusals") if says(words, phrases)), "")
    if reason == "mailbox-unavailable":
        reason = "temporary" if _is_temporary(text, status) else "user-unknown"
    return _verdict(reason) if reason else by_status(status)


def by_status(status: str) -> Verdict:
    """What a status code alone says."""
    reason = next((reason for pattern, reason in _BY_STATUS if re.fullmatch(pattern, status)), "")
    if not reason:
        return Verdict(Severity.SOFT, "temporary") if status.startswith("4") else UNKNOWN
    return _verdict(reason)


def status_in(text: str) -> str:
    """The enhanced status code that a text quotes (RFC 3463); the most telling of several. Empty if none."""
    found = _STATUS.findall(text[:MAX_DIAGNOSTIC])
    return next((code for code in found if not code.endswith(".0.0")), found[0] if found else "")


def reply_code_in(text: str) -> str:
    """The SMTP reply code that a text quotes, or the empty string."""
    found = _REPLY.search(text[:MAX_DIAGNOSTIC])
    return found[1] if found else ""


def _verdict(reason: str) -> Verdict:
    if reason in _HARD:
        return Verdict(Severity.HARD, reason)
    return Verdict(Severity.POLICY if reason in _POLICY else Severity.SOFT, reason)


def _is_temporary(text: str, status: str) -> bool:
    return (reply_code_in(text) or status_in(text) or status).startswith("4")
