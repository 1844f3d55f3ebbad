"""Python's side of the public site's narrow functions (migration 0003_functions)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connections

from trust.sealing import Box


@dataclass(frozen=True, slots=True)
class Subscription:
    box: Box
    wants_changes: bool
    wants_status: bool


@dataclass(frozen=True, slots=True)
class DueLetter:
    """A letter that was claimed; `box` is its subscriber's."""

    id: int
    about: str
    box: Box


@dataclass(frozen=True, slots=True)
class Search:
    box: Box
    after: str
    found: list[str]


def _rows(query: str, params: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
    with connections["directory"].cursor() as cursor:
        cursor.execute(query, list(params))
        return list(cursor.fetchall())


def _box(uid: UUID, sealed: bytes, wrapped: bytes, kms: str) -> Box:
    return Box(uid, bytes(sealed), bytes(wrapped), kms)


def record_probe(component: str, state: str, note: str, at: datetime) -> None:
    _rows("SELECT public.record_probe(%s, %s, %s, %s)", [component, state, note, at])


def bell_lags() -> dict[str, float]:
    """Seconds that the oldest due work of each kind has waited."""
    return {kind: float(seconds) for kind, seconds in _rows("SELECT * FROM public.bell_lags()")}


def begin_subscription(box: Box, address: bytes, token: bytes, *, changes: bool, status: bool) -> bool:
    """Store a wish that waits for its confirmation; False when the address has it already."""
    ((answer,),) = _rows(
        "SELECT public.begin_subscription(%s, %s, %s, %s, %s, %s, %s, %s)",
        [box.id, box.sealed, box.wrapped, box.kms, address, token, changes, status],
    )
    return bool(answer == "begun")


def confirm_subscription(token: bytes, address: bytes) -> bool:
    ((answer,),) = _rows("SELECT public.confirm_subscription(%s, %s)", [token, address])
    return bool(answer == "confirmed")


def subscription_by_token(token: bytes) -> Subscription | None:
    found = _rows("SELECT * FROM public.subscription_by_token(%s)", [token])
    if not found:
        return None
    *box, changes, status = found[0]
    return Subscription(_box(*box), changes, status)


def end_subscription(subscriber: UUID) -> None:
    _rows("SELECT public.end_subscription(%s)", [subscriber])


def fan_out_letters() -> None:
    _rows("SELECT public.fan_out_letters()")


def claim_letters(at_most: int) -> list[DueLetter]:
    found = _rows("SELECT * FROM public.claim_letters(%s)", [at_most])
    return [DueLetter(letter, about, _box(*box)) for letter, about, *box in found]


def settle_letter(letter: int) -> None:
    _rows("SELECT public.settle_letter(%s)", [letter])


def claim_tellings(at_most: int) -> list[tuple[UUID, int]]:
    found = _rows("SELECT * FROM public.claim_tellings(%s)", [at_most])
    return [(workspace, entry) for workspace, entry in found]


def settle_telling(workspace: UUID, entry: int) -> None:
    _rows("SELECT public.settle_telling(%s, %s)", [workspace, entry])


def add_dpa_request(box: Box) -> None:
    _rows("SELECT public.add_dpa_request(%s, %s, %s, %s)", [box.id, box.sealed, box.wrapped, box.kms])


def unsent_dpa_requests() -> list[Box]:
    return [_box(*row) for row in _rows("SELECT * FROM public.unsent_dpa_requests()")]


def dpa_request_sent(request: UUID) -> None:
    _rows("SELECT public.dpa_request_sent(%s)", [request])


def begin_search(box: Box) -> None:
    _rows("SELECT public.begin_search(%s, %s, %s, %s)", [box.id, box.sealed, box.wrapped, box.kms])


def claim_search() -> Search | None:
    found = _rows("SELECT * FROM public.claim_search()")
    if not found:
        return None
    *box, after, so_far = found[0]
    return Search(_box(*box), after, list(so_far))


def slugs_after(slug: str, at_most: int) -> list[str]:
    return [name for (name,) in _rows("SELECT * FROM public.slugs_after(%s, %s)", [slug, at_most])]


def advance_search(search: UUID, reached: str, found: list[str]) -> None:
    _rows("SELECT public.advance_search(%s, %s, %s::text[])", [search, reached, found])


def finish_search(search: UUID) -> None:
    _rows("SELECT public.finish_search(%s)", [search])


def forget_old() -> None:
    _rows("SELECT public.forget_old()")
