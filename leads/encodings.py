"""Which encoding a file is in: marks and strict UTF-8; for the rest, the reading that looks written.

An 8-bit file is read in each candidate encoding, and each character beyond ASCII is judged where it stands:
`é` between small letters is what people write, `Ž` or `³` in the middle of a word is not. The reading with
the least that nobody writes wins; when none is good, charset-normalizer is asked.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from unicodedata import category

from charset_normalizer import from_bytes

MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
BROKEN_UTF8 = "Some characters are not valid UTF-8; the rows that hold them are rejected."
ENOUGH = 16384  # bytes of evidence
_DOUBT = 0.45  # mean oddness above which no candidate is believed
_NEVER = 10.0  # the oddness of a character that cannot be

_WESTERN = (
    "àâæçéèêëîïôœùûüÿ",
    "äöüßé",
    "áéíñóúüçàèòï",
    "àèéìíòóùú",
    "áâãàçéêíóôõúü",
    "éëïóöüèáê",
    "åäöéõšžü",
    "æøåéäöü",
    "áðéíóúýþæö",
)
_CENTRAL = ("ąćęłńóśźż", "áčďéěíňóřšťúůýžäĺľôŕ", "áéíóöőúüű", "ăâîșțşţ", "čćšžđ", "äöüßé")
_RUSSIAN = ("абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґ",)
_SMALL = {  # the letters beyond ASCII of the languages that each encoding is used for
    "cp1252": _WESTERN,
    "iso8859_15": _WESTERN,
    "mac_roman": _WESTERN,
    "cp1250": _CENTRAL,
    "iso8859_2": _CENTRAL,
    "cp1254": ("çğıöşüâîû",),
    "cp1257": ("ąčęėįšųūž", "āčēģīķļņšūž", "õäöüšž"),
    "cp1253": ("αβγδεζηθικλμνξοπρςστυφχψωάέήίόύώϊϋΐΰ",),
    "cp1251": _RUSSIAN,
    "koi8_r": _RUSSIAN,
}
_WIDE = ("cp932", "cp949", "gb18030", "big5")
_BIAS = {"cp1252": 0.0, "iso8859_15": 0.02, "mac_roman": 0.05}  # and 0.1 for those that are rarer still
_NOT_LATIN = ("cp1253", "cp1251", "koi8_r")
_ACCEPTED = (
    frozenset(_SMALL)
    | frozenset(_WIDE)
    | {"cp1255", "cp1256", "cp1258", "cp874", "euc_jp", "cp866", "mac_cyrillic"}
)
_HIGH = re.compile(r"[^\x00-\x7f]")
_TOUCHING = re.compile(r"[A-Za-z](?=[^\W\d_a-zA-Z])|[^\W\d_a-zA-Z](?=[A-Za-z])")
_RUN = re.compile(r"[^\x00-\x7f]+")
_COMMON_SIGNS = "\u2018\u2019\u201c\u201d\u2013\u2014\u2026€\u00a0"
_SIGNS = _COMMON_SIGNS + "\u201e\u201a\u00ab\u00bb\u2022£©®™°§\u00b4·º²ª№"


@dataclass(frozen=True)
class Guess:
    """A Python codec; `damaged` when some bytes are not of it; what the person should know about it."""

    codec: str
    damaged: bool = False
    warning: str = ""


def marked(head: bytes) -> tuple[str, int] | None:
    """The encoding a byte order mark names, and the mark's length."""
    for mark, codec in MARKS:
        if head.startswith(mark):
            return codec, len(mark)
    return None


