"""A directory of the user's own, as a CSV file: read once for many questions, with flat memory."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from leads.addresses import BadAddress
from leads.csvfile import Row, Sheet, Source, rows
from leads.enrichment.edge import Found, NotFound, Outcome, Question
from leads.mapping import Mapping
from leads.profile import Profile, reader
from leads.vocabulary import Target

NOT_LISTED = "This person is not in the directory."


@dataclass(frozen=True)
class DirectoryCsv:
    """A file and how it is to be read."""

    source: Source
    sheet: Sheet
    mapping: Mapping

    def ask_all(self, questions: Sequence[Question]) -> dict[Question, Outcome]:
        """An outcome for each question; where several rows fit, the first one counts."""
        wanted = _wanted(questions)
        found: dict[Question, Outcome] = {}
        for profile in self._profiles():
            for question in _asked_by(profile, wanted):
                found.setdefault(question, Found({Target.EMAIL: profile.email, **profile.fields}, 0))
            if len(found) == len(set(questions)):
                break
        return {question: found.get(question, NotFound(NOT_LISTED)) for question in questions}

    def _profiles(self) -> Iterable[Profile]:
        read = reader(self.mapping, [column.name for column in self.sheet.columns])
        for row in rows(self.source, self.sheet):
            if isinstance(row, Row):
                try:
                    yield read(row).profile
                except BadAddress:
                    continue


def _wanted(questions: Iterable[Question]) -> dict[tuple[str, ...], list[Question]]:
    wanted: dict[tuple[str, ...], list[Question]] = {}
    for question in questions:
        if question.email:
            wanted.setdefault((question.email,), []).append(question)
        if question.name and question.company:
            wanted.setdefault(_folded(question.name, question.company), []).append(question)
    return wanted


def _asked_by(profile: Profile, wanted: dict[tuple[str, ...], list[Question]]) -> list[Question]:
    fields = profile.fields
    whole = f"{fields.get(Target.FIRST_NAME, '')} {fields.get(Target.LAST_NAME, '')}".strip()
    name = whole or fields.get(Target.FULL_NAME, "")
    by_name = wanted.get(_folded(name, fields.get(Target.COMPANY, "")), [])
    # A question with an address is about that address, whoever else has the same name.
    return [*wanted.get((profile.email,), []), *(q for q in by_name if q.email in ("", profile.email))]


def _folded(name: str, company: str) -> tuple[str, str]:
    return " ".join(name.casefold().split()), " ".join(company.casefold().split())
