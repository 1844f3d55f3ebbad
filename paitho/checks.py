"""`manage.py check --deploy`: what is missing or unfit, by its name, for the web and for the console."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security, deploy=True)
def nothing_is_missing(app_configs: Any, **_: Any) -> list[CheckMessage]:
    del app_configs
    missing = import_module(settings.SETTINGS_MODULE).env.missing
    return [
        Error(
            f"{name} is not set.", hint="Set it, or give the path of a file as NAME_FILE.", id="paitho.E001"
        )
        for name in sorted(set(missing))
    ]


@register(Tags.security, deploy=True)
def nothing_is_embedded(app_configs: Any, **_: Any) -> list[CheckMessage]:
    del app_configs
    if not settings.EMBEDDED:
        return []
    return [
        Error(
            "PAITHO_EMBEDDED is for one machine on loopback: plaintext, sandbox mail, local addresses.",
            id="paitho.E002",
        )
    ]


@register(Tags.security, deploy=True)
def origins_are_https(app_configs: Any, **_: Any) -> list[CheckMessage]:
    del app_configs
    named = {"PAITHO_ORIGIN": settings.ORIGIN, "PAITHO_OPS_ORIGIN": settings.OPS_ORIGIN}
    return [
        Error(f"{name} is not an https address.", id="paitho.E003")
        for name, origin in named.items()
        if origin and not origin.startswith("https://")
    ]
