"""Everything a row says about a person, in one canonical form, and how two such forms become one."""

import json
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, TypeVar

from leads.addresses import address
from leads.mapping import CUSTOM, Mapping
from leads.sheet import Row
from leads.vocabulary import Target
from paitho.lib.text import formula_plain, tidy

VALUE_LENGTH = 500  # characters of a named field
CUSTOM_LENGTH = 5000  # characters of a custom field
NAME_LENGTH = 200  # characters of a custom field's name
Name = TypeVar("Name", Target, str)
_IN_ORDER = tuple((target.value, target) for target in Target)


class Policy(StrEnum):
    """What an import does to a lead that is already there."""

    SKIP = "skip"
    FILL = "fill"
    OVERWRITE = "overwrite"


@dataclass(frozen=True)
class Profile:
    """A person's e-mail address, the named fields that have a value, and the custom ones."""

    email: str
    fields: Dict[Target, str] = field(default_factory=dict)
    custom: Dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """Email first, fields in the order of Target, custom fields by name; nothing empty."""
        fields = self.fields
        said: dict[str, object] = {"email": self.email}
        said.update([(name, fields[target]) for name, target in _IN_ORDER if target in fields])
        if self.custom:
            said["custom"] = dict(sorted(self.custom.items()))
        return said

    def to_json(self) -> str:
        """The same text for the same profile."""
        return json.dumps(self.to_dict(), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_dict(cls, kept: Dict[str, object]) -> "Profile":
        custom = kept.get("custom")
        return cls(
            email=str(kept["email"]),
            fields={t: str(kept[t.value]) for t in Target if t is not Target.EMAIL and t.value in kept},
            custom={str(k): str(v) for k, v in custom.items()} if isinstance(custom, dict) else {},
        )

    @classmethod
    def from_json(cls, text: str) -> "Profile":
        return cls.from_dict(json.loads(text))


class Reading(NamedTuple):
    """A row's profile, and a note about its address for the person who imports."""

    profile: Profile
    note: str = ""
    is_role: bool = False


def reader(mapping: Mapping, columns: Sequence[str]) -> Callable[[Row], Reading]:
    """A function from a row of a sheet with these columns to what it says.

    It raises BadAddress when the row's e-mail cell cannot be used. Made once for an import, so that a row
    costs only what is in it.
    """
    uses = dict(mapping.uses)
    places = [(index, uses[name]) for index, name in enumerate(columns) if name in uses]
    email = next(index for index, use in places if use is Target.EMAIL)
    named = [(i, use) for i, use in places if isinstance(use, Target) and use is not Target.EMAIL]
    custom = [(i, tidy(columns[i], NAME_LENGTH)) for i, use in places if use == CUSTOM]

    def read(row: Row) -> Reading:
        cells = row.cells
        found = address(cells[email])
        profile = Profile(
            found.email,
            {target: value for i, target in named if (value := clean(cells[i], VALUE_LENGTH))},
            {name: value for i, name in custom if (value := clean(cells[i], CUSTOM_LENGTH))},
        )
        return Reading(profile, found.note, found.is_role)

    return read


def clean(cell: str, most: int) -> str:
    """The cell's value: tidy, without the apostrophe that our own exports put before a formula."""
    if cell.isalnum() and cell.isascii() and len(cell) <= most:
        return cell  # most cells of most files
    if not cell:
        return ""
    is_plain = len(cell) <= most and cell.isascii() and cell.isprintable() and "  " not in cell
    value = cell.strip() if is_plain else tidy(cell, most)
    return formula_plain(value) if value[:1] == "'" else value


def merge(old: Profile, new: Profile, policy: Policy) -> tuple[Profile, frozenset[str]]:
    """The profile that remains, and the names of the fields that changed (`custom.<name>` for custom ones).

    An empty value never replaces one. The e-mail address is the lead's identity and stays as it is.
    """
    if policy is Policy.SKIP:
        return old, frozenset()
    fields = _merged(old.fields, new.fields, policy)
    custom = _merged(old.custom, new.custom, policy)
    changed = {t.value for t in fields if fields[t] != old.fields.get(t)}
    changed |= {f"custom.{name}" for name in custom if custom[name] != old.custom.get(name)}
    return (Profile(old.email, fields, custom), frozenset(changed)) if changed else (old, frozenset())


def _merged(old: Dict[Name, str], new: Dict[Name, str], policy: Policy) -> dict[Name, str]:
    given = {name: value for name, value in new.items() if value}
    return {**given, **old} if policy is Policy.FILL else {**old, **given}
