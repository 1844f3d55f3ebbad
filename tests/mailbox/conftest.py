"""The application on a port, for the tests that open its pages in a browser."""

from tests.live import live, port

__all__ = ["live", "port"]
