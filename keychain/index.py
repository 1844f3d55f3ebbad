"""The bound workspace's blind index: equality and word search on values that are sealed."""

from __future__ import annotations

from keychain.crypto.blind import BlindIndex
from tenants import keys
from tenants.binding import current
from tenants.models import Purpose


def blind_index() -> BlindIndex:
    """The index of the bound workspace, with its latest index key."""
    return BlindIndex(keys.open_latest(current().id, Purpose.INDEX))
