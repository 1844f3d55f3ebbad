"""The bound workspace's blind index: equality and word search on values that are sealed.

Which version of the index key applies is told by the workspace's own table, because it changes together with
what is stored (`keychain.reindexing`). Inside a transaction the look at it is also a lock: what is computed
there is stored before the index can change.
"""

from __future__ import annotations

from django.db import connections

from keychain.crypto.blind import PART, BlindIndex
from keychain.crypto.secret import Secret
from tenants import keys
from tenants.binding import current
from tenants.models import Purpose

HOLD = "LOCK TABLE index_version IN ROW SHARE MODE"
VERSION = "SELECT coalesce(max(version), 1) FROM index_version"


def blind_index() -> BlindIndex:
    """The index of the bound workspace, as its rows were made."""
    return BlindIndex(index_key())


def index_key() -> Secret:
    """The parts of the index key by which the workspace's rows were made."""
    latest = keys.open_latest(current().id, Purpose.INDEX)
    return Secret(latest.reveal_bytes()[: PART * index_version()])


def index_version() -> int:
    connection = connections["default"]
    with connection.cursor() as cursor:
        if connection.in_atomic_block:
            cursor.execute(HOLD)
        cursor.execute(VERSION)
        ((version,),) = cursor.fetchall()
    return int(version)
