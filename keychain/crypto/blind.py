"""The blind index: keyed fingerprints by which sealed values are found without being opened.

Every workspace has an index key; every column has a subkey of it. A fingerprint is HMAC-SHA256: all 32
bytes for addresses and domains, the first 8 as a signed integer for words. Equal values of one column
of one workspace have equal fingerprints. So a thief of the table learns which rows share a value or
the start of a word, and how often, but no value, and nothing across columns or workspaces.

Words: the text is decomposed (NFKD), casefolded and stripped of accents; every run of letters and
digits is a word. It is indexed as a whole and by its prefixes of 4 to 16 letters. A word with an
apostrophe is indexed joined and in parts: O'Brien is found as obrien, o'brien and brien.
"""

import re
from struct import Struct
from typing import Final, NoReturn, final
from unicodedata import category, normalize

from keychain.crypto.mac import Key, Mac
from paitho.lib.text import normalise_domain, normalise_email

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

    __slots__ = ("_columns", "_domain", "_email", "_subkey")

    def __init__(self, index_key: Key) -> None:
        self._subkey = Mac(index_key)
        self._email = Mac(self._subkey(LABEL + b"email"))
        self._domain = Mac(self._subkey(LABEL + b"domain"))
        self._columns: dict[str, _Column] = {}

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
        return self._email(normal.encode()), self._domain(normal.rpartition("@")[2].encode())

    def value(self, column: str, text: str) -> bytes:
        """32 bytes for a whole text of that column, as it is: the caller brings it into one spelling."""
        return Mac(self._subkey(LABEL + b"value " + column.encode()))(text.encode("utf-8", "surrogatepass"))

    def words(self, column: str, text: str) -> list[int]:
        """What to store for a value: signed 64-bit integers, sorted, each once."""
        return sorted(set(self._column(column).of_text(text)))

    def terms(self, column: str, text: str) -> tuple[int, ...]:
        """`words` in no order, some perhaps more than once: for bulk loads."""
        return self._column(column).of_text(text)

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
            column = self._columns[name] = _Column(self._subkey(LABEL + b"words " + name.encode()))
        return column

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("A BlindIndex holds a key; it is not serialised.")


class _Column:
    """The words of one column. Names and titles repeat, so what was computed is remembered."""

    __slots__ = ("_known", "_mac", "_texts")

    def __init__(self, key: bytes) -> None:
        self._mac = Mac(key)
        self._known: dict[str, list[int]] = {}
        self._texts: dict[str, tuple[int, ...]] = {}

    def probe(self, word: str, *, whole: bool) -> int:
        if whole or len(word) < SHORTEST_PREFIX:
            return _number(self._mac(WHOLE + word.encode()))
        return _number(self._mac(PREFIX + word[:LONGEST_PREFIX].encode()))

    def of_text(self, text: str) -> tuple[int, ...]:
        """The terms of each word of a text."""
        found = self._texts.get(text)
        if found is None:
            found = tuple([term for word in _stored_words(text)[:MOST_WORDS] for term in self.terms(word)])
            if len(text) <= LONGEST_REMEMBERED:
                if len(self._texts) >= MOST_TEXTS:
                    self._texts.clear()
                self._texts[text] = found
        return found

    def terms(self, word: str) -> list[int]:
        known = self._known.get(word)
        if known is None:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            known = self._known[word] = [_number(code) for code in self._codes(word)]
        return known

    def _codes(self, word: str) -> list[bytes]:
        codes = [self._mac(WHOLE + word.encode())]
        if len(word) >= SHORTEST_PREFIX:
            before = SHORTEST_PREFIX - 1
            steps = [letter.encode() for letter in word[before:LONGEST_PREFIX]]
            codes += self._mac.growing(PREFIX + word[:before].encode(), steps)
        return codes


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
