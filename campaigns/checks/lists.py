"""Word lists and patterns, kept as data beside the code that reads them."""

import re
from functools import lru_cache
from pathlib import Path

_FILES = Path(__file__).parent / "data"
_NAMED = re.compile(r"(@[A-Z]+@) = (.+)")


def words(name: str) -> frozenset[str]:
    return frozenset(" ".join(_lines(name)).casefold().split())


@lru_cache
def pattern(name: str, flags: re.RegexFlag = re.IGNORECASE) -> re.Pattern[str]:
    """All patterns of a file as one: the first that fits at a place wins."""
    named: dict[str, str] = {}
    parts = []
    for line in _lines(name):
        for word, part in named.items():
            line = line.replace(word, part)
        if definition := _NAMED.fullmatch(line):
            named[definition.group(1)] = definition.group(2)
        else:
            parts.append(f"(?:{line})")
    return re.compile("|".join(parts), flags)


def _lines(name: str) -> list[str]:
    text = (_FILES / f"{name}.txt").read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("# ")]


def lookalikes() -> dict[int, int]:
    foreign, latin = _lines("lookalikes")
    return str.maketrans(foreign, latin)
