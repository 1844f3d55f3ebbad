"""HTML from strangers: made safe to show, or read as text. Nothing remote is ever loaded.

The sanitiser's parser is quadratic in nesting, so size, tags and nesting are counted before it runs.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape, unescape

import nh3

from mailbox.phrases import words

MAX_HTML = 262_144
MAX_TAGS = 10_000
MAX_NESTING = 100
MAX_TEXT = 65_536

_TAGS = set(words("html", "allowed"))
_WITH_CONTENT = set(words("html", "dropped with content"))
_ATTRIBUTES = {"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
_UNNESTED = frozenset((*words("html", "without content"), *words("html", "closed by the next")))
_BLOCKS = frozenset(words("html", "blocks"))
_QUOTE_MARKS = re.compile(
    r"gmail_quote|yahoo_quoted|protonmail_quote|moz-forward-container|zmail_extra|tutanota_quote|mailru-blockquote"
    r"|js-helper|js-quote|cite|reply-intro-quote|gmx-?quote|wm_quote|ms-outlook-mobile-reference"
)
_SEPARATORS = re.compile(
    r"divrplyfwdmsg|appendonsend|olk_src_body_section|mail-editor-reference-message-container|stopspelling"
    r"|x_divrplyfwdmsg|zmail_extra_hr|isforwardcontent"
)
_NAME = re.compile(r"/?([A-Za-z][A-Za-z0-9:-]{0,30})")
_BLANKS = re.compile(r"[ \t\r\n\f]+")
SEPARATOR_LINE = "-----Original Message-----"


def sanitised(html: str) -> str:
    """HTML that is safe to put in a page: few tags, links that say where they go, nothing loaded from afar.

    What is too large or too deeply nested comes back as its text.
    """
    if _is_too_much(html):
        return f"<pre>{escape(html_to_text(html))}</pre>"
    return nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags=_WITH_CONTENT,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )


def html_to_text(html: str) -> str:
    """The text of an HTML mail in one pass: quoted parts as lines that begin with ">"."""
    reader = _Reader()
    for number, (tag, text) in enumerate(_tokens(html[:MAX_HTML])):
        if tag:
            reader.tag(tag)
        else:
            reader.say(unescape(text))
        if reader.size > MAX_TEXT or number > MAX_TAGS * 2:
            break
    return reader.text()[:MAX_TEXT]


def _is_too_much(html: str) -> bool:
    if len(html) > MAX_HTML:
        return True
    open_tags: Counter[str] = Counter()
    for number, found in enumerate(_tokens(html)):
        name = _NAME.match(found[0])
        if number > MAX_TAGS or open_tags.total() > MAX_NESTING:
            return True
        if name and found[0][0] == "/":
            open_tags[name[1].lower()] -= open_tags[name[1].lower()] > 0
        elif name and name[1].lower() not in _UNNESTED:
            open_tags[name[1].lower()] += 1
    return False


def _tokens(html: str) -> Iterator[tuple[str, str]]:
    """(tag, "") and ("", text) in order. Each search goes forward only, so that the whole is linear."""
    at, end = 0, len(html)
    while at < end:
        start = html.find("<", at)
        if start < 0:
            yield "", html[at:]
            return
        if start > at:
            yield "", html[at:start]
        at, tag = _tag_at(html, start)
        if tag:
            yield tag, ""
        elif at == start + 1:
            yield "", "<"
        name = tag[:8].lower()
        if name.startswith(("script", "style")):
            closing = html.find("</", at)
            while closing >= 0 and html[closing + 2 : closing + 4].lower() not in ("sc", "st"):
                closing = html.find("</", closing + 2)
            at = closing if closing >= 0 else end


def _tag_at(html: str, start: int) -> tuple[int, str]:
    """Where to read on, and the tag without its brackets: empty for a comment or a bare "<"."""
    if html.startswith("<!--", start):
        close = html.find("-->", start + 4)
        return (close + 3 if close >= 0 else len(html)), ""
    if not re.match(r"[A-Za-z/!?]", html[start + 1 : start + 2]):
        return start + 1, ""
    close = html.find(">", start)
    if close < 0:
        return len(html), html[start + 1 : start + 2_000]
    tag = html[start + 1 : close]
    return close + 1, "" if tag[:1] in "!?" else tag


@dataclass(slots=True)
class _Reader:
    lines: list[str] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    open: list[tuple[str, int]] = field(default_factory=list)  # element, and how deep its content is quoted
    size: int = 0

    def tag(self, tag: str) -> None:
        name_found = _NAME.match(tag)
        name = name_found[1].lower() if name_found else ""
        if name in ("blockquote", "div"):
            self._container(name, tag[:500].lower(), closes=tag[0] == "/")
        elif name == "br":
            self._end_line()
        elif name in _BLOCKS:
            self._end_block()
        elif name == "hr":
            self._end_block()
            self._separate(tag[:500].lower())
        elif name in ("td", "th"):
            self.say(" ")

    def say(self, text: str) -> None:
        said = _BLANKS.sub(" ", text)
        self.size += len(said) + 1
        self.line.append(said)

    def text(self) -> str:
        self._end_block()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self.lines)).strip("\n")

    def _container(self, name: str, tag: str, *, closes: bool) -> None:
        self._end_block()
        if not closes:
            quoting = name == "blockquote" or bool(_QUOTE_MARKS.search(tag))
            self.open.append((name, self._depth() + quoting))
            self._separate(tag)
        elif self.open and self.open[-1][0] == name:
            self.open.pop()

    def _depth(self) -> int:
        return self.open[-1][1] if self.open else 0

    def _separate(self, tag: str) -> None:
        if _SEPARATORS.search(tag):
            self.lines.append(SEPARATOR_LINE)

    def _end_block(self) -> None:
        if self._end_line() and self.lines[-1].strip("> "):
            self.lines.append("")

    def _end_line(self) -> bool:
        line = "".join(self.line).strip()
        had = bool(self.line)
        self.line.clear()
        depth = min(self._depth(), 5)
        if line or had:
            self.lines.append(f"{'>' * depth} {line}" if depth else line)
        return had and bool(line)
