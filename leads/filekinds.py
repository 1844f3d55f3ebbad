"""Files that people upload in place of a CSV, told by their first bytes and refused in a sentence."""

import re

EXCEL = "This is an Excel workbook. In Excel choose File > Save As > CSV UTF-8 and upload that."
OPEN_DOCUMENT = (
    "This is an OpenDocument spreadsheet. In LibreOffice choose File > Save As > Text CSV and upload that."
)
NUMBERS = "This is a Numbers document. In Numbers choose File > Export To > CSV and upload that."
ARCHIVE = "This is a compressed archive. Unpack it and upload the CSV file that is inside."
IMAGE = "This is an image. Upload the table itself as a CSV file."
WEB_PAGE = "This is a web page. Open it in a spreadsheet, save it as CSV UTF-8 and upload that."
_LATER = " Upload a CSV file instead."

_MAGIC = (
    (b"%PDF-", "This is a PDF document." + _LATER),
    (b"\x1f\x8b", ARCHIVE),
    (b"BZh91AY&SY", ARCHIVE),
    (b"\xfd7zXZ\x00", ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", ARCHIVE),
    (b"Rar!\x1a\x07", ARCHIVE),
    (b"\x28\xb5\x2f\xfd", ARCHIVE),
    (b"\x89PNG\r\n\x1a\n", IMAGE),
    (b"\xff\xd8\xff", IMAGE),
    (b"GIF87a", IMAGE),
    (b"GIF89a", IMAGE),
    (b"II*\x00", IMAGE),
    (b"MM\x00*", IMAGE),
    (b"SQLite format 3\x00", "This is an SQLite database." + _LATER),
    (b"PAR1\x15", "This is a Parquet file." + _LATER),
    (b"{\\rtf", "This is a formatted text document." + _LATER),
    (b"\x7fELF", "This is a program." + _LATER),
    (b"MZ\x90\x00", "This is a program." + _LATER),
    (b"\xff\xfe\x00\x00", "This file is in UTF-32. Save it as CSV UTF-8 and upload that."),
    (b"\x00\x00\xfe\xff", "This file is in UTF-32. Save it as CSV UTF-8 and upload that."),
)
_XML_EXCEL = b"urn:schemas-microsoft-com:office:spreadsheet"
_HTML = re.compile(rb"<(?:!--|(?:!doctype\s+html|html|head|body|table|meta|script)\b)", re.IGNORECASE)
_XML = re.compile(rb"<\?xml\b", re.IGNORECASE)
_JSON = re.compile(rb'(?:\{\s*(?:"(?:[^"\\]|\\.)*"\s*:|\})|\[\s*(?:[\[{\]]|"(?:[^"\\]|\\.)*"\s*[,\]]))')


def refusal(head: bytes) -> str | None:
    """The sentence for a file that is plainly not a CSV, or None. `head` is its first kilobytes."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zipped(head)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return EXCEL
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return IMAGE
    for magic, sentence in _MAGIC:
        if head.startswith(magic):
            return sentence
    return _markup(_as_bytes(head).lstrip())


def _zipped(head: bytes) -> str:
    if b"opendocument" in head:
        return OPEN_DOCUMENT
    if b"Index/" in head or b".iwa" in head:
        return NUMBERS
    if b"xl/" in head or (b"[Content_Types].xml" in head and b"word/" not in head and b"ppt/" not in head):
        return EXCEL
    return ARCHIVE


def _as_bytes(head: bytes) -> bytes:
    """The text without its mark and, where it is UTF-16, without the zero bytes between its letters."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[2:].replace(b"\x00", b"")
    return head.removeprefix(b"\xef\xbb\xbf")


def _markup(text: bytes) -> str | None:
    if _XML_EXCEL in text[:2048]:
        return EXCEL
    if _HTML.match(text):
        return WEB_PAGE
    if _XML.match(text):
        return "This is an XML file." + _LATER
    if _JSON.match(text):
        return "This is a JSON file." + _LATER
    if text[:11].upper() == b"BEGIN:VCARD":
        return "This is a vCard file. Import it into an address book and export the contacts as CSV."
    return None
