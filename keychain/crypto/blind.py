"""The blind index: keyed fingerprints by which sealed values are found without being opened.

Every workspace has an index key; every column has a subkey of it. A fingerprint is HMAC-SHA256: all 32
bytes for addresses and domains, the first 8 as a signed integer for words. Equal values of one column
of one workspace have equal fingerprints. So a thief of the table learns which rows share a value or
the start of a word, and how often, but no value, and nothing across columns or workspaces.

Words: the text is decomposed (NFKD), casefolded and stripped of accents; every run of letters and
digits is a word. It is indexed as a whole and by its prefixes of 4 to 16 letters. A word with an
apostrophe is indexed joined and in parts: O'Brien is found as obrien, o'brien and brien.

An index key may have several parts of 32 bytes: it was changed. Each part after the first is a link, under
which the fingerprint so far is fingerprinted again. So a changed key applies to what is stored already, also
where nobody knows the value any more (`relinked`), and who has an old key can make no new fingerprint. The
fingerprint of an address or a domain then begins with the number of parts, in 4 bytes.
"""

import re
from collections.abc import Iterable
from struct import Struct
from typing import Final, NoReturn, final
from unicodedata import category, normalize

from keychain.crypto.mac import Key, Mac
from keychain.crypto.secret import Secret
from paitho.lib.text import normalise_domain, normalise_email

PART: Final = 32
SHORTEST_PREFIX: Final = 4
LONGEST_PREFIX: Final = 16
MOST_WORDS: Final = 100  # of one value; what a longer text says after them is not found
MOST_REMEMBERED: Final = 20_000
MOST_TEXTS: Final = 5_000
LONGEST_REMEMBERED: Final = 80  # characters of a text

LABEL: Final = b"paitho blind index 1 "
WHOLE: Final = b"w"
PREFIX: Final = b"p"

RUN: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
UNSEEN: Final = {"Mn", "Mc", "Me", "Cf"}
# Letters that Unicode does not decompose, and two other ways to write an apostrophe.
PLAIN: Final = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "ħ": "h",
        "ŧ": "t",
        "\u0131": "i",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
    }
    | {"\u2019": "'", "\u02bc": "'"}
)

_first_int = Struct(">q").unpack_from


@final
class BlindIndex:
    """The fingerprints of one workspace.

    It holds the key, and the words it has seen: let it live as long as the request or the import.
    """

    __slots__ = ("_columns", "_domain_mac", "_domains", "_email_mac", "_links", "_subkey")

    def __init__(self, index_key: Key) -> None:
        first, *links = parts_of(index_key)
        self._subkey = Mac(first)
        self._email_mac = Mac(self._subkey(LABEL + b"email"))
        self._domain_mac = Mac(self._subkey(LABEL + b"domain"))
        self._links = [_Link(part, number) for number, part in enumerate(links, 2)]
        self._columns: dict[str, _Column] = {}
        self._domains: dict[str, bytes] = {}  # many leads share one

    def _email(self, address: bytes) -> bytes:
        return self.relinked(self._email_mac(address), 1)

    def _domain(self, domain: bytes) -> bytes:
        return self.relinked(self._domain_mac(domain), 1)

    @property
    def version(self) -> int:
        """How many parts the key has."""
        return len(self._links) + 1

    def version_of(self, fingerprint: bytes) -> int:
        """By how many parts of the key the fingerprint of an address or a domain was made."""
        number = int.from_bytes(fingerprint[:4], "big")
        return number if 2 <= number <= self.version else 1

    def relinked(self, fingerprint: bytes, version: int) -> bytes:
        """What a fingerprint that `version` parts made is under the whole key."""
        for link in self._links[version - 1 :]:
            fingerprint = link.fingerprint(fingerprint)
        return fingerprint

    def relinked_words(self, words: Iterable[int], version: int) -> list[int]:
        """As `relinked`, for the numbers of words."""
        links = self._links[version - 1 :]
        return sorted({_linked(number, links) for number in words})

    def email(self, address: str) -> bytes:
        """32 bytes, the same for every spelling of the address. NotAnAddress (a ValueError) if it is none."""
        return self._email(normalise_email(address).encode())

    def domain(self, address_or_domain: str) -> bytes:
        """32 bytes, the same for a domain and for every address in it. NotAnAddress if it is neither."""
        if "@" in address_or_domain:
            domain = normalise_email(address_or_domain).rpartition("@")[2]
        else:
            domain = normalise_domain(address_or_domain)
        return self._domain(domain.encode())

    def both(self, normal: str) -> tuple[bytes, bytes]:
        """`email` and `domain` of an address that is in its one spelling already: for bulk loads."""
        name = normal.rpartition("@")[2]
        domain = self._domains.get(name)
        if domain is None:
            if len(self._domains) >= MOST_TEXTS:
                self._domains.clear()
            domain = self._domains[name] = self._domain(name.encode())
        return self._email(normal.encode()), domain

    def value(self, column: str, text: str) -> bytes:
        """32 bytes for a whole text of that column, as it is: the caller brings it into one spelling."""
        mac = Mac(self._subkey(LABEL + b"value " + column.encode()))
        return self.relinked(mac(text.encode("utf-8", "surrogatepass")), 1)

    def words(self, column: str, text: str) -> list[int]:
        """What to store for a value: signed 64-bit integers, sorted, each once."""
        return sorted(self._column(column).of_text(text))

    def spelled(self, column: str, text: str) -> str:
        """`words` as they stand between the braces of a PostgreSQL array: for bulk loads."""
        return self._column(column).spelled(text)

    def probe(self, column: str, word: str, *, whole: bool = False) -> int:
        """What to look for: values with a word that starts so, or that is so if `whole`.

        A word of fewer than 4 letters is found as a whole only; of more than 16, the first 16 count.
        ValueError if the text is not one word.
        """
        words = _queried_words(word)
        if len(words) != 1:
            raise ValueError("A probe is one word.")
        return self._column(column).probe(words[0], whole=whole)

    def probes(self, column: str, text: str) -> list[int]:
        """What to look for, all of it, for a query of any number of words; empty for none."""
        probe = self._column(column).probe
        return sorted({probe(word, whole=False) for word in _queried_words(text)[:MOST_WORDS]})

    def _column(self, name: str) -> "_Column":
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = _Column(
                self._subkey(LABEL + b"words " + name.encode()), self._links
            )
        return column

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("A BlindIndex holds a key; it is not serialised.")


