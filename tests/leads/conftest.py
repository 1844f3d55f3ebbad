"""Acme's pages in a browser, with Olga signed in."""

from __future__ import annotations

from tests.live import as_olga, port

__all__ = ["as_olga", "port"]
