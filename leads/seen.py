"""Whom a dry run has met in a file: it makes no lead that a later row could meet."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Protocol

from leads.models import ImportTrial
from tenants.backend.cursor import binary_cursor

_LAST = Struct(">q").unpack_from  # a changed key marks the first bytes of an index with its number
AMONG = "SELECT fingerprint FROM import_trial_seen WHERE trial_id = %s AND fingerprint = ANY (%s)"
NOTE = """
    INSERT INTO import_trial_seen (id, trial_id, fingerprint)
    SELECT gen_random_uuid(), %s, fingerprint FROM unnest(%s::bigint[]) AS new (fingerprint)
    ON CONFLICT DO NOTHING
"""


class Seen(Protocol):
    """The addresses that were met, by their blind index."""

    def among(self, indexes: Sequence[bytes]) -> set[bytes]:
        """Those of these that were met before."""

    def note(self, indexes: Sequence[bytes]) -> None:
        """These are met."""


class SeenHere:
    """In memory: for a few thousand rows."""

    def __init__(self) -> None:
        self._met: set[bytes] = set()

    def among(self, indexes: Sequence[bytes]) -> set[bytes]:
        return self._met.intersection(indexes)

    def note(self, indexes: Sequence[bytes]) -> None:
        self._met.update(indexes)


class SeenInTable:
    """In the trial's own rows: flat memory, and another worker can go on from any batch."""

    def __init__(self, trial: ImportTrial) -> None:
        self._trial = trial.pk

    def among(self, indexes: Sequence[bytes]) -> set[bytes]:
        by_number = {_number(index): index for index in indexes}
        with binary_cursor() as cursor:
            cursor.execute(AMONG, [self._trial, list(by_number)])
            return {by_number[number] for (number,) in cursor.fetchall()}

    def note(self, indexes: Sequence[bytes]) -> None:
        with binary_cursor() as cursor:
            cursor.execute(NOTE, [self._trial, [_number(index) for index in indexes]])


def _number(index: bytes) -> int:
    number: int = _LAST(index, len(index) - 8)[0]
    return number
