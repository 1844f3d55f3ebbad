"""An e-mail cell as people and exports fill it, and the one address that is in it."""

import re
from typing import NamedTuple
from unicodedata import normalize

from leads.errors import LeadsError
from paitho.lib.text import NotAnAddress, normalise_email

NO_ADDRESS = "The e-mail cell is empty."
SEVERAL = "The cell holds several addresses; the first one is used."
ROLE = "This is a shared mailbox, not a person's."

_ROLES = """
    abuse accounting accounts admin administrator anfrage anfragen billing booking bookings
    buchhaltung bureau careers commercial compliance contact contacto contactus contato
    customerservice datenschutz do-not-reply donotreply enquiries enquiry feedback finance hello
    help helpdesk hola hostmaster hr info information inquiries inquiry invoice invoices jobs
    kontakt legal list mail mailbox mailer-daemon marketing media moin no-reply noc noreply office
    orders postmaster pr press presse privacy rechnung recruiting root sales secretary security
    service shop spam support team unsubscribe vendas ventas verkauf vertrieb webmaster
"""
ROLES = frozenset(_ROLES.split())
_PLAIN = re.compile(
    r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,24}", re.ASCII
)
_ANGLE = re.compile(r"<([^<>]*@[^<>]*)>")
_BETWEEN = re.compile(r"[;,|\s/]+")
_LOOKS = re.compile(r"[^\s@<>,;:\"()]+@[^\s@<>,;:\"()]+\.[^\s@<>,;:\"().\d][^\s@<>,;:\"().]+")
_EDGES = " \t\r\n\u00a0.,;:'\"<>()[]"


class BadAddress(LeadsError):
    """The cell holds no address that mail can be sent to. The sentence does not repeat the cell."""


class Address(NamedTuple):
    """An address in its one spelling; a note for the person; whether it is a shared mailbox."""

    email: str
    note: str = ""
    is_role: bool = False


def address(cell: str) -> Address:
    """The address in the cell. Raises BadAddress with the reason.

    Understands spaces, mailto:, `Name <a@b>`, quotes and dots around it, full-width characters, and several
    addresses in one cell, of which the first counts.
    """
    email = cell.strip().lower()
    if len(email) <= 64 and _PLAIN.fullmatch(email):
        note = ""
    else:
        email, note = _untangled(cell)
    local = email.partition("@")[0]
    if local in ROLES:
        return Address(email, f"{note} {ROLE}".strip(), is_role=True)
    return Address(email, note)


def looks_like_email(cell: str) -> bool:
    """Whether a person would call it an e-mail address; `address` says whether it is one."""
    return "@" in cell and len(cell) <= 320 and _LOOKS.search(cell) is not None


def _untangled(cell: str) -> tuple[str, str]:
    text = normalize("NFKC", cell[:2000]) if not cell.isascii() else cell[:2000]
    if not text.strip(_EDGES):
        raise BadAddress(NO_ADDRESS)
    candidates = [part for part in _candidates(text) if part]
    first: NotAnAddress | None = None
    for candidate in candidates:
        try:
            email = normalise_email(candidate)
        except NotAnAddress as error:
            first = first or error
        else:
            return email, SEVERAL if len(candidates) > 1 else ""
    raise BadAddress(str(first) if first else "The e-mail cell holds no address: there is no @ in it.")


def _candidates(text: str) -> list[str]:
    """What stands in angle brackets, else the words with an @, without what surrounds them."""
    parts = _ANGLE.findall(text) or [part for part in _BETWEEN.split(_closed_up(text)) if "@" in part]
    return [_bare(part) for part in parts]


def _closed_up(text: str) -> str:
    """`jane @ example.com` is one address with spaces in it."""
    return re.sub(r"\s*@\s*", "@", text) if text.count("@") == 1 else text


def _bare(part: str) -> str:
    part = part.strip(_EDGES)
    part = re.sub(r"^(?:mailto|e-?mail|smtp)\s*:\s*", "", part, flags=re.IGNORECASE)
    return part.partition("?")[0].strip(_EDGES)
