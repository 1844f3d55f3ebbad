"""A directory of the user's own, as a CSV file: its people, and the one that a question is about."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leads.csvfile import Row, Sheet, Source, rows
from leads.enrichment.edge import Fields, Found, NotFound, Outcome, Question
from leads.enrichment.reading import cleaned
from leads.mapping import suggest
from leads.sheet import Column
from leads.vocabulary import Target

NOT_LISTED = "This person is not in the directory."


@dataclass(frozen=True)
class Directory:
    """Some of a directory's people."""

    people: tuple[Fields, ...]

    def find(self, question: Question) -> Outcome:
        """The first person with the question's address, or with its name and company and no other address."""
        for person in self.people:
            if question.email and person.get(Target.EMAIL) == question.email:
                return Found(person, 0)
        wanted = named(question.name, question.company)
        for person in self.people:
            # A question with an address is about that address, whoever else has the same name.
            if wanted and name_of(person) == wanted and not (question.email and person.get(Target.EMAIL)):
                return Found(person, 0)
        return NotFound(NOT_LISTED)


def people_of(source: Source, sheet: Sheet) -> Iterator[Fields]:
    """Everyone in the file of whom something can be used, with flat memory."""
    places = _places(sheet.columns)
    for row in rows(source, sheet):
        if isinstance(row, Row):
            fields = cleaned({target: row.cells[place] for place, target in places})
            if Target.EMAIL in fields or name_of(fields):
                yield fields


def _places(columns: Sequence[Column]) -> list[tuple[int, Target]]:
    """Which column is what; custom columns of a directory are left out."""
    uses = [each.use for each in suggest(columns)]
    return [(place, use) for place, use in enumerate(uses) if isinstance(use, Target)]


def name_of(person: Fields) -> str:
    """Name and company in one spelling; empty unless both are known."""
    whole = f"{person.get(Target.FIRST_NAME, '')} {person.get(Target.LAST_NAME, '')}".strip()
    return named(whole or person.get(Target.FULL_NAME, ""), person.get(Target.COMPANY, ""))


def named(name: str, company: str) -> str:
    """As `name_of`."""
    folded = [" ".join(each.casefold().split()) for each in (name, company)]
    return " | ".join(folded) if all(folded) else ""
