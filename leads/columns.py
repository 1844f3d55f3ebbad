"""Many rows at once, column by column: the JSON of their profiles and their words, as an import stores them.

What a row says is `leads.profile.reader`'s to say; this says the same of a batch, and a test compares them.
What a column repeats (titles, towns, first names) is worked out once, and remembered for an import's slice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import repeat
from json.encoder import encode_basestring as quoted

from leads.indexing import PARTS
from leads.mapping import CUSTOM, Mapping
from leads.profile import CUSTOM_LENGTH, NAME_LENGTH, VALUE_LENGTH, clean
from leads.sheet import Row
from leads.vocabulary import Target
from paitho.lib.text import tidy

REMEMBERED = 4096
Spell = Callable[[str, str], str]  # (column of the index, text) -> its words, as they stand in an array
OfCell = Callable[[str], str]


class Columns:
    """The columns of one sheet, as one mapping uses them."""

    def __init__(self, mapping: Mapping, names: Sequence[str], spell: Spell) -> None:
        uses = dict(mapping.uses)
        at = {uses[name]: index for index, name in enumerate(names) if isinstance(uses.get(name), Target)}
        in_order = [target for target in Target if target in at and target is not Target.EMAIL]
        self._named = [(at[target], _piece(target.value, VALUE_LENGTH)) for target in in_order]
        custom: dict[str, list[int]] = {}
        for index, name in enumerate(names):
            if uses.get(name) == CUSTOM:
                custom.setdefault(tidy(name, NAME_LENGTH), []).append(index)
        self._custom = [(custom[name], _piece(name, CUSTOM_LENGTH)) for name in sorted(custom)]
        self._words = [(at[target], _words(column, spell)) for column, target in PARTS if target in at]

    def profiles(self, rows: Sequence[Row], emails: Sequence[str]) -> list[str]:
        """`Profile.to_json` of each row."""
        columns = list(zip(*(row.cells for row in rows), strict=True))
        heads = [f'{{"email":{quoted(email)}' for email in emails]
        parts = [map(piece, columns[index]) for index, piece in self._named]
        tails = repeat("}", len(rows))
        if self._custom:
            customs = [
                map(_last, *(map(piece, columns[index]) for index in places))
                for places, piece in self._custom
            ]
            said = map("".join, zip(*customs, strict=True))
            parts.append(map(_custom, said))
        return list(map("".join, zip(heads, *parts, tails, strict=True)))

    def words(self, rows: Sequence[Row]) -> list[str]:
        """The words of each row as a PostgreSQL array, some perhaps more than once."""
        columns = [[row.cells[index] for row in rows] for index, _ in self._words]
        found = [map(of, cells) for (_, of), cells in zip(self._words, columns, strict=True)]
        if not found:
            return ["{}"] * len(rows)
        return [f"{{{','.join(filter(None, each))}}}" for each in zip(*found, strict=True)]


def _piece(name: str, most: int) -> OfCell:
    """From a cell to its part of the JSON, with the comma before it; empty for a cell without a value."""
    key = f",{quoted(name)}:"

    def piece(cell: str) -> str:
        value = clean(cell, most)
        return f"{key}{quoted(value)}" if value else ""

    return lru_cache(REMEMBERED)(piece)


def _words(column: str, spell: Spell) -> OfCell:
    def words(cell: str) -> str:
        value = clean(cell, VALUE_LENGTH)
        return spell(column, value) if value else ""

    return lru_cache(REMEMBERED)(words)


def _last(*said: str) -> str:
    """Of columns that have one name, the last that says something."""
    return next((each for each in reversed(said) if each), "")


def _custom(said: str) -> str:
    return f',"custom":{{{said[1:]}}}' if said else ""
