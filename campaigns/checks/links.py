"""Links, domains and addresses in a text, also where they are written so as not to look like one."""

import re
from collections.abc import Iterator

from campaigns.checks.findings import Finding, Kind, Text
from campaigns.checks.lists import words
from campaigns.facts import Facts

_ENDINGS = "|".join(sorted(words("endings")))
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_TAIL = r"(?:[:/?#][^\s<>\"“”]*)?"

_URL = re.compile(r"(?:\b[a-z][a-z0-9+.-]{1,20}://|\bwww\d?\.)[^\s<>\"“”]+", re.IGNORECASE)
_SCHEME = re.compile(
    r"\b(?:mailto|tel|sms|javascript|data|vbscript|callto|skype|whatsapp|tg|magnet|file):[^\s<>\"“”]{2,}",
    re.IGNORECASE,
)
_BARE = re.compile(
    rf"(?<![\w@.-])(?:{_LABEL}\.){{1,8}}(?:(?:{_ENDINGS})|xn--[a-z0-9-]+)(?![\w-]|\.\w){_TAIL}", re.IGNORECASE
)
# A dotted name with letters outside ASCII is a domain to a mail program, whatever it ends in.
_FOREIGN = re.compile(rf"(?<![\w@.-])(?:{_LABEL}\.){{1,8}}[^\W\d_]{{2,30}}(?![\w-]|\.\w){_TAIL}")
_WITH_PATH = re.compile(rf"(?<![\w@.-])(?:{_LABEL}\.){{1,8}}[a-z]{{2,24}}/[^\s<>\"“”]*", re.IGNORECASE)
_IP = re.compile(rf"(?<![\w.])(?:\d{{1,3}}\.){{3}}\d{{1,3}}(?![\w.]){_TAIL}")
_SPELLED = re.compile(
    rf"\b{_LABEL}\s*(?:[\[({{]\s*(?:dot|\.)\s*[\])}}]|\s+dot\s+|\s+\.\s*|\s*\.\s+(?=(?:com|net|org|io)\b))\s*"
    rf"(?:{_ENDINGS})\b",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\"“”]{1,64}@[^\s@<>()\[\],;:\"“”]{1,190}")
_DOT = r"(?:\s*[\[({]\s*dot\s*[\])}]\s*|\s+dot\s+)"
_SPELLED_ADDRESS = re.compile(
    rf"\b[\w.+-]{{1,64}}\s*(?:[\[({{]\s*at\s*[\])}}]\s*{_LABEL}(?:{_DOT}|\.)|\s+at\s+{_LABEL}{_DOT})(?:{_ENDINGS})\b",
    re.IGNORECASE,
)
_SHORTENERS = {
    *(
        "bit.ly",
        "tinyurl.com",
        "t.co",
        "goo.gl",
        "ow.ly",
        "is.gd",
        "buff.ly",
        "rebrand.ly",
        "cutt.ly",
        "t.ly",
    ),
    *("lnkd.in", "shorturl.at", "rb.gy", "tiny.cc", "bl.ink", "s.id", "v.gd", "qr.ae", "adf.ly", "dub.sh"),
}
_CLOSING = ".,;:!?)]}»”\u2019'\"…"


def links(text: Text, facts: Facts) -> Iterator[Finding]:
    """Each link that is not in the brief's list, each e-mail address that is not the sender's."""
    yield from _addresses(text, facts)
    taken = [match.span() for match in _ADDRESS.finditer(text.folded)]
    for pattern in (_URL, _SCHEME, _WITH_PATH, _BARE, _IP, _FOREIGN, _SPELLED):
        for match in pattern.finditer(text.folded):
            start, end = _trimmed(text, match)
            is_plain_name = pattern is _FOREIGN and text.folded[start:end].isascii()
            if is_plain_name or any(start < last and first < end for first, last in taken):
                continue
            taken.append((start, end))
            if finding := _judged(text, start, end, facts):
                yield finding


def _trimmed(text: Text, match: re.Match[str]) -> tuple[int, int]:
    """Without the punctuation of the sentence that the link ends."""
    start, end = match.span()
    while end > start and text.folded[end - 1] in _CLOSING:
        end -= 1
    return start, end


def _judged(text: Text, start: int, end: int, facts: Facts) -> Finding | None:
    shown = text.raw[start:end]
    if _same(shown) in {_same(link) for link in facts.links}:
        return None
    host = re.sub(r"^[a-z+.-]*://|^www\.", "", text.folded[start:end].lower()).split("/")[0]
    what = "a shortened link" if host in _SHORTENERS else "a link"
    return text.found(Kind.LINK, (start, end), f"“{shown[:60]}” is {what} that the brief does not list.")


def _same(link: str) -> str:
    """The link without what makes no difference: https, www, a closing slash, the case of the host."""
    bare = re.sub(r"^https?://", "", link.strip(), flags=re.IGNORECASE)
    host, slash, rest = bare.partition("/")
    return f"{re.sub(r'^www[.]', '', host.lower())}{slash}{rest}".rstrip("/")


def _addresses(text: Text, facts: Facts) -> Iterator[Finding]:
    own = {value.strip().casefold() for value in facts.sender.values()}
    for pattern in (_ADDRESS, _SPELLED_ADDRESS):
        for match in pattern.finditer(text.folded):
            start, end = _trimmed(text, match)
            shown = text.raw[start:end]
            if shown.casefold() not in own and "@" not in (shown[:1], shown[-1:]):
                yield text.found(Kind.ADDRESS, (start, end), f"“{shown[:60]}” is an e-mail address.")
