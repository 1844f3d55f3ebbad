"""Where a directory of the user's own may lie: public addresses, others if the operator says so."""

from __future__ import annotations

import socket
from ipaddress import ip_address

from django.conf import settings

from leads.enrichment.edge import HostRefused


def reachable(host: str, port: int) -> str:
    """The one address to connect to. Raises `HostRefused`, or OSError for a name that is not known."""
    for *_, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        found = ip_address(str(place[0]).partition("%")[0])
        mapped = getattr(found, "ipv4_mapped", None) or found
        if (mapped.is_global and not mapped.is_multicast) or settings.ALLOW_PRIVATE_HOSTS:
            return str(found)
    raise HostRefused(f"{host} is an address inside a private network.")
