"""Mail that says that mail did not arrive: is it that, for whom, and for how long.

About half of all bounces carry a delivery report (RFC 3464). The others are known by who sends them, how they
are titled, what they say and that they return the message: any two of those are enough, one never is, so that
a person's answer about a bounce stays an answer.
"""

import re
from dataclasses import dataclass

from mailbox.bounce_texts import explanation, original_id, recipient_in, returned_headers
from mailbox.delivery_reports import DELAYED, DeliveryReport, Reported, address_in, delivery_report
from mailbox.diagnostics import UNKNOWN, Severity, Verdict, by_status, judged, reply_code_in, status_in
from mailbox.parsing import ParsedMail
from mailbox.phrases import begins, plain, says, words

SENDERS = words("bounces", "senders")
MAYBE_SENDERS = words("bounces", "maybe senders")
MACHINES = SENDERS + MAYBE_SENDERS
SUBJECTS = words("bounces", "subjects")
PHRASES = words("bounces", "phrases")
DELAYS = words("bounces", "delays")

ENOUGH = 4
OPENING = 250  # characters in which a machine comes to the point

_ANSWER_MARKS = (
    "re:",
    "re :",
    "aw:",
    "antw:",
    "sv:",
    "vs:",
    "fw:",
    "fwd:",
    "wg:",
    "tr:",
    "rv:",
    "rif:",
    "res:",
    "odp:",
)
_SMTP_REPLY = re.compile(r"\b[45]\d\d[ -]#?[45]\.\d\.\d|\b55[0-4][ -]|<<< [45]\d\d|\(#5\.\d\.\d\)|smtp error")


@dataclass(frozen=True, slots=True)
class Bounce:
    """`message_id` is that of the message which did not arrive. `diagnostic` is the server's own sentence."""

    severity: Severity
    reason: str
    recipient: str | None
    status: str | None
    message_id: str | None
    diagnostic: str


def bounce_in(mail: ParsedMail) -> Bounce | None:
    """The bounce that a mail is, or None."""
    report = delivery_report(mail)
    if report.is_good_news or (mail.report_type == "disposition-notification" and not _is_rejection(mail)):
        return None
    is_declared = report.failures or mail.get("x-failed-recipients")
    if not is_declared and _is_plainly_an_answer(mail):
        return None
    text = explanation(mail)
    if not is_declared and _points(mail, text) < ENOUGH:
        return None
    if report.failures:
        return _reported_bounce(mail, report, text)
    verdict = _verdict(mail, text, judged(text, status_in(text)))
    return Bounce(
        severity=verdict.severity,
        reason=verdict.reason,
        recipient=recipient_in(mail, text),
        status=status_in(text) or _by_reason(verdict.reason, text),
        message_id=original_id(mail),
        diagnostic=" ".join(text.split())[:500],
    )


def _reported_bounce(mail: ParsedMail, report: DeliveryReport, text: str) -> Bounce:
    first = _most_telling(mail, report.failures)
    told = status_in(first.diagnostic)
    status = told if told and (not first.status or first.status.endswith(".0.0")) else first.status
    verdict = judged(first.diagnostic) if first.diagnostic else UNKNOWN
    if verdict == UNKNOWN:
        verdict = judged(text, status)
        if verdict.severity is Severity.POLICY:  # as the footers of virus scanners have it
            verdict = by_status(status)
    if first.action == DELAYED:
        verdict = Verdict(Severity.SOFT, verdict.reason if verdict.severity is Severity.SOFT else "delayed")
    elif _is_vague(verdict) and by_status(status).severity is Severity.HARD:
        verdict = by_status(status)
    return Bounce(
        severity=verdict.severity,
        reason=verdict.reason,
        recipient=_recipient_of(mail, first, text),
        status=status or None,
        message_id=report_id(report) or original_id(mail),
        diagnostic=first.diagnostic[:500] or " ".join(text.split())[:500],
    )


def report_id(report: DeliveryReport) -> str:
    """The Message-ID that the report itself names, if it is one."""
    return report.message_id if re.fullmatch(r"<[^<>\s]+>", report.message_id) else ""


