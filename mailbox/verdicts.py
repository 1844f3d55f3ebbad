"""What an SMTP server's answer means for the message and for the mailbox."""

import re
from dataclasses import dataclass
from enum import StrEnum

LONGEST_TEXT = 300


class About(StrEnum):
    """What the server objects to. Only RECIPIENT and CONTENT end a message; the others stop the mailbox."""

    RECIPIENT = "recipient"
    CONTENT = "content"
    SENDER = "sender"
    SIGN_IN = "sign_in"
    LIMIT = "limit"
    SERVER = "server"


class Stage(StrEnum):
    """How far the conversation had come."""

    GREETING = "greeting"
    SIGN_IN = "sign_in"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"


@dataclass(frozen=True)
class Accepted:
    """The server took the message over; `text` may name its queue id."""

    text: str


@dataclass(frozen=True)
class Refused:
    """5xx, or something that trying again will not change."""

    text: str
    code: int | None
    about: About

    @property
    def permanent(self) -> bool:
        """This message to this recipient will never be taken; otherwise it is the mailbox that needs help."""
        return self.about in (About.RECIPIENT, About.CONTENT)


@dataclass(frozen=True)
class Deferred:
    """The message certainly did not go; it may be tried again, after `wait` seconds if the server said so."""

    text: str
    code: int | None
    about: About
    wait: int | None = None


@dataclass(frozen=True)
class Uncertain:
    """The message was handed over and no answer came: it may have gone, so it is not sent again."""

    text: str


Outcome = Accepted | Refused | Deferred | Uncertain

# Seen at Exchange Online, Gmail, Amazon SES, Yahoo and hosting companies: too much, or too fast.
LIMIT = re.compile(
    r"\b4\.3\.2\b"
    r"|\b5\.4\.5\b"
    r"|\b5\.1\.90\b"
    r"|\b4\.5\.3\b"
    r"|thread limit exceeded"
    r"|submission ?quota ?exceeded"
    r"|throttl"
    r"|rate.{0,12}(?:limit|exceeded)"
    r"|(?:daily|hourly|sending|send|message|user|recipient|connections?)\s+(?:\w+\s+){0,2}(?:limit|quota)"
    r"|too many (?:messages|mails|emails|e-mails|recipients|connections|concurrent|login)"
    r"|too fast",
    re.IGNORECASE,
)
SIGN_IN = re.compile(
    r"authenticat|\bauth required|log ?in (?:first|required)|not logged in"
    r"|relay(?:ing)? (?:access )?(?:denied|not)|unable to relay",
    re.IGNORECASE,
)
SENDER = re.compile(
    r"sender (?:address )?(?:rejected|denied|not allowed|verify)|send ?as|not permitted to send"
    r"|not owned by user|from address|\b5\.1\.[78]\b|\b5\.7\.60\b|\b5\.7\.708\b",
    re.IGNORECASE,
)
POLICY = re.compile(
    r"\b[45]\.7\.\d|spam|blocked|blacklist|blocklist|policy|reputation|dmarc|\bspf\b", re.IGNORECASE
)
FULL = re.compile(
    r"\b[45]\.2\.2\b|mailbox (?:is )?full|over ?quota|quota exceeded|insufficient", re.IGNORECASE
)
WAIT = re.compile(r"(?:after|in|wait)\s+(\d{1,5})\s*(second|sec|minute|min|hour|s\b|m\b|h\b)", re.IGNORECASE)
UNITS = {"s": 1, "m": 60, "h": 3600}


def judged(stage: Stage, code: int, answer: bytes) -> Refused | Deferred:
    """The outcome of a negative answer, which is any but 2xx and 3xx."""
    text = words(answer, code)
    about = subject_of(stage, text)
    if 500 <= code < 600:
        return Refused(text, code, about)
    return Deferred(text, code, about, wait_of(text))


def subject_of(stage: Stage, text: str) -> About:
    if stage is Stage.RCPT and FULL.search(text):
        return About.RECIPIENT
    if LIMIT.search(text):
        return About.LIMIT
    if stage is Stage.GREETING:
        return About.SERVER
    if stage is Stage.SIGN_IN or SIGN_IN.search(text):
        return About.SIGN_IN
    if stage is Stage.MAIL or SENDER.search(text):
        return About.SENDER
    if stage is Stage.RCPT and not POLICY.search(text):
        return About.RECIPIENT
    return About.CONTENT


def wait_of(text: str) -> int | None:
    found = WAIT.search(text)
    return int(found[1]) * UNITS[found[2][0].lower()] if found else None


def words(answer: bytes, code: int | None = None) -> str:
    """The server's words on one line, safe to show and to store, with the code before them."""
    text = answer.decode("utf-8", "replace")
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    text = text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
    return f"{code} {text}".strip() if code is not None else text
