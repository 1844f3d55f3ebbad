"""How mail programs introduce a quote: a sentence, a separator, a block of headers; and how phones sign."""

import re

from mailbox.phrases import plain, says, sections, words

OPENERS = frozenset(words("quotes", "openers"))
VERBS = words("quotes", "verbs")
MONTHS_AND_DAYS = words("quotes", "months and days")
SEPARATORS = words("quotes", "separators")
MOBILE = words("quotes", "mobile")
MOBILE_BEGINNINGS = frozenset(phrase[:2] for phrase in MOBILE)
HEADER_KINDS = {
    name: title.removeprefix("header ")
    for title, names in reversed(sections("quotes"))
    if title.startswith("header ")
    for name in names
}

MAX_LINE = 600  # a longer line introduces nothing
INTRODUCTION = 4  # lines over which a program may break an introduction
BLOCK = 7  # lines among which the headers of a block are looked for

_RULE = re.compile(r"\s*[_=*\-\u2013\u2014\u2500]{5,}\s*$")
_DASHED = re.compile(
    r"[\s>*]*[-_=*\u2014\u2500]{2,}.{3,80}?[-_=*\u2014\u2500]{2,}\W*$|[\s*]*[-_=]{2,}.{3,60}$"
)
# What a line has that is a rule, a separator, a header, or begins with a date; most lines have none of it.
_HINT = re.compile(r"[\d@:\uff1a_=*\u2013\u2014\u2500]|--")
_ADDRESS = re.compile(r"[^\s<>]@[^\s<>]")
_NAMED_ADDRESS = re.compile(r"[<\[(](?:mailto:)?[^<>\s\[\]]{1,64}@[^<>\s\[\]]{1,200}")
_ENDS_IN_ADDRESS = re.compile(
    r"@[^\s<>]{1,200}[>)\]]{1,2}[\"']?\s?(?:\(.{0,40}\)\s?)?[:\uff1a]\s*$|<[^<>\s]{0,80}@[^<>\s]{1,200}>\s*$"
)
_STAMP = re.compile(r"\b(?:19|20)\d\d\b|\d{1,2}[:.h]\d{2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}")
_LEADING_DATE = re.compile(
    r"\W{0,4}(?:\w{2,14}[.,]{0,2}\s)?"
    r"(?:(?:19|20)\d\d[-/.\u5e74]|\d{1,2}[./-]\d{1,2}|\d{1,2}\.?\s\w{3,14}|\w{3,12}\s\d{1,2})"
)
_MIDLINE = re.compile(
    r"^(.{1,400}?[^\s-])\s{0,3}(?:-{2,8}|\s)\s{0,3}((?:On|Am|Le|El|Il|Em|Op|Den) \S.{8,300}[:\uff1a])\s*$"
)
_AFTER_VERB = re.compile(r"[\s:\-\u2013\u2014_*>.)]+$")
_HEADER = re.compile(r"[\s>*_|]{0,12}([^\W\d][^:\uff1a<>@]{0,24}?)[\s*_\xa0]{0,4}[:\uff1a]")
_FLATTENED = re.compile(r"(?<=\s)(?=[A-Z\u00c0-\u00de][\w ]{0,20}:)")


def introduction(lines: list[str], number: int) -> int:
    """How many lines from here introduce a quote: 0 if none does."""
    line = lines[number]
    if not line.strip() or len(line) > MAX_LINE:
        return 0
    if not _HINT.search(line):
        if not _begins_as_one(plain(" ".join(line[:80].split(None, 5)[:5]))):
            return 0
    elif is_separator(line) or is_header_block(lines, number):
        return 1
    elif _RULE.match(line):
        following = next_line(lines, number + 1)
        return 1 if following is not None and is_header_block(lines, following) else 0
    elif not _may_introduce(line):
        return 0
    joined = ""
    for length, part in enumerate(lines[number : number + INTRODUCTION], start=1):
        joined = f"{joined} {part.strip()}".strip()
        if not part.strip() or len(joined) > MAX_LINE:
            return 0
        if is_sentence(joined):
            return length
    return 0