def _is_vague(verdict: Verdict) -> bool:
    return verdict.reason in ("unknown", "temporary", "system", "expired", "network", "content")


def _most_telling(mail: ParsedMail, failures: tuple[Reported, ...]) -> Reported:
    """The recipient whom the returned message was written to, else the first."""
    written_to = address_in(returned_headers(mail).get("to", ("",))[0]).lower()
    return next((one for one in failures if written_to in map(str.lower, one.recipients)), failures[0])


def _recipient_of(mail: ParsedMail, reported: Reported, text: str) -> str | None:
    written_to = address_in(returned_headers(mail).get("to", ("",))[0])
    known = {address.lower(): address for address in reversed(reported.recipients)}
    return known.get(written_to.lower()) or next(iter(reported.recipients), None) or recipient_in(mail, text)


def _points(mail: ParsedMail, text: str) -> int:
    """How much speaks for a bounce that carries no report."""
    sender, subject, said = _sender(mail), plain(mail.get("subject")), plain(text)
    automatic = plain(mail.get("auto-submitted"))
    points = 2 if says(sender, SENDERS) or _is_nobody(mail) else 1 if says(sender, MAYBE_SENDERS) else 0
    points += 2 if says(subject, SUBJECTS) else 0
    points += 2 if says(said, PHRASES) else 0
    points += 1 if says(said[:OPENING], PHRASES) else 0
    points += 1 if _SMTP_REPLY.search(said) else 0
    points += 2 if says(automatic, ("(failure)", "(rejected)")) else 0
    points += 1 if mail.get("return-path") == "<>" else 0
    points += 1 if mail.report_type == "delivery-status" else 0
    if begins(subject, _ANSWER_MARKS) and not says(sender, SENDERS):
        points -= 3 if mail.ids else 1
    points -= 3 * _is_from_a_person(mail, sender)
    return points + 1 if points == ENOUGH - 1 and returned_headers(mail) else points


def _is_plainly_an_answer(mail: ParsedMail) -> bool:
    """From a person and under a subject of theirs: whatever such a text says does not make a bounce of it."""
    return _is_from_a_person(mail, _sender(mail)) and not says(plain(mail.get("subject")), SUBJECTS)


def _sender(mail: ParsedMail) -> str:
    return plain(" ".join((mail.get("from"), mail.get("sender"), mail.get("return-path"))))


def _is_nobody(mail: ParsedMail) -> bool:
    """No sender at all, as the null return path is written into From by some."""
    return "from" in mail.headers and "@" not in mail.get("from") and not mail.get("from").strip("<> ")


def _is_from_a_person(mail: ParsedMail, sender: str) -> bool:
    """It answers a message, and neither its sender nor its headers are a machine's."""
    machine = says(sender, MACHINES) or mail.get("auto-submitted") or mail.get("return-path") == "<>"
    return bool(mail.ids) and not machine


def _is_rejection(mail: ParsedMail) -> bool:
    """A mail filter refuses by a notice of deletion (RFC 5429), where others send a bounce."""
    subject = plain(mail.get("subject"))
    return says(plain(mail.get("auto-submitted")), ("(rejected)",)) or says(
        subject, ("rejected mail", "mail rejected")
    )


def _verdict(mail: ParsedMail, text: str, verdict: Verdict) -> Verdict:
    said = plain(mail.get("subject") + " " + text)
    if verdict == UNKNOWN:
        verdict = judged(mail.get("subject"))
    if verdict.severity is not Severity.HARD and says(said, DELAYS):
        return Verdict(Severity.SOFT, verdict.reason if verdict.severity is Severity.SOFT else "delayed")
    return verdict


_STATUS_OF = {
    "user-unknown": "5.1.1",
    "host-unknown": "5.1.2",
    "moved": "5.1.6",
    "message-too-large": "5.3.4",
}


def _by_reason(reason: str, text: str) -> str | None:
    if reason == "mailbox-full":
        return "4.2.2" if reply_code_in(text).startswith("4") else "5.2.2"
    return _STATUS_OF.get(reason)
