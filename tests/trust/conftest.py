"""The live site for the checks that ask it, and the application on a port for browsers."""

from __future__ import annotations

from tests.live import live, port

__all__ = ["live", "port"]
