"""Takes from a style sheet what our pages cannot meet: rules for classes that no template names.

It reads minified sheets that hold no brace inside a string. Tabler's is ten times as long as all of ours
together, and a visitor of the public site would wait for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

CLASS_LIST = re.compile(r"""class(?:=|":\s*)["']([^"']*)["']""")
WORD = re.compile(r"[A-Za-z][\w-]*")
CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
NOTICE = re.compile(r"/\*!.*?\*/", re.DOTALL)
VARIABLE = re.compile(r"var\(\s*(--[\w-]+)")
DECLARED = re.compile(r"(--[\w-]+)\s*:\s*((?:[^;{}\"']|\"[^\"]*\"|'[^']*')*);?")
NESTED = ("@media", "@supports", "@layer", "@container")


def classes_in(files: Iterable[Path]) -> set[str]:
    """Every word that stands in a `class` of these templates and modules."""
    lists = (found for file in files for found in CLASS_LIST.findall(file.read_text(encoding="utf-8")))
    return {word for listed in lists for word in WORD.findall(listed)}


def trimmed(css: str, classes: set[str]) -> str:
    """The sheet with the rules whose classes are all in `classes`, and the variables that those use.

    The notice of its authors stays.
    """
    kept = "".join(_kept(COMMENT.sub("", css), classes))
    while (less := _without_idle_variables(kept)) != kept:
        kept = less
    return "".join(NOTICE.findall(css)[:1]) + kept


def _without_idle_variables(css: str) -> str:
    used = set(VARIABLE.findall(css))
    less = DECLARED.sub(lambda found: found.group() if found.group(1) in used else "", css)
    return re.sub(r"[^{}]+\{\s*\}", "", less)


def _kept(css: str, classes: set[str]) -> Iterator[str]:
    for head, body in blocks(css):
        if body is None:
            yield head
        elif head.startswith(NESTED):
            inner = "".join(_kept(body, classes))
            if inner:
                yield f"{head}{{{inner}}}"
        elif head.startswith("@"):
            if not head.startswith(("@keyframes", "@-webkit-keyframes")) or head.split()[-1] in classes:
                yield f"{head}{{{body}}}"
        else:
            selectors = [one for one in _selectors(head) if set(CLASS.findall(one)) <= classes]
            if selectors:
                yield f"{','.join(selectors)}{{{body}}}"


def blocks(css: str) -> Iterator[tuple[str, str | None]]:
    """Each rule's head and what is between its braces; a statement without braces has None."""
    at = 0
    while at < len(css):
        opening, ending = css.find("{", at), css.find(";", at)
        if opening < 0:
            return
        if 0 <= ending < opening:
            yield css[at : ending + 1].strip(), None
            at = ending + 1
            continue
        closing = _closing(css, opening)
        yield css[at:opening].strip(), css[opening + 1 : closing]
        at = closing + 1


def _closing(css: str, opening: int) -> int:
    depth, at = 1, opening + 1
    while depth and at < len(css):
        depth += {"{": 1, "}": -1}.get(css[at], 0)
        at += 1
    return at - 1


def _selectors(head: str) -> Iterator[str]:
    """The selectors of a list; a comma inside brackets parts nothing."""
    depth, start = 0, 0
    for at, sign in enumerate(head):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(sign, 0)
        if sign == "," and depth == 0:
            yield head[start:at].strip()
            start = at + 1
    yield head[start:].strip()
