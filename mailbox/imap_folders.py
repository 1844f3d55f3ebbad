"""What a server says of its folders, as rows: names, roles by their flags, how far each has come."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from imapclient.imap_utf7 import decode as decode_utf7
from imapclient.imap_utf7 import encode as encode_utf7

from mailbox.folders import Listed

STATUS_ITEM = re.compile(rb"([A-Za-z]+) ([0-9]{1,20})")


class State(NamedTuple):
    """A folder's identity and the UID that its next message gets; None where the server does not say."""

    uidvalidity: int
    uidnext: int | None


def status_rows(lines: Iterable[tuple[bytes, bytes]], names: Sequence[str]) -> dict[str, State]:
    """(name, items) of STATUS answers as states of the folders that were asked for."""
    wanted = {encode_utf7(name): name for name in names}
    found: dict[str, State] = {}
    for raw, items in lines:
        numbers = {key.upper(): int(value) for key, value in STATUS_ITEM.findall(items)}
        name = wanted.get(raw) or ("INBOX" if raw.upper() == b"INBOX" and "INBOX" in names else None)
        if name is not None and b"UIDVALIDITY" in numbers:
            found[name] = State(numbers[b"UIDVALIDITY"], numbers.get(b"UIDNEXT"))
    return found


def listed(rows: Iterable[tuple[Sequence[bytes], bytes | None, bytes | str]]) -> Iterator[Listed]:
    """Rows whose names can be written back as they came; a name in a broken encoding is passed over."""
    for flags, delimiter, raw in rows:
        name = raw if isinstance(raw, str) else plain_name(raw)
        if name is not None:
            lowered = frozenset(flag.decode("ascii", "replace").lower() for flag in flags)
            yield Listed(name, (delimiter or b"").decode("ascii", "replace"), lowered)


def plain_name(raw: bytes) -> str | None:
    try:
        name: str = decode_utf7(raw)
    except (ValueError, LookupError):
        return None
    return name if encode_utf7(name) == raw else None
