"""Which base URLs may be called, and who decides where they lead."""

import ipaddress
from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit

# Host and port in; out comes the one IP address that a connection may go to. Raises EndpointError
# for a host that must not be reached, OSError for one that cannot be found.
Resolve = Callable[[str, int], str]


class EndpointError(Exception):
    """This host must not be reached from here."""


def host_of(endpoint: str) -> str:
    """The host alone: a base URL may hold a password or a path that nobody should read."""
    parts = _parts(endpoint)
    return parts.hostname if parts and parts.hostname else "an unreadable address"


def usable(endpoint: str, resolve: Resolve | None) -> bool:
    """A plain http(s) URL whose host `resolve` allows; http only inside the private network.

    Without a guard nothing is usable: an endpoint is typed in by a customer.
    """
    parts = _parts(endpoint)
    if resolve is None or parts is None or not _is_plain(parts):
        return False
    if parts.scheme == "https":
        return True  # `resolve` is asked again for each connection, so it is not asked here
    try:
        return _is_inside(resolve(parts.hostname or "", parts.port or 80))
    except EndpointError:
        return False
    except OSError:
        return True  # cannot be found now: the connection will say so


def _parts(endpoint: str) -> SplitResult | None:
    if not endpoint.isascii() or not endpoint.isprintable() or " " in endpoint:
        return None
    try:
        parts = urlsplit(endpoint)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _is_plain(parts: SplitResult) -> bool:
    has_extras = parts.username or parts.password or parts.query or parts.fragment
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not has_extras


def _is_inside(address: str) -> bool:
    return not ipaddress.ip_address(address).is_global
