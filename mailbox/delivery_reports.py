"""The machine-readable half of a delivery report (RFC 3464), as broken as it comes."""

import re
from dataclasses import dataclass

from mailbox.decoding import one_line
from mailbox.parsing import ParsedMail
from mailbox.phrases import words

MAX_REPORTED = 100

FAILED = "failed"
DELAYED = "delayed"
ARRIVED = frozenset({"delivered", "relayed", "expanded"})

_FIELD = re.compile(r"[ \t>]{0,4}([A-Za-z][A-Za-z0-9-]{2,40})[ \t]?:[ \t]{0,99}(.{0,2000})")
_WANTED = frozenset(words("mime", "fields of a delivery report"))
_ADDRESS = re.compile(r"[^\s<>()\"',;:\[\]]{1,64}@[^\s<>()\"',;:\[\]@]{1,255}")


@dataclass(frozen=True, slots=True)
class Reported:
    """What a report says about one recipient. Fields that it leaves out are empty."""

    action: str
    status: str
    diagnostic: str
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    reported: tuple[Reported, ...]
    message_id: str

    @property
    def failures(self) -> tuple[Reported, ...]:
        """Those that failed, or else those that are late."""
        failed = tuple(one for one in self.reported if one.action == FAILED)
        return failed or tuple(one for one in self.reported if one.action == DELAYED)

    @property
    def is_good_news(self) -> bool:
        """It arrived: a report that was asked for, and no bounce."""
        return bool(self.reported) and all(one.action in ARRIVED for one in self.reported)


def delivery_report(mail: ParsedMail) -> DeliveryReport:
    """The report in a mail's delivery-status part, or in its text where the MIME is broken. May be empty."""
    kinds = ("delivery-status", "delivery_status")
    texts = [part.text for part in mail.parts if part.kind.endswith(kinds) or _is_named_report(part.name)]
    if not texts:
        texts = [text for text in _all_texts(mail) if "reporting-mta:" in text.lower()]
    blocks = [fields for text in texts for fields in _blocks(text)]
    ids = (fields.get("original-message-id") or fields.get("x-original-message-id", "") for fields in blocks)
    return DeliveryReport(
        tuple(one for one in map(_reported, blocks) if one is not None)[:MAX_REPORTED],
        next(filter(None, ids), ""),
    )


def _all_texts(mail: ParsedMail) -> list[str]:
    """Where a report may stand if the MIME is broken, or if a gateway wrapped the bounce into another."""
    sender = mail.get("from").lower()
    is_wrapper = any(name in sender for name in ("daemon", "postmaster", "mail delivery"))
    return [mail.text, *(part.text for part in mail.parts if is_wrapper and part.kind == "message/rfc822")]


def address_in(value: str) -> str:
    """The address in a field such as "rfc822; <olga@acme.example>", or the empty string."""
    found = _ADDRESS.search(value.replace("+2B", "+"))
    return found[0].strip(".") if found else ""


def _is_named_report(name: str) -> bool:
    return name.lower() in (
        "dsn_status",
        "delivery-status",
        "delivery status.txt",
        "details.txt",
        "delivery_status.txt",
    )


def _blocks(text: str) -> list[dict[str, str]]:
    """Groups of fields. Blank lines part them, and so does a second Final-Recipient."""
    blocks: list[dict[str, str]] = [{}]
    name = ""
    for line in text.split("\n")[:4_000]:
        found = _FIELD.match(line)
        if found and found[1].lower() in _WANTED:
            name = found[1].lower()
            if name == "final-recipient" and name in blocks[-1]:
                blocks.append({})
            blocks[-1].setdefault(name, found[2].strip())
        elif name and line[:1] in (" ", "\t") and line.strip():
            blocks[-1][name] = f"{blocks[-1][name][:4_000]} {line.strip()}"
        else:
            name = ""
            if not line.strip() and blocks[-1].keys() & {"final-recipient", "original-recipient", "action"}:
                blocks.append({})
    return blocks


def _reported(fields: dict[str, str]) -> Reported | None:
    names = ("original-recipient", "final-recipient", "x-actual-recipient", "x-display-name")
    recipients = tuple(
        dict.fromkeys(filter(None, (address_in(one_line(fields.get(name, ""))) for name in names)))
    )
    action = fields.get("action", "").split("(")[0].split(";")[0].strip().lower()
    status = re.search(r"[245]\.\d{1,3}\.\d{1,3}", fields.get("status", ""))
    if not (action or status) and "final-recipient" not in fields:
        return None
    code = status[0] if status else ""
    if action not in (FAILED, DELAYED) and action not in ARRIVED:
        action = {"5": FAILED, "4": DELAYED, "2": "delivered"}.get(code[:1], FAILED)
    details = (
        fields.get("diagnostic-code", ""),
        fields.get("x-supplementary-info", ""),
        fields.get("x-notes", ""),
    )
    return Reported(action, code, one_line(" ".join(filter(None, details))), recipients)
