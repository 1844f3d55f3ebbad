"""The words with which people say no more."""

import pytest

from mailbox.optout_words import opts_out
from mailbox.triage import triage
from tests.mailbox.reading.letters import letter

OUT = [
    "STOP",
    "stop.",
    "Unsubscribe",
    "unsubscribe please",
    "Please unsubscribe me from this list.",
    "Hi Olga,\n\nplease remove me from your mailing list.\n\nBert",
    "Take me off your list. How did you get my address?",
    "Do not contact me again!",
    "I don't want to receive any more of this. Opt out.",
    "Abmelden",
    "Bitte keine weiteren Mails.",
    "Bitte löschen Sie meine Daten und schreiben Sie mir nicht mehr.",
    "Nehmen Sie mich bitte aus dem Verteiler.",
    "Désinscription",
    "Merci de me désinscrire de vos envois.",
    "Veuillez me retirer de votre liste.",
    "Por favor, darme de baja",
    "No me envíe más correos.",
    "Por favor, não me envie mais e-mails.",
    "Cancellatemi dalla lista, grazie",
    "Graag uitschrijven",
    "Proszę o usunięcie mojego adresu.",
    "Ta bort mig från listan",
    "Afmeld mig, tak",
    "Poistakaa minut listalta",
    "Odhlaste mě prosím",
    "Отпишите меня от рассылки",
    "配信停止をお願いします",
    "请不要再发邮件",
    "退订",
    "수신거부",
    "Beni listeden çıkarın",
]

IN = [
    "Don't stop, this is great!",
    "Stop by our booth on Monday.",
    "Please don't remove me from your list, I like it.",
    "Our unsubscribe rate is 2 %, what is yours?",
    "How can people unsubscribe from your mails?",
    "Can you remove the second paragraph and send it again?",
    "I cannot stop thinking about it. Tuesday is fine.",
    "Yes, on Tuesday.",
    "Remove the shelves on Friday, then call me.",
    "Ich melde mich am Dienstag.",
    "",
    "Cancel the meeting on Monday, let us take Tuesday.",
    "Thanks. "
    + "We talked about it at length and like the idea. " * 12
    + "Some of us say they want to unsubscribe from other lists.",
]


@pytest.mark.parametrize("text", OUT)
def test_who_says_no_more_is_understood(text):
    assert opts_out(text)


@pytest.mark.parametrize("text", IN)
def test_who_talks_about_something_else_is_not_suppressed(text):
    assert not opts_out(text)


def test_the_words_may_stand_in_the_subject_of_an_empty_mail():
    assert opts_out("", "Unsubscribe")
    assert opts_out("Bert Brecht", "Re: unsubscribe")
    assert not opts_out("", "Re: Your warehouse")


def test_our_own_footer_in_the_quote_is_nobodys_wish():
    """The guard: every mail of ours says "unsubscribe", and every answer quotes it."""
    raw = letter(
        "Yes, on Tuesday.\n\nOn Wed, Apr 30, 2025 at 9:00 AM Olga <olga@acme.example> wrote:\n"
        "> Is it full?\n> Unsubscribe: https://acme.example/u/1\n"
    )

    assert not triage(raw).opts_out
    assert triage(raw.replace(b"Yes, on Tuesday.", b"unsubscribe")).opts_out
