"""The words of a refusal decide what it means for the address."""

import pytest

from mailbox.diagnostics import Severity, by_status, judged, reply_code_in, status_in

HARD = [
    "550 5.1.1 <b@t.example>: Recipient address rejected: User unknown in local recipient table",
    "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
    "550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1 double-checking",
    "550 Requested action not taken: mailbox unavailable",
    "554 delivery error: This user doesn't have a yahoo.com account (b@t.example) [0]",
    "550 No Such User Here",
    "550 Unrouteable address",
    "Host or domain name not found. Name service error for name=t.example type=A: Host not found",
    "DNS Error: DNS type 'mx' lookup of t.example responded with code NXDOMAIN",
    "556 5.1.10 <b@t.example>: Recipient address rejected: Domain t.example does not accept mail (nullMX)",
    "550 this mailbox is no longer valid",
    "551 5.1.6 user has moved; please try <new@t.example>",
    "511 Adresse inconnue, adresse d au moins un destinataire invalide",
    "550 Der Empfänger existiert nicht",
    "550 El usuario no existe",
    "550 Utente sconosciuto",
    "550 nieznany użytkownik",
    "550 пользователь не найден",
    "宛先不明",
    "收件人地址不存在",
    "450 4.1.1 <b@t.example>: Recipient address rejected: User unknown in virtual mailbox table",
]

SOFT = [
    ("552 5.2.2 The email account that you tried to reach is over quota", "mailbox-full"),
    ("550 5.1.1 Mailbox full, user unknown to have space", "mailbox-full"),
    ("Das Postfach ist voll", "mailbox-full"),
    ("Boîte du destinataire pleine", "mailbox-full"),
    ("送信先のメールボックスが一杯", "mailbox-full"),
    ("552 5.3.4 Message size exceeds fixed maximum message size (10485760)", "message-too-large"),
    ("451 4.7.1 Greylisting in action, please come back later", "greylisted"),
    ("421 4.7.28 unusual rate of unsolicited mail", "rate-limited"),
    ("450 too many connections from your IP", "rate-limited"),
    ("554 5.4.6 Hop count exceeded - possible mail loop", "loop"),
    ("connect to mx.t.example[192.0.2.1]:25: Connection refused", "network"),
    ("Host not found, try again", "network"),
    ("retry timeout exceeded", "expired"),
    ("550 5.2.1 The email account that you tried to reach is disabled", "disabled"),
    ("450 4.2.1 mailbox unavailable", "temporary"),
    ("451 local error in processing", "system"),
    ("552 5.1.1 Boite du destinataire pleine. Recipient overquota. OFR_417", "mailbox-full"),
    ("550 5.5.0 Le compte du destinataire est bloque. The recipient account isblocked.", "disabled"),
    ("554 30 Sorry, your message cannot be delivered. This mailbox is disabled (554.30)", "disabled"),
    (
        "421 Trop de connexions, veuillez verifier votre configuration. Too many connections, slow down",
        "rate-limited",
    ),
    ("550 Domain frequency limited [192.0.2.1]", "rate-limited"),
    ("something that nobody ever said", "unknown"),
]

POLICY = [
    ("550 5.7.26 This mail is unauthenticated, SPF did not pass", "authentication"),
    ("550 5.7.515 Access denied, sending domain does not meet the required authentication level", None),
    ("554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", None),
    ("550 5.7.1 Message content rejected, UBE, id=0000-01", "spam"),
    ("554 5.7.1 <b@t.example>: Relay access denied", "relaying-denied"),
    ("550 5.1.8 <olga@acme.example>: Sender address rejected: Domain not found", "sender-refused"),
    ("550 5.7.1 Email rejected due to security policies", "policy"),
    ("501 5.1.0 Emetteur invalide. Invalid Sender. OFR004_405", "sender-refused"),
    ("553 5.7.2 [TSS09] All messages from 192.0.2.25 will be permanently deferred", "sender-refused"),
    ("550 5.1.1 RCP-P2 Refused due to recipient preferences", "policy"),
    ("550 Mail is rejected by recipients", None),
    ("550 Your IP has been blocked for poor reputation", "blocked"),
]


@pytest.mark.parametrize("text", HARD)
def test_who_is_gone_for_good_is_hard(text):
    assert judged(text).severity is Severity.HARD


@pytest.mark.parametrize(("text", "reason"), SOFT)
def test_what_may_pass_is_soft(text, reason):
    """The guard: a full mailbox or a filter says 5.x.x, too, and must not suppress anybody."""
    verdict = judged(text, status_in(text))

    assert (verdict.severity, verdict.reason) == (Severity.SOFT, reason)


@pytest.mark.parametrize(("text", "reason"), POLICY)
def test_what_is_about_the_sender_is_policy(text, reason):
    verdict = judged(text, status_in(text))

    assert verdict.severity is Severity.POLICY
    assert reason in (None, verdict.reason)


@pytest.mark.parametrize(
    "host", ["quota-full.example", "spam.example", "blocked.example", "no-such-user.example"]
)
def test_words_in_an_address_say_nothing(host):
    assert judged(f"<bert@{host}>: 550 5.1.1 user unknown").reason == "user-unknown"


@pytest.mark.parametrize(
    ("status", "severity"),
    [
        ("5.1.1", "hard"),
        ("5.1.2", "hard"),
        ("5.2.2", "soft"),
        ("5.7.1", "policy"),
        ("4.4.7", "soft"),
        ("5.0.0", "soft"),
        ("", "soft"),
    ],
)
def test_a_number_without_words_is_read_carefully(status, severity):
    assert by_status(status).severity == severity


def test_codes_are_found_among_other_numbers():
    assert status_in("mail 192.5.1.1 said 550-5.1.1 no") == "5.1.1"
    assert status_in("5.0.0 and then 5.2.2") == "5.2.2"
    assert status_in("version 5.1.2.3 of 2.0.12") == ""
    assert reply_code_in("[192.0.2.250] said: 452 4.2.2 full") == "452"