def unmarked_utf16(head: bytes) -> str | None:
    """UTF-16 without a mark: nearly every other byte is zero, because delimiters and line ends are ASCII."""
    head = head[: len(head) // 2 * 2]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) * 8 < len(head) // 2 or max(even, odd) < 4 * min(even, odd) or not head:
        return None
    codec = "utf-16-le" if odd > even else "utf-16-be"
    text = head.decode(codec, "replace")
    fits = "\ufffd" not in text[:-1] and "\x00" not in text and re.search("[\r\n,;\t|@]", text)
    return codec if fits else None


def guess(evidence: bytes, *, is_utf8: bool) -> Guess:
    """The encoding of a file without a mark; `evidence` is some of its lines that are not pure ASCII."""
    if is_utf8:
        return Guess("utf-8")
    if _mostly_utf8(evidence):
        return Guess("utf-8", damaged=True, warning=BROKEN_UTF8)
    odd = {codec: _oddness(evidence, codec) for codec in (*_SMALL, *_WIDE)}
    best = min(odd, key=lambda codec: odd[codec])
    if odd[best] <= _DOUBT:
        return Guess(best, damaged=_is_damaged(evidence, best))
    asked = _asked(evidence) or ("cp1252" if odd["cp1252"] < _NEVER else best)
    warning = f"The encoding is uncertain; this file is read as {asked}. Check the samples."
    return Guess(asked, damaged=True, warning=warning)


def _mostly_utf8(evidence: bytes) -> bool:
    text = evidence.decode("utf-8", "surrogateescape")
    broken = len(re.findall("[\udc80-\udcff]+", text))
    return len(_RUN.findall(text)) - broken > 3 * broken


def _is_damaged(evidence: bytes, codec: str) -> bool:
    try:
        evidence.decode(codec)
    except UnicodeDecodeError:
        return True
    return False


def _asked(evidence: bytes) -> str | None:
    found = from_bytes(evidence).best()
    return found.encoding if found and found.encoding in _ACCEPTED else None


def _oddness(evidence: bytes, codec: str) -> float:
    """How odd the text beyond ASCII looks in this reading: 0 is plain writing, 10 cannot be."""
    text = evidence.decode(codec, "surrogateescape")
    if codec in _WIDE:
        return _wide_oddness(text, codec)
    chars = _HIGH.findall(text)
    found = Counter(chars)
    everyone = frozenset("".join(_SMALL[codec]) + "".join(_SMALL[codec]).upper())
    foreign = min(sum(_outside(language, found)) for language in _SMALL[codec])
    apart = codec not in _NOT_LATIN
    total = 0.4 * foreign + sum(_odd(*place, everyone, apart=apart) for place in _places(text))
    return min(total / max(len(chars), 1), _NEVER) + _BIAS.get(codec, 0.1)


def _outside(language: str, found: Counter[str]) -> Iterator[int]:
    return (count for char, count in found.items() if char.isalpha() and char.lower() not in language)


def _places(text: str) -> list[tuple[str, str, str]]:
    padded = f" {text} "
    return [
        (padded[m.start() - 1], m[0], padded[m.end()]) for m in _HIGH.finditer(padded, 1, len(padded) - 1)
    ]


def _odd(before: str, char: str, after: str, home: frozenset[str], *, apart: bool) -> float:
    """`apart`: letters beyond ASCII are rare in this alphabet and mostly stand among ASCII ones."""
    if "\udc80" <= char <= "\udcff" or category(char) == "Cc":
        return _NEVER
    if char in _SIGNS:
        return _sign_odd(before, char, after)
    if char not in home:
        return 1.5
    mixed = (char.isupper() and before.islower()) or (char.islower() and after.isupper())
    odd = 1.5 if mixed else 0.0
    if apart:
        return odd + 0.35 * (before in home or after in home)
    return odd + 1.5 * ((before.isascii() and before.isalpha()) or (after.isascii() and after.isalpha()))


def _sign_odd(before: str, char: str, after: str) -> float:
    """An apostrophe stands in O'Brien and it's; other signs do not stand inside a word."""
    if not (before.isalpha() and after.isalpha()):
        return 0.0 if char in _COMMON_SIGNS else 0.3
    if char in "\u2019\u2013":
        return 0.0 if after.isupper() or after in "stmdrvl" else 0.3
    return 1.5


def _wide_oddness(text: str, codec: str) -> float:
    """Two-byte encodings: kana, Hangul and the common characters of each are plain, the rest is odd."""
    chars = _HIGH.findall(text)
    if not chars:
        return _NEVER
    total = sum(_wide_odd(char, codec) for char in chars)
    touching = len(_TOUCHING.findall(text))
    return min((total + touching) / len(chars), _NEVER) + 0.1


def _wide_odd(char: str, codec: str) -> float:
    if "\udc80" <= char <= "\udcff" or category(char) in ("Cc", "Co", "Cn"):
        return _NEVER
    if "\u3000" <= char <= "\u30ff":
        return 0 if codec == "cp932" or char < "\u3040" else 0.3
    if "\uac00" <= char <= "\ud7a3":
        return 0 if codec == "cp949" else 3
    if "\uff01" <= char <= "\uff5e":
        return 0.2
    if "\u4e00" <= char <= "\u9fff":
        return _rare_ideograph(char.encode(codec), codec)
    return 1.5


def _rare_ideograph(code: bytes, codec: str) -> float:
    """Each standard lists its everyday characters first: JIS and GB level 1, Big5's first plane."""
    lead = code[0]
    if codec == "cp932":
        return 0 if 0x88 <= lead <= 0x97 else 1.5
    if codec == "gb18030":
        return 0 if 0xB0 <= lead <= 0xD7 and len(code) == 2 and code[1] >= 0xA1 else 1.5
    if codec == "big5":
        return 0.1 if 0xA4 <= lead <= 0xC6 else 1.5
    return 0.6
