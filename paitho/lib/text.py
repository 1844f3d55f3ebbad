"""One spelling for what people write in many: addresses and domains; and cells no spreadsheet runs."""

import re
from unicodedata import category, normalize

import idna

MAX_ADDRESS = 254  # octets, RFC 5321 section 4.5.3.1.3 less the angle brackets
MAX_LOCAL = 64
MAX_DOMAIN = 253
INVISIBLE_EDGE = "\u200b\u200e\u200f\u2060\ufeff"  # what copying from a web page leaves behind

_ATEXT = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_LOCAL_ASCII = re.compile(rf"{_ATEXT}+(?:\.{_ATEXT}+)*")
# A top-level domain begins with a letter and has two characters at least (RFC 3696, 2; the root zone).
_DOMAIN_ASCII = re.compile(rf"(?:{_LABEL}\.)+(?=[a-z][a-z0-9-]){_LABEL}")
_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")

# Controls, text direction overrides, invisible spaces, lone surrogates: nothing a person typed on purpose.
_UNSEEN = re.compile(
    "[\\x00-\\x08\\x0e-\\x1f\\x7f-\\x84\\x86-\\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_SPACES = re.compile(r"\s+")


class NotAnAddress(ValueError):
    """Not an e-mail address or domain. The sentence never repeats the text: it may be logged."""


def normalise_email(address: str) -> str:
    """The one spelling of an address: two spellings of one mailbox compare equal.

    NFC, lower case, the domain in its ASCII (IDNA) form. The local part is lowered, not casefolded:
    casefolding makes strasse of straße, which is another mailbox. Dots and plus tags are kept: only
    the owner of the mail server knows what they mean. Raises NotAnAddress.
    """
    address = _trimmed(address)
    local, at, domain = address.rpartition("@")
    if not at:
        raise NotAnAddress("An e-mail address has an @ in it.")
    local = _normal_local(local)
    domain = normalise_domain(domain)
    if len(local.encode()) + 1 + len(domain) > MAX_ADDRESS:
        raise NotAnAddress(f"An e-mail address has at most {MAX_ADDRESS} bytes.")
    return f"{local}@{domain}"


def normalise_domain(domain: str) -> str:
    """The one spelling of a mail domain: lower case, ASCII (IDNA 2008), no final dot. Raises NotAnAddress."""
    domain = _trimmed(domain)
    if not domain.isascii():
        domain = _ascii_form(domain)
    domain = domain.removesuffix(".").lower()
    if len(domain) > MAX_DOMAIN or not _DOMAIN_ASCII.fullmatch(domain):
        raise NotAnAddress("The part after the @ is not a domain name.")
    return domain


def _trimmed(text: str) -> str:
    text = text.strip().strip(INVISIBLE_EDGE).strip()
    if len(text) > MAX_ADDRESS:
        raise NotAnAddress(f"An e-mail address has at most {MAX_ADDRESS} bytes.")
    return text


def _normal_local(local: str) -> str:
    if local.isascii():
        local = local.lower()
        visible = local
    else:
        local = normalize("NFC", normalize("NFC", local).lower())
        # RFC 6531 lets any character beyond ASCII stand where a letter may; not the unseen ones.
        visible = "".join("x" if not c.isascii() and category(c)[0] not in "CZ" else c for c in local)
    if not _LOCAL_ASCII.fullmatch(visible) or len(local.encode()) > MAX_LOCAL:
        raise NotAnAddress("The part before the @ is not one that a mailbox can have.")
    return local


def _ascii_form(domain: str) -> str:
    try:
        return idna.encode(domain, uts46=True, std3_rules=True).decode("ascii")
    except UnicodeError as error:
        raise NotAnAddress("The part after the @ is not a domain name.") from error


def formula_safe(cell: str) -> str:
    """The cell as a spreadsheet shows it and never runs it.

    A cell that begins with = + - @, their full-width forms, a tab or a line break gets an apostrophe in
    front (OWASP, CSV Injection). So does one that begins with apostrophes before such a character: that
    makes the change reversible, and formula_plain(formula_safe(cell)) == cell for every cell.
    """
    return "'" + cell if _FORMULA.match(cell) else cell


def formula_plain(cell: str) -> str:
    """The inverse of formula_safe: takes the one apostrophe away that it put there."""
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell


def tidy(text: str, most: int) -> str:
    """One line of visible text: NFC, no control characters, white space as one space, cut at `most`."""
    if not (text.isascii() and text.isprintable()):
        text = _UNSEEN.sub("", normalize("NFC", text))
    if "  " in text or not text.isprintable():
        text = _SPACES.sub(" ", text)
    return text.strip()[:most].rstrip()
