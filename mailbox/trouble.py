"""What can be wrong with a mailbox that is read by IMAP, told apart by what to do about it."""

import re
from datetime import UTC, datetime, timedelta

from mailbox.account import Account
from mailbox.stream import excuse
from mailbox.verdicts import words


class MailboxTrouble(Exception):
    """The mailbox cannot be read now; `str()` is a sentence with the server's own words."""


class AuthRefused(MailboxTrouble):
    """The sign-in does not work; only a person can help."""


class Unreachable(MailboxTrouble):
    """The network or the server fails; try again later."""


class Throttled(MailboxTrouble):
    """The server wants to be left alone until then."""

    def __init__(self, sentence: str, until: datetime) -> None:
        super().__init__(sentence)
        self.until = until


class FolderGone(MailboxTrouble):
    """The folder was renamed or deleted; list the folders again."""


class NotDone(MailboxTrouble):
    """The server understood the command and refused it."""


# Exchange Online, then Gmail, then Dovecot and others, with the pause that they ask for or get over in.
BACKOFF = re.compile(r"suggested backoff time:\s*(\d{1,10})\s*milliseconds", re.IGNORECASE)
LIMITS = (
    (re.compile(r"\[OVERQUOTA\].*(?:bandwidth|command)|exceeded command or bandwidth", re.IGNORECASE), 3600),
    (re.compile(r"\[THROTTLED\]|\bthrottled\b", re.IGNORECASE), 600),
    (re.compile(r"too many simultaneous|maximum number of connections|\[LIMIT\]", re.IGNORECASE), 300),
    (re.compile(r"too many (?:\w+ )?(?:connections|requests|commands|attempts|logins)", re.IGNORECASE), 300),
    (re.compile(r"rate limit", re.IGNORECASE), 300),
)
LONGEST_PAUSE = timedelta(days=1)
NOT_SIGNED_IN = re.compile(
    r"authenticated but not connected|\[(?:AUTHENTICATIONFAILED|AUTHORIZATIONFAILED|EXPIRED)\]"
    r"|not authenticated|login required|invalid credentials",
    re.IGNORECASE,
)
PASSING = re.compile(
    r"\[(?:UNAVAILABLE|SERVERBUG|INUSE)\]|temporar|internal (?:server )?error|try again|backend",
    re.IGNORECASE,
)


def pause_of(text: str) -> timedelta | None:
    """How long the server wants its peace, if that is what it says."""
    if found := BACKOFF.search(text):
        return min(timedelta(milliseconds=int(found[1])), LONGEST_PAUSE)
    return next((timedelta(seconds=seconds) for rule, seconds in LIMITS if rule.search(text)), None)


def answer_trouble(account: Account, text: str, *, signing_in: bool, is_over: bool) -> MailboxTrouble:
    """A NO or BAD, or a BYE (`is_over`), in words."""
    said = words(text.encode("utf-8", "replace"))
    if pause := pause_of(text):
        sentence = f"{account.host} asks us to wait. It said: {said}"
        return Throttled(sentence, datetime.now(UTC) + pause)
    if NOT_SIGNED_IN.search(text) or (signing_in and not is_over and not PASSING.search(text)):
        return AuthRefused(f"{account.host} did not accept the user name and password. It said: {said}")
    if is_over or PASSING.search(text):
        return Unreachable(f"{account.host} ended the conversation. It said: {said}")
    return NotDone(f"{account.host} refused a command. It said: {said}")


def network_trouble(account: Account, error: BaseException) -> Unreachable:
    return Unreachable(excuse(account, error))
