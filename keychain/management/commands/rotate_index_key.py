"""`manage.py rotate_index_key SLUG`: another index key, and every blind index made anew."""

from __future__ import annotations

from keychain.management.change import KeyCommand
from keychain.models import KeyWork


class Command(KeyCommand):
    help = (
        "Give a workspace another index key and change every fingerprint by which sealed values are found, "
        "in one transaction. Pages are read meanwhile; who writes waits. May be stopped and run again."
    )
    work = KeyWork.INDEX
