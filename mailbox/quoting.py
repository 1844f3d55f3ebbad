"""What a person wrote in a mail: without what they quote, what introduces that, and their signature.

A line scanner: each line is looked at a bounded number of times, whatever it holds. The full text is kept
elsewhere; this is a view.
"""

import re

from mailbox.phrases import plain
from mailbox.quote_marks import (
    header_kind,
    introduction,
    is_mobile_signature,
    names_a_writer,
    next_line,
    words_before,
)

MAX_TEXT = 65_536
MAX_LINES = 2_000
SIGNATURE = 12  # lines
OURS = 20  # characters that a line must have to be known as ours

_QUOTED = re.compile(r"\s{0,8}>")
_BANNER = re.compile(r"\s*>{2,}[^<>]*(?:>{2,}[^<>]*)?<{2,}\s*$")
_SIGNATURE = re.compile(r"\s{0,3}(?:--|\u2014|\u2013|__|-- )\s{0,3}$")
_RULE = re.compile(r"\s{0,3}[_=\u2014\u2500-]{3,}\s*$")


def visible_text(text: str, our_text: str | None = None) -> str:
    """The person's own words. `our_text` is the message that they answer, where it is known.

    Marked quotes and their introductions go, and answers between and below them stay. All below an unmarked
    quote goes, save answers between lines that are known to be ours. If nothing is left of a message without
    quote marks, all of it is shown.
    """
    lines = [line.rstrip() for line in _split(text)]
    our_lines = [plain(line.lstrip("> \t")) for line in _split(our_text or "")]
    ours = " ".join(our_lines)
    kept, cut = _above(lines, ours)
    if cut is not None:
        while kept and ours and plain(kept[-1]) in our_lines:  # a greeting, too short to be known by itself
            kept.pop()
        if any(line.strip() for line in kept):
            kept += _between(lines[cut:], ours)
        else:
            kept = _below(lines[cut:], ours) if ours else lines
    return re.sub(r"\n{3,}", "\n\n", "\n".join(_unsigned(kept))).strip()


def _split(text: str) -> list[str]:
    text = text[:MAX_TEXT].replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")
    return text.split("\n")[:MAX_LINES]


def _above(lines: list[str], ours: str) -> tuple[list[str], int | None]:
    """The lines that are the person's, up to where an unmarked quote begins, and where that is."""
    kept: list[str] = []
    number = 0
    while number < len(lines):
        length, words = _quote_at(lines, number)
        if words:
            kept.append(words)
        if length and not _is_quoted(lines, number):
            following = next_line(lines, number + length)
            if following is None or not _is_quoted(lines, following):
                return kept, number
        elif not length:
            if _begins_ours(lines, number, ours):
                return kept, number
            kept.append(lines[number])
        number += max(length, 1)
    return kept, None


def _quote_at(lines: list[str], number: int) -> tuple[int, str]:
    """How many lines here are quoted or introduce a quote, and words of the person's on the first of them."""
    if _is_quoted(lines, number):
        return 1, ""
    words = words_before(lines[number])
    length = 1 if words else introduction(lines, number)
    if not length and names_a_writer(lines[number]):
        following = next_line(lines, number + 1)
        length = int(following is not None and _is_quoted(lines, following))
    return length, words


def _is_quoted(lines: list[str], number: int) -> bool:
    line = lines[number]
    if not _QUOTED.match(line):
        return _is_wrapped_quote(lines, number)
    if _BANNER.match(line):
        return False
    before = lines[number - 1] if number else ""
    closes_link = line.lstrip().startswith(">") and "://" in before and before.rfind("<") > before.rfind(">")
    return not closes_link


def _is_wrapped_quote(lines: list[str], number: int) -> bool:
    """The rest of a quoted line that a program broke: a line without a mark, right between two with one."""
    line = lines[number].strip()
    if not line or not 0 < number < len(lines) - 1:
        return False
    is_link = line.startswith(("http", "(http", "<http")) or (" " not in line and line.endswith((")", ">")))
    return is_link and bool(_QUOTED.match(lines[number - 1]) and _QUOTED.match(lines[number + 1]))


def _is_ours(line: str, ours: str) -> bool:
    if not ours or len(line) < OURS // 2:  # folding a line does not double it
        return False
    said = plain(line.lstrip("> \t"))
    return len(said) >= OURS and said in ours


def _begins_ours(lines: list[str], number: int, ours: str) -> bool:
    """Our message begins here: one sentence of it, on its own, somebody may have picked to answer it."""
    if not ours or not _is_ours(lines[number], ours):
        return False
    return len(ours) < OURS * 5 or any(_is_ours(line, ours) for line in lines[number + 1 : number + 8])


def _below(lines: list[str], ours: str) -> list[str]:
    """Answers in and below our unmarked text."""
    last = max((at for at, line in enumerate(lines) if _is_ours(line, ours)), default=-1)
    rest = (line for line in lines[last + 1 :] if plain(line) not in ours or not line)
    return _between(lines, ours) + [line for line in rest if not header_kind(line)]


def _between(lines: list[str], ours: str) -> list[str]:
    """Answers that somebody wrote in between our unmarked lines."""
    marks = [at for at, line in enumerate(lines) if _is_ours(line, ours)]
    if len(marks) < 2:
        return []
    theirs = [line for line in lines[marks[0] : marks[-1]] if line.strip() and plain(line) not in ours]
    return ["", *theirs] if theirs else []


def _unsigned(lines: list[str]) -> list[str]:
    """Without the signature: what is below "-- ", or below a rule near the end, and what a phone adds."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    for at in range(end - 1, max(-1, end - SIGNATURE - 1), -1):
        heads = at + 1 >= end or bool(
            lines[at + 1].strip()
        )  # a rule with a blank line below it parts the answer
        if _SIGNATURE.match(lines[at]) or (heads and _RULE.match(lines[at])):
            end = at
    return [line for line in lines[:end] if not is_mobile_signature(line)]
