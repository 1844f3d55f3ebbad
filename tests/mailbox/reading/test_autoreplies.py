"""Answers that no person wrote."""

from datetime import date

import pytest

from mailbox.triage import Kind, triage
from tests.mailbox.reading.letters import OURS, letter, report

AWAY = "Thank you for your message. I am out of the office until 12 May 2025 with limited access to email."

AUTOMATIC = {
    "auto-submitted": letter(AWAY, auto_submitted="auto-replied"),
    "auto-submitted with a parameter": letter(AWAY, auto_submitted="Auto-Replied (vacation); owner-email=x"),
    "auto-generated": letter("Ticket #7 was opened.", auto_submitted="auto-generated"),
    "x-autoreply": letter(AWAY, x_autoreply="yes"),
    "x-autorespond": letter("Thanks!", x_autorespond="Re: Your warehouse"),
    "precedence": letter(AWAY, precedence="auto_reply"),
    "bulk and absent": letter(AWAY, precedence="bulk"),
    "null return path and absent": letter(AWAY, return_path="<>"),
    "suppress and absent": letter(AWAY, x_auto_response_suppress="All"),
    "english": letter("I'll be back.", subject="Automatic reply: Your warehouse"),
    "english office": letter("I'll be back.", subject="Out of Office: Your warehouse"),
    "german": letter("Ich bin zurück am 12.05.", subject="Automatische Antwort: Your warehouse"),
    "german absence": letter("Bis bald.", subject="Abwesenheitsnotiz: Your warehouse"),
    "french": letter("À bientôt.", subject="Réponse automatique : Your warehouse"),
    "spanish": letter("Hasta pronto.", subject="Respuesta automática: Your warehouse"),
    "portuguese": letter("Até breve.", subject="Resposta automática: Your warehouse"),
    "italian": letter("A presto.", subject="Risposta automatica: Your warehouse"),
    "dutch": letter("Tot snel.", subject="Automatisch antwoord: Your warehouse"),
    "polish": letter("Pozdrawiam.", subject="Odpowiedź automatyczna: Your warehouse"),
    "swedish": letter("Hej.", subject="Automatiskt svar: Your warehouse"),
    "danish": letter("Hej.", subject="Automatisk svar: Your warehouse"),
    "finnish": letter("Terve.", subject="Automaattinen vastaus: Your warehouse"),
    "czech": letter("Ahoj.", subject="Automatická odpověď: Your warehouse"),
    "hungarian": letter("Szia.", subject="Automatikus válasz: Your warehouse"),
    "turkish": letter("Selam.", subject="Otomatik Yanıt: Your warehouse"),
    "russian": letter("До скорого.", subject="Автоматический ответ: Your warehouse"),
    "greek": letter("Γεια.", subject="Αυτόματη απάντηση: Your warehouse"),
    "japanese": letter("よろしく。", subject="自動応答: Your warehouse"),
    "chinese": letter("谢谢。", subject="自动回复: Your warehouse"),
    "korean": letter("감사합니다.", subject="자동 회신: Your warehouse"),
    "hebrew": letter("שלום", subject="תשובה אוטומטית: Your warehouse"),
    "vacation confessed": letter(f"This is an automatic reply. {AWAY}", subject="Re: Your warehouse"),
    "in brackets": letter(
        "Pozdrawiam.", subject="[Automatyczna =?iso-8859-2?Q?odpowied=BC?=] Your warehouse"
    ),
    "a challenge": letter(
        "This account is protected by a filter. Please click on the link below.", subject="RE: Your warehouse"
    ),
    "read receipt": letter(
        "--b\nContent-Type: text/plain\n\nYour message was read.\n--b\nContent-Type: message/disposition-notification\n\n"
        f"Final-Recipient: rfc822;bert@theatre.example\nOriginal-Message-ID: {OURS}\n"
        "Disposition: manual-action/MDN-sent-manually; displayed\n--b--\n",
        subject="Read: Your warehouse",
        content_type="multipart/report; report-type=disposition-notification; boundary=b",
    ),
    "delivered": report("Final-Recipient: rfc822; bert@theatre.example\nAction: delivered\nStatus: 2.0.0\n"),
}


@pytest.mark.parametrize("case", AUTOMATIC)
def test_automatic_answers_are_known(case):
    assert triage(AUTOMATIC[case]).kind is Kind.AUTO_REPLY


BY_PEOPLE = {
    "auto-submitted no": letter("Yes.", auto_submitted="no"),
    "suppress alone": letter("Yes, gladly.", x_auto_response_suppress="DR, OOF, AutoReply"),
    "a person who is away": letter(
        "I am out of the office until Monday, let us talk then!", in_reply_to=OURS
    ),
    "a list": letter("I will be there.", precedence="bulk", list_id="<friends.example>"),
    "bulk alone": letter("Our news of April.", precedence="bulk", subject="News"),
    "a person who answers an auto-reply": letter("No hurry.", subject="Re: Automatic reply: Your warehouse"),
    "holidays as a topic": letter("Do you want to go with us?", subject="Holiday plans"),
    "a quoted note": letter(
        f"Enjoy!\n\nOn Tue, Apr 29, 2025 at 9:00 AM Olga <olga@acme.example> wrote:\n> This is an automatic reply. {AWAY}\n"
    ),
}


@pytest.mark.parametrize("case", BY_PEOPLE)
def test_what_people_write_is_no_automatic_answer(case):
    """The guard: presence of a header is no proof, and a person may be away, too."""
    assert triage(BY_PEOPLE[case]).kind is Kind.REPLY


def test_the_date_of_return_comes_with_the_note():
    seen = triage(letter(AWAY, subject="Automatic reply: Your warehouse", in_reply_to=OURS))

    assert seen.returns_on == date(2025, 5, 12)
    assert seen.reason == "absence"
    assert seen.message_id == OURS


def test_a_broken_date_of_sending_does_no_harm():
    seen = triage(letter(AWAY, auto_submitted="auto-replied", date="Mon, 99 Foo 0000 25:61:61 +9999"))

    assert seen.returns_on == date(2025, 5, 12)


def test_a_receipt_names_the_mail_that_it_is_about():
    assert triage(AUTOMATIC["read receipt"]).message_id == OURS