def is_sentence(line: str) -> bool:
    """ "On Monday, Olga wrote:" and its like: a verb of writing with a date or an address, or these two."""
    if _ENDS_IN_ADDRESS.search(line) and _STAMP.search(line) and _LEADING_DATE.match(line[:60]):
        return True
    colon = line.endswith((":", "\uff1a"))
    said = _AFTER_VERB.sub("", plain(line.replace("\uff1a", ":")))
    ends_in_verb = said.endswith(VERBS)
    if not colon and not ends_in_verb:
        return False
    stamped = bool(_STAMP.search(line)) or (any(map(str.isdigit, line)) and says(said, MONTHS_AND_DAYS))
    if ends_in_verb:
        return stamped or bool(_ADDRESS.search(line)) or " via " in said
    within = f" {said} "
    return (
        colon and stamped and _opens(said) and any(f" {verb} " in within for verb in VERBS if len(verb) > 2)
    )


def names_a_writer(line: str) -> bool:
    """ "Olga wrote:", which introduces a quote only if a marked one follows."""
    if not line.rstrip().endswith(":"):
        return False
    said = plain(line[:MAX_LINE])
    return len(said) < 100 and said.endswith(":") and _AFTER_VERB.sub("", said).endswith(VERBS)


def words_before(line: str) -> str:
    """The person's words on a line on which an introduction begins, too: some programs break no line."""
    found = _MIDLINE.match(line) if len(line) < MAX_LINE and line.endswith((":", "\uff1a")) else None
    if not found or _may_introduce(found[1]) or not is_sentence(found[2]):
        return ""
    return found[1]


def is_separator(line: str) -> bool:
    """ "-----Original Message-----" in any language."""
    if len(line) > 120:
        return False
    if _DASHED.match(line):
        return says(plain(line), SEPARATORS)
    if not line.rstrip().endswith(":"):
        return False
    said = plain(line)
    bare = said.strip("-_=*<>:#~ \u2014\u2500")
    return said.endswith(":") and len(bare) < 50 and bare.startswith(SEPARATORS)


def is_header_block(lines: list[str], number: int) -> bool:
    """ "From: … Sent: … To: …" in any language: two headers within a few lines, one of them from or sent."""
    first = header_kind(lines[number])
    if not first or (first not in ("from", "sent") and number and lines[number - 1].strip()):
        return False
    if first == "from" and _NAMED_ADDRESS.search(lines[number]):
        return True
    kinds = {header_kind(line) for line in lines[number : number + BLOCK]}
    kinds |= {header_kind(piece) for piece in _FLATTENED.split(lines[number][:MAX_LINE])[:12]}
    return len(kinds - {""}) >= 2 and bool(kinds & {"from", "sent"})


def header_kind(line: str) -> str:
    """from, sent, to or subject, if the line is such a header in a language that we know."""
    found = _HEADER.match(line[:200])
    return HEADER_KINDS.get(plain(found[1]).strip(" *_"), "") if found else ""


def is_mobile_signature(line: str) -> bool:
    """ "Sent from my phone" and what other programs advertise below a mail."""
    beginning = line.strip().lstrip("<>()[]*_ ")[:2]
    if len(line) > 160 or (beginning.isascii() and beginning.lower() not in MOBILE_BEGINNINGS):
        return False
    said = plain(line).strip("<>()[]*_ ")
    return said.startswith(MOBILE) and (len(said) < 90 or "http" in said) and not said.endswith("?")


def next_line(lines: list[str], number: int) -> int | None:
    """The next line that is not blank, if it is near."""
    return next((at for at in range(number, min(number + 6, len(lines))) if lines[at].strip()), None)


def _may_introduce(line: str) -> bool:
    """Cheap, and true of every line with which a sentence of introduction can begin."""
    if _opens(plain(line[:80])) or _LEADING_DATE.match(line[:60]) or _ADDRESS.search(line):
        return True
    return line.endswith((":", "\uff1a"))


def _opens(said: str) -> bool:
    return _begins_as_one(said) or bool(_LEADING_DATE.match(said[:60])) or "@" in said


def _begins_as_one(said: str) -> bool:
    """Whether the first words are those of an introduction, in a language that we know."""
    first = said.lstrip("-*_>( ").split(" ", 2)[:2]
    if first[0].strip(",.") in OPENERS or " ".join(first).strip(",.") in OPENERS:
        return True
    return first[0].startswith(("\u5728", "\u65bc"))
