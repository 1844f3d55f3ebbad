"""Header fields as bytes that every server reads the same way (RFC 5322, RFC 2047).

The standard library's generator is not used for them: it writes long References as encoded words, which
breaks threads in Outlook, and puts encoded words inside addresses.
"""

import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from unicodedata import category

from paitho.lib.text import NotAnAddress, normalise_domain

LINE = 78  # RFC 5322 section 2.1.1, without the CRLF
ENCODED_LINE = 76  # RFC 2047 section 2, for a line that holds an encoded word
ENCODED_WORD = 75
LONGEST_LINE = 998
MAX_SUBJECT = 900
MAX_NAME = 300

LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
REFERENCE = re.compile(r"<[!-;=?-~]+>")
ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
Q_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
UNSAFE = ("Cc", "Cs", "Zl", "Zp")  # controls, halves of characters, line and paragraph separators


class CannotRender(ValueError):
    """A message that must not be sent as it is; the sentence may be shown."""


@dataclass(frozen=True)
class Person:
    """A name as people write it, possibly empty, and an address."""

    name: str
    address: str


def field(name: str, value: str) -> bytes:
    """One field on one line, for values that are ASCII already."""
    line = f"{name}: {value}"
    if len(line) > LONGEST_LINE:
        raise CannotRender(f"The {name} header is too long.")
    return line.encode("ascii") + b"\r\n"


def subject_field(subject: str) -> bytes:
    """The subject, folded; runs of spaces become one."""
    subject = re.sub(" +", " ", subject).strip(" ")
    if len(subject) > MAX_SUBJECT:
        raise CannotRender(f"The subject is longer than {MAX_SUBJECT} characters.")
    refuse_unsafe("subject", subject)
    if needs_encoding(subject) or any(len(word) > LONGEST_LINE - 10 for word in subject.split(" ")):
        words = encoded_words(subject, len("Subject: "))
        return "Subject: {}\r\n".format("\r\n ".join(words)).encode("ascii")
    return folded("Subject:", subject.split(" "))


def person_field(name: str, person: Person) -> bytes:
    """From or To with a single mailbox."""
    address = ascii_address(person.address)
    words = [*phrase(person.name, len(name) + 2), f"<{address}>"]
    return folded(f"{name}:", words if len(words) > 1 else [address])


def ids_field(name: str, ids: Iterable[str]) -> bytes:
    """References or In-Reply-To: each id whole, none of them encoded."""
    return folded(f"{name}:", ids)


def is_reference(message_id: str) -> bool:
    """Real ids have brackets inside or no @; spaces, quotes of lines and other alphabets cannot be sent."""
    return REFERENCE.fullmatch(message_id) is not None and len(message_id) <= LONGEST_LINE - 20


def checked_id(message_id: str) -> str:
    if not is_reference(message_id) or "@" not in message_id:
        raise CannotRender("A Message-ID looks like <left@right>, without spaces.")
    return message_id


def ascii_address(address: str) -> str:
    """The address as it goes over the wire: the domain in its IDNA form, the local part untouched."""
    local, at, domain = address.rpartition("@")
    if not at:
        raise CannotRender("An e-mail address has an @ in it.")
    if not local.isascii():
        raise CannotRender(
            "The part before the @ has characters outside ASCII; most mail servers cannot deliver to it."
        )
    if not LOCAL_PART.fullmatch(local) or len(local) > 64:
        raise CannotRender("The part before the @ is not one that mail servers agree on.")
    try:
        return f"{local}@{normalise_domain(domain)}"
    except NotAnAddress as error:
        raise CannotRender(str(error)) from error


def domain_of(person: Person) -> str:
    return ascii_address(person.address).rpartition("@")[2]


def phrase(name: str, used: int) -> list[str]:
    """A display name as atoms, one quoted string, or encoded words."""
    name = re.sub(" +", " ", name).strip(" ")
    refuse_unsafe("name", name)
    if len(name) > MAX_NAME:
        raise CannotRender(f"The name is longer than {MAX_NAME} characters.")
    if not name:
        return []
    if needs_encoding(name):
        return encoded_words(name, used)
    if ATOMS.fullmatch(name):
        return name.split(" ")
    return ['"{}"'.format(re.sub(r'(["\\])', r"\\\1", name))]


def needs_encoding(text: str) -> bool:
    """Not ASCII, or so written that a reader would decode it."""
    return not text.isascii() or "=?" in text


def refuse_unsafe(what: str, text: str) -> None:
    """No value can end its header and begin another one."""
    if any(category(char) in UNSAFE for char in text):
        raise CannotRender(f"The {what} holds a line break or another control character.")


def folded(head: str, words: Iterable[str]) -> bytes:
    """Words separated by single spaces, in lines as short as they allow."""
    lines, line = [], head
    for word in words:
        if (
            len(line) + 1 + len(word) > (ENCODED_LINE if "=?" in word or "=?" in line else LINE)
            and line != head
        ):
            lines.append(line)
            line = ""
        line += " " + word
    return "\r\n".join([*lines, line]).encode("ascii") + b"\r\n"


def encoded_words(text: str, used: int) -> list[str]:
    """The text as encoded words, the first of which leaves room for what stands before it on its line."""
    encode = min((q_word, b_word), key=lambda encoding: len(encoding(text)))
    words, begin = [], 0
    room = ENCODED_LINE - used
    for end in range(1, len(text) + 1):
        if len(encode(text[begin:end])) > room:
            words.append(encode(text[begin : end - 1]))
            begin, room = end - 1, ENCODED_WORD
    return [*words, encode(text[begin:])]


def q_word(text: str) -> str:
    """RFC 2047 section 4.2, with the letters that section 5 (3) allows in names."""
    codes = (
        chr(byte) if byte in Q_PLAIN else "_" if byte == 32 else f"={byte:02X}" for byte in text.encode()
    )
    return "=?utf-8?q?{}?=".format("".join(codes))


def b_word(text: str) -> str:
    return f"=?utf-8?b?{b64encode(text.encode()).decode()}?="
