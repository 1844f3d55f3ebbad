"""Bytes of unknown honesty into text: charsets, encoded words, one-line headers. Nothing here raises."""

import base64
import codecs
import re
from quopri import decodestring

MAX_HEADER = 8_192  # characters of one header that are looked at; the rest is cut
MAX_IDS = 200
MAX_ID = 998

_ALIASES = {
    "ansi": "cp1252",
    "unicode": "utf-8",
    "utf": "utf-8",
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "x-sjis": "cp932",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "windows-31j": "cp932",
    "x-euc-jp": "euc_jp",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "x-mac-roman": "mac-roman",
    "cp-850": "cp850",
    "iso-2022-jp": "iso2022_jp_ext",
}

# Python knows encodings that are no charset of a mail, and some of them are slow on purpose-made input.
_CHARSETS = re.compile(
    r"utf-(?:7|8|8-sig|16|16-le|16-be|32|32-le|32-be)|ascii|big5|big5hkscs|gb18030|gb2312|gbk|hz|tis-620"
    r"|cp\d{3,4}|iso8859-\d{1,2}|iso2022_[a-z0-9_]{2,8}|koi8-[rut]|mac-[a-z]{3,9}"
    r"|euc_(?:jp|kr|jis_2004|jisx0213)|shift_jis(?:_2004|x0213)?|johab|kz1048|ptcp154"
)

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufeff]")
_BLANKS = re.compile(r"[\s\x85\u2028\u2029]+")
_WORD = re.compile(r"=\?([^?\s*]{1,40})(?:\*[^?\s]{0,10})?\?([bBqQ])\?([^?]*)\?=")
_WIDE = re.compile("[\u0080-\ufffc]")
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,998}>")


def decode_bytes(data: bytes, charset: str = "") -> str:
    """The text. A charset that is unknown or does not fit is replaced by the likeliest one."""
    declared = _codec(charset)
    likely = "iso2022_jp_ext" if b"\x1b$" in data else "utf-8"
    for codec in (declared if declared != "ascii" else "", likely):
        text = _strictly(data, codec) if codec else None
        if text is not None:
            return scrub(text)
    if declared in ("", "ascii", "utf-8"):
        return scrub(_mostly_utf8(data))
    return scrub(data.decode(declared, "replace"))


def scrub(text: str) -> str:
    """Without characters that no database or page can hold; line ends as newline."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(raw: str) -> str:
    """A header as one line of text: unfolded, encoded words decoded, no control characters.

    `raw` is what the parser of the standard library gives: ASCII, other bytes as surrogates.
    What comes out is for reading; it must not go into a new header.
    """
    text = _decoded_words(raw[:MAX_HEADER])
    return _BLANKS.sub(" ", scrub(text)).strip()


def message_ids(raw: str) -> tuple[str, ...]:
    """Every <id> in a raw header, in order, each once."""
    found = dict.fromkeys(_MESSAGE_ID.findall(raw[: MAX_HEADER * 4]))
    return tuple(found)[:MAX_IDS]


def transfer_decoded(text: str, encoding: str) -> bytes:
    """The bytes of a part whose payload is `text` (ASCII, other bytes as surrogates)."""
    data = raw_bytes(text)
    if encoding == "base64":
        return _from_base64(data)
    if encoding == "quoted-printable":
        return decodestring(data)
    return data


def raw_bytes(text: str) -> bytes:
    """The bytes that the parser of the standard library made `text` of."""
    return text.encode("utf-8", "surrogateescape")


def _codec(charset: str) -> str:
    name = charset.strip().strip("'\"").lower()
    name = _ALIASES.get(name, name)
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return ""
    return found if _CHARSETS.fullmatch(found) else ""


def _strictly(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, LookupError):
        return None


def _mostly_utf8(data: bytes) -> str:
    """UTF-8 with a broken byte here and there, or else a western single-byte charset."""
    text = data.decode("utf-8", "replace")
    return text if len(_WIDE.findall(text)) >= text.count("\ufffd") else data.decode("cp1252", "replace")


def _decoded_words(raw: str) -> str:
    pieces: list[str] = []
    charset, pending, end = "", b"", 0
    for word in _WORD.finditer(raw):
        between = raw[end : word.start()]
        if between.strip() or word[1].lower() != charset:
            pieces.append(decode_bytes(pending, charset))
            pending = b""
        if between.strip() or not end:
            pieces.append(decode_bytes(raw_bytes(between)))
        # A character may be split over two words: decode them together.
        charset, pending, end = word[1].lower(), pending + _word_bytes(word[2], word[3]), word.end()
    pieces.append(decode_bytes(pending, charset))
    pieces.append(decode_bytes(raw_bytes(raw[end:])))
    return "".join(pieces)


def _word_bytes(encoding: str, text: str) -> bytes:
    if encoding in "bB":
        return _from_base64(raw_bytes(text))
    return decodestring(raw_bytes(text.replace("_", " ")), header=True)


_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def _from_base64(data: bytes) -> bytes:
    digits = _NOT_BASE64.sub(b"", data)
    digits = digits[: len(digits) - (len(digits) % 4 == 1)]
    return base64.b64decode(digits + b"=" * (-len(digits) % 4))
