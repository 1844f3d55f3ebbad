"""The cells that a workspace may live in: this one, and the others' sign-up pages."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

NAMES = {"eu": "European Union", "us": "United States"}


@dataclass(frozen=True, slots=True)
class Region:
    """One cell; `url` is its sign-up page, empty for this cell."""

    code: str
    name: str
    url: str = ""


def here() -> Region:
    return Region(settings.REGION, name_of(settings.REGION))


def elsewhere() -> list[Region]:
    return [
        Region(code, name_of(code), f"{settings.APEX.scheme}://{host}/sign-up")
        for code, host in settings.REGION_HOSTS.items()
        if code != settings.REGION
    ]


def sign_up_elsewhere(code: str) -> Region | None:
    return next((region for region in elsewhere() if region.code == code), None)


def name_of(code: str) -> str:
    return NAMES.get(code, code.upper())
