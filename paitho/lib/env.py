"""Typed reader of the process environment: nothing that matters in production has a default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


class MissingSettings(Exception):
    """Names every required setting that is absent or malformed, and nothing of any value."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        super().__init__(f"Set these before starting: {', '.join(names)}.")


class Env:
    """Reads settings and remembers what is missing, so that one start names them all.

    A required name that is absent reads as empty and is listed in `missing`; the processes that
    serve or work call `refuse_if_missing()` before they start, while static tools can still load
    the settings. Every name may also be given as NAME_FILE, the path of a file that holds it.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = os.environ if environ is None else environ
        self.missing: list[str] = []

    def _raw(self, name: str) -> str | None:
        path = self._environ.get(f"{name}_FILE")
        if path:
            return Path(path).read_text(encoding="utf-8").strip()
        return self._environ.get(name) or None

    def text(self, name: str, default: str | None = None) -> str:
        value = self._raw(name)
        if value is not None:
            return value
        if default is None:
            self.missing.append(name)
        return default or ""

    def optional(self, name: str) -> str | None:
        return self._raw(name)

    def integer(self, name: str, default: int | None = None) -> int:
        value = self.text(name, None if default is None else str(default))
        try:
            return int(value or 0)
        except ValueError:
            self.missing.append(f"{name} (a whole number)")
            return 0

    def flag(self, name: str) -> bool:
        return (self._raw(name) or "").lower() in {"1", "true", "yes", "on"}

    def items(self, name: str) -> list[str]:
        return [item.strip() for item in (self._raw(name) or "").split(",") if item.strip()]

    def refuse_if_missing(self) -> None:
        if self.missing:
            raise MissingSettings(sorted(set(self.missing)))
