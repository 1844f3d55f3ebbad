"""Which column of a sheet is which part of a lead: suggested by name and content, corrected by a person."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from leads.addresses import looks_like_email
from leads.errors import LeadsError
from leads.sheet import Column
from leads.vocabulary import Target, named

Use = Target | Literal["custom", "ignore"]
CUSTOM: Literal["custom"] = "custom"
IGNORE: Literal["ignore"] = "ignore"

_PHONE = re.compile(r"(?:\+|00|\()?[\d\s().\-/]{7,20}(?:\s*(?:x|ext\.?)\s*\d{1,6})?")
_LINKEDIN = re.compile(r"(?:https?://)?(?:[a-z]{2,3}\.)?linkedin\.com/(?:in|pub|sales)/\S+", re.IGNORECASE)
_WEBSITE = re.compile(r"(?:https?://\S+\.\S+|www\.\S+\.\S+)", re.IGNORECASE)
_TIMEZONE = re.compile(r"(?:Africa|America|Asia|Atlantic|Australia|Europe|Indian|Pacific)/[A-Z]\w+")
_CONTENT = (  # the first that most samples match, in this order
    (Target.EMAIL, looks_like_email, "its values are e-mail addresses"),
    (Target.LINKEDIN, _LINKEDIN.fullmatch, "its values are LinkedIn profiles"),
    (Target.WEBSITE, _WEBSITE.fullmatch, "its values are web addresses"),
    (Target.TIMEZONE, _TIMEZONE.match, "its values are time zones"),
    (Target.PHONE, _PHONE.fullmatch, "its values look like phone numbers"),
)


class MappingError(LeadsError):
    """The mapping cannot be used for an import."""


@dataclass(frozen=True)
class Suggestion:
    """What a column seems to be, and why, as half a sentence."""

    column: str
    use: Use
    reason: str


@dataclass(frozen=True)
class Mapping:
    """The use of each column, in the order of the sheet. Raises MappingError unless it can be imported."""

    uses: tuple[tuple[str, Use], ...]

    def __post_init__(self) -> None:
        taken = Counter(use for _, use in self.uses if isinstance(use, Target))
        if not taken[Target.EMAIL]:
            raise MappingError("Choose the column that holds the e-mail address.")
        for target, count in taken.items():
            if count > 1:
                raise MappingError(f"Only one column can be the {spoken(target)}; {count} are.")
        if len({name for name, _ in self.uses}) < len(self.uses):
            raise MappingError("Two columns have the same name.")

    @classmethod
    def of(cls, suggestions: Iterable[Suggestion]) -> "Mapping":
        return cls(tuple((each.column, each.use) for each in suggestions))

    def to_json(self) -> str:
        return json.dumps(self.uses)

    @classmethod
    def from_json(cls, text: str) -> "Mapping":
        """Raises MappingError for what to_json did not write."""
        try:
            return cls(tuple((str(name), _use(use)) for name, use in json.loads(text)))
        except (TypeError, ValueError) as error:
            raise MappingError("This mapping cannot be read.") from error


def spoken(target: Target) -> str:
    """The target's name for the page: `first name`."""
    return {Target.EMAIL: "e-mail address", Target.LINKEDIN: "LinkedIn profile"}.get(
        target, target.value.replace("_", " ")
    )


def suggest(columns: Sequence[Column]) -> tuple[Suggestion, ...]:
    """A use for each column, in their order. Each target is given once, to the column that fits it best."""
    claims = sorted(
        (strength, index, target, reason)
        for index, column in enumerate(columns)
        for strength, target, reason in _claims(column)
    )
    uses: dict[int, Suggestion] = {}
    given: set[Target] = set()
    for _, index, target, reason in claims:
        if index not in uses and target not in given:
            uses[index] = Suggestion(columns[index].name, target, reason)
            given.add(target)
    is_rejects = {"row", "reason"} <= {column.name for column in columns}
    return tuple(
        uses.get(index) or _rest(column, is_rejects=is_rejects) for index, column in enumerate(columns)
    )


def _claims(column: Column) -> Iterable[tuple[int, Target, str]]:
    """What the column could be; the lower the number, the surer. Samples can contradict a name."""
    name, seen = named(column.name), _content(column.samples)
    if name and not _contradicts(name[0], seen, column.samples):
        sure = 0 if seen and seen[0] is name[0] else 100
        yield sure + name[1], name[0], f"it is called {column.name}"
    if seen and (not name or seen[0] is not name[0]):
        yield 1000, seen[0], seen[1]
    if any(map(looks_like_email, column.samples)):
        yield 2000, Target.EMAIL, "e-mail addresses stand in it"


def _content(samples: Sequence[str]) -> tuple[Target, str] | None:
    for target, matches, reason in _CONTENT:
        if samples and sum(map(bool, map(matches, samples))) * 2 > len(samples):
            return target, reason
    return None


def _contradicts(target: Target, seen: tuple[Target, str] | None, samples: Sequence[str]) -> bool:
    """Content beats the name where it is unmistakable: a `Contact` full of addresses is no name."""
    if target is Target.EMAIL:
        return bool(samples) and not any("@" in sample for sample in samples)
    if not seen or seen[0] is target or seen[0] is Target.PHONE:
        return False
    return (target, seen[0]) != (Target.LINKEDIN, Target.WEBSITE)


def _rest(column: Column, *, is_rejects: bool) -> Suggestion:
    if is_rejects and column.name in ("row", "reason"):
        return Suggestion(column.name, IGNORE, "it says why the row was rejected before")
    return Suggestion(column.name, CUSTOM, "it is kept under its own name")


def _use(text: str) -> Use:
    if text == CUSTOM:
        return CUSTOM
    return IGNORE if text == IGNORE else Target(text)