class _Column:
    """The words of one column. Names and titles repeat, so what was computed is remembered."""

    __slots__ = ("_known", "_links", "_mac", "_spelled")

    def __init__(self, key: bytes, links: "list[_Link]") -> None:
        self._mac = Mac(key)
        self._links = links
        self._known: dict[str, list[int]] = {}
        self._spelled: dict[str, str] = {}

    def probe(self, word: str, *, whole: bool) -> int:
        if whole or len(word) < SHORTEST_PREFIX:
            return _linked(_number(self._mac(WHOLE + word.encode())), self._links)
        return _linked(_number(self._mac(PREFIX + word[:LONGEST_PREFIX].encode())), self._links)

    def of_text(self, text: str) -> set[int]:
        """The terms of each word of a text."""
        return {term for word in _stored_words(text)[:MOST_WORDS] for term in self.terms(word)}

    def spelled(self, text: str) -> str:
        found = self._spelled.get(text)
        if found is None:
            found = ",".join(map(str, sorted(self.of_text(text))))
            if len(text) <= LONGEST_REMEMBERED:
                if len(self._spelled) >= MOST_TEXTS:
                    self._spelled.clear()
                self._spelled[text] = found
        return found

    def terms(self, word: str) -> list[int]:
        known = self._known.get(word)
        if known is None:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            known = self._known[word] = [_linked(_number(code), self._links) for code in self._codes(word)]
        return known

    def _codes(self, word: str) -> list[bytes]:
        codes = [self._mac(WHOLE + word.encode())]
        if len(word) >= SHORTEST_PREFIX:
            before = SHORTEST_PREFIX - 1
            steps = [letter.encode() for letter in word[before:LONGEST_PREFIX]]
            codes += self._mac.growing(PREFIX + word[:before].encode(), steps)
        return codes


class _Link:
    """One part of a changed key."""

    __slots__ = ("_known", "_mac", "_number", "_words")

    def __init__(self, key: bytes, number: int) -> None:
        subkey = Mac(key)
        self._mac = Mac(subkey(LABEL + b"link"))
        self._words = Mac(subkey(LABEL + b"link of words"))
        self._number = number.to_bytes(4, "big")
        self._known: dict[int, int] = {}

    def fingerprint(self, before: bytes) -> bytes:
        return self._number + self._mac(before)[4:]

    def word(self, before: int) -> int:
        known = self._known.get(before)
        if known is None:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            known = self._known[before] = _number(self._words(before.to_bytes(8, "big", signed=True)))
        return known


def _linked(number: int, links: list[_Link]) -> int:
    for link in links:
        number = link.word(number)
    return number


def parts_of(index_key: Key) -> list[bytes]:
    """The first part and the links. ValueError unless they are whole."""
    raw = index_key.reveal_bytes() if isinstance(index_key, Secret) else bytes(index_key)
    if not raw or len(raw) % PART:
        del raw
        raise ValueError("An index key has parts of 32 bytes.")
    return [raw[at : at + PART] for at in range(0, len(raw), PART)]


def _number(code: bytes) -> int:
    number: int = _first_int(code)[0]
    return number


def _stored_words(text: str) -> list[str]:
    runs: list[str] = RUN.findall(_folded(text))
    if "'" not in text and text.isascii():
        return runs
    return [word for run in runs for word in {run.replace("'", ""): None} | dict.fromkeys(run.split("'"))]


def _queried_words(text: str) -> list[str]:
    return [run.replace("'", "") for run in RUN.findall(_folded(text))]


def _folded(text: str) -> str:
    """Lower case, without accents and without marks that no reader sees."""
    if text.isascii():
        return text.lower()
    text = normalize("NFKD", normalize("NFKD", text).casefold()).translate(PLAIN)
    return normalize("NFC", "".join(c for c in text if category(c) not in UNSEEN))
