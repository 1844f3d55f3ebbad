"""What a person wrote, without what they quote and how they sign."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbox.quoting import visible_text

QUOTE = "> Hello Bert,\n> is your warehouse full?\n>\n> Olga\n"
UNMARKED = "Hello Bert,\nis your warehouse full?\n\nOlga\n"

INTRODUCTIONS = [
    "On Wed, Apr 30, 2025 at 9:00 AM Olga <olga@acme.example> wrote:",
    "On 30 Apr 2025, at 09:00, Olga <olga@acme.example> wrote:",
    "On 04/30/2025 09:00 AM, Olga wrote:",
    "On Wed, Apr 30, 2025 at 9:00 AM Olga <\nolga@acme.example> wrote:",
    "On Wed, Apr 30, 2025 at 9:00 AM, Olga\n<olga-with-a-very-long-address-indeed@acme.example>\nwrote:",
    "---- On Wed, 30 Apr 2025 09:00:00 +0200 Olga <olga@acme.example> wrote ----",
    "Olga <olga@acme.example> wrote on 30.04.2025 09:00:",
    "Am 30.04.2025 um 09:00 schrieb Olga <olga@acme.example>:",
    "Am Mi., 30. Apr. 2025 um 09:00 Uhr schrieb Olga <\nolga@acme.example>:",
    "Olga <olga@acme.example> schrieb am Mi., 30. Apr. 2025 um 09:00 Uhr:",
    "Den 30. apr. 2025 kl. 09.00 skrev Olga <olga@acme.example>:",
    "ons. 30. apr. 2025 kl. 09:00 skrev Olga <olga@acme.example>:",
    "På 30 april 2025 på 09:00:18, Olga (olga@acme.example) skrev:",
    "Den ons 30 apr. 2025 kl 09:00 skrev Olga <olga@acme.example>:",
    "ke 30. huhtik. 2025 klo 9.00 Olga (olga@acme.example) kirjoitti:",
    "Le mer. 30 avr. 2025 à 09:00, Olga <olga@acme.example> a écrit :",
    "Le 30/04/2025 09:00, Olga a écrit\u00a0:",
    "El mié, 30 abr 2025 a las 9:00, Olga (<olga@acme.example>) escribió:",
    "Em qua., 30 de abr. de 2025 às 09:00, Olga <olga@acme.example>\nescreveu:",
    "Il giorno mer 30 apr 2025 alle ore 09:00 Olga <olga@acme.example>\nha scritto:",
    "Op wo 30 apr. 2025 om 09:00 schreef Olga <olga@acme.example>:",
    "Op 30 apr. 2025 om 09:00 heeft Olga <olga@acme.example> het volgende geschreven:",
    "śr., 30 kwi 2025 o 09:00 Olga <olga@acme.example> napisał(a):",
    "W dniu 30.04.2025 o 09:00, Olga pisze:",
    "st 30. 4. 2025 v 9:00 odesílatel Olga <olga@acme.example> napsal:",
    "ср, 30 апр. 2025 г. в 09:00, Olga <olga@acme.example>:",
    "30.04.2025 09:00, Olga пишет:",
    "30 апреля 2025 г. 9:00 пользователь Olga <olga@acme.example> написал:",
    "Olga <olga@acme.example>, 30 Nis 2025 Çar, 09:00 tarihinde şunu yazdı:",
    "2025年4月30日(水) 9:00 Olga <olga@acme.example>:",
    "2025/04/30 9:00、Olga <olga@acme.example>のメール:",
    "在 2025年4月30日，上午9:00，Olga <olga@acme.example> 写道：",
    "Olga <olga@acme.example> 于2025年4月30日周三 09:00写道：",
    "2025년 4월 30일 (수) 오전 9:00, Olga <olga@acme.example>님이 작성:",
    "2025-04-30 9:00 GMT+02:00 Olga <olga@acme.example>:",
    "Olga via Acme wrote:",
]


@pytest.mark.parametrize("introduction", INTRODUCTIONS)
@pytest.mark.parametrize("quote", [QUOTE, UNMARKED], ids=["marked", "unmarked"])
def test_an_introduced_quote_is_left_out(introduction, quote):
    assert visible_text(f"Yes, half of it.\n\n{introduction}\n\n{quote}") == "Yes, half of it."


BLOCKS = [
    "From: Olga <olga@acme.example>\nSent: Wednesday, April 30, 2025 9:00 AM\nTo: Bert\nSubject: Your warehouse",
    "*From:* Olga\n*Sent:* Wednesday, April 30, 2025\n*To:* Bert\n*Subject:* Your warehouse",
    "Von: Olga\nGesendet: Mittwoch, 30. April 2025 09:00\nAn: Bert\nBetreff: Your warehouse",
    "De : Olga\nEnvoyé : mercredi 30 avril 2025 09:00\nÀ : Bert\nObjet : Your warehouse",
    "De: Olga\nEnviado el: miércoles, 30 de abril de 2025 9:00\nPara: Bert\nAsunto: Your warehouse",
    "De: Olga\nEnviada em: quarta-feira, 30 de abril de 2025\nPara: Bert\nAssunto: Your warehouse",
    "Da: Olga\nInviato: mercoledì 30 aprile 2025\nA: Bert\nOggetto: Your warehouse",
    "Van: Olga\nVerzonden: woensdag 30 april 2025\nAan: Bert\nOnderwerp: Your warehouse",
    "Fra: Olga\nSendt: 30. april 2025 09:00\nTil: Bert\nEmne: Your warehouse",
    "Från: Olga\nSkickat: den 30 april 2025\nTill: Bert\nÄmne: Your warehouse",
    "Lähettäjä: Olga\nLähetetty: keskiviikko 30. huhtikuuta 2025\nVastaanottaja: Bert\nAihe: Your warehouse",
    "Od: Olga\nWysłano: środa, 30 kwietnia 2025\nDo: Bert\nTemat: Your warehouse",
    "Od: Olga\nOdesláno: středa 30. dubna 2025\nKomu: Bert\nPředmět: Your warehouse",
    "От: Olga\nОтправлено: 30 апреля 2025 г.\nКому: Bert\nТема: Your warehouse",
    "Kimden: Olga\nGönderildi: 30 Nisan 2025\nKime: Bert\nKonu: Your warehouse",
    "差出人: Olga\n送信日時: 2025年4月30日\n宛先: Bert\n件名: Your warehouse",
    "发件人： Olga\n发送时间： 2025年4月30日\n收件人： Bert\n主题： Your warehouse",
    "보낸 사람: Olga\n보낸 날짜: 2025년 4월 30일\n받는 사람: Bert\n제목: Your warehouse",
    "________________________________\nFrom: Olga\nSent: Wednesday, April 30, 2025\nTo: Bert\nSubject: Your warehouse",
    "-----Original Message-----\nFrom: Olga",
    "----- Ursprüngliche Nachricht -----",
    "-------- Originalnachricht --------",
    "-------- Message d'origine --------",
    "-----Mensaje original-----",
    "-----Messaggio originale-----",
    "-----Oorspronkelijk bericht-----",
    "-----Oprindelig meddelelse-----",
    "-----Ursprungligt meddelande-----",
    "-----Alkuperäinen viesti-----",
    "-----Původní zpráva-----",
    "-------- Исходное сообщение --------",
    "------------------ 原始邮件 ------------------",
    "Begin forwarded message:",
]


@pytest.mark.parametrize("block", BLOCKS)
def test_below_a_block_of_headers_or_a_separator_nothing_is_the_persons(block):
    assert visible_text(f"Ja, halb.\n\n{block}\n\n{UNMARKED}") == "Ja, halb."


@pytest.mark.parametrize(
    "text",
    [
        "On Monday I wrote to you about three things:\n- the roof\n- the door",
        "From: my perspective it is fine.\nTo be honest, I like it.",
        "He said at 10:30: no.\nThen he left.",
        "Prices:\nRoof: 10\nDoor: 20",
        "Let us look at the original message again, shall we?",
        "One outstanding question remains, see https://a.example/on/2025/wrote:x",
        "Visit us:\n>>> >>>  http://www.theatre.example <<<\nSee you there",
        "The date: we should talk about it.",
        "| roof | 10 |\n| door | 20 |",
        "Thanks — I will -- as you said -- come.",
    ],
)
def test_ordinary_sentences_are_no_quotes(text):
    assert visible_text(text) == text


def test_answers_between_and_below_marked_quotes_are_kept():
    text = (
        "Hi Olga, see below.\n\nOn Wed, Apr 30, 2025 at 9:00 AM Olga <olga@acme.example> wrote:\n"
        "> is your warehouse full?\n\nHalf of it.\n\n> can we talk on Tuesday?\n\nYes, at ten.\n\n-- \nBert\nTheatre\n"
    )

    assert visible_text(text) == "Hi Olga, see below.\n\nHalf of it.\n\nYes, at ten."


def test_an_answer_below_the_quote_is_kept():
    assert visible_text(f"On 04/30/2025 09:00 AM, Olga wrote:\n\n{QUOTE}\nHalf of it.") == "Half of it."


def test_an_answer_may_share_a_line_with_the_introduction():
    text = f"Half of it. On Wed, Apr 30, 2025 at 9:00 AM, olga@acme.example wrote:\n{QUOTE}"

    assert visible_text(text) == "Half of it."


def test_a_name_alone_introduces_only_a_marked_quote():
    assert visible_text(f"Olga wrote:\n\n{QUOTE}\nHalf of it.") == "Half of it."
    assert visible_text("Olga wrote:\nthat is all I know.") == "Olga wrote:\nthat is all I know."


OURS = (
    "Hello Bert,\n\nyou opened a second warehouse in Halle last month.\nIs the first one full by now?\n"
    "We rent out shelves by the week, and could bring forty of them.\n\nOlga"
)


def test_our_own_text_ends_the_answer_even_without_any_mark():
    text = "Half of it.\n\nHello Bert,\n\nyou opened a second warehouse in Halle last\nmonth. Is the first one full by now?\n"

    assert visible_text(text, OURS) == "Half of it."
    assert "second warehouse" in visible_text(text)


def test_answers_between_our_unmarked_lines_are_kept():
    text = (
        "See below.\n\nFrom: Olga\nSent: Wednesday, April 30, 2025\nTo: Bert\nSubject: Your warehouse\n\n"
        "you opened a second warehouse in Halle last month.\nIs the first one full by now?\nNO, ONLY HALF.\n"
        "We rent out shelves by the week, and could bring forty of them.\n"
    )

    assert visible_text(text, OURS) == "See below.\n\nNO, ONLY HALF."


def test_an_answer_below_our_unmarked_text_is_kept():
    assert visible_text(f"{OURS}\n\nOnly half of it.\n", OURS) == "Only half of it."


def test_one_sentence_of_ours_that_somebody_picks_does_not_end_the_answer():
    text = "You ask:\nIs the first one full by now?\nNo, only half."

    assert visible_text(text, OURS).endswith("No, only half.")


def test_a_forwarded_message_without_a_word_is_shown_whole():
    text = "---------- Forwarded message ----------\nFrom: Olga <olga@acme.example>\n\nHello"

    assert visible_text(text) == text


SIGNATURES = [
    "-- \nBert Brecht\nTheatre",
    "--\nBert",
    "\u2014\nBert",
    "_______________________________________________\nTheatre mailing list",
    "Sent from my iPhone",
    "Sent from Outlook for Android",
    "Get Outlook for iOS<https://aka.ms/o0ukef>",
    "Von meinem iPhone gesendet",
    "Gesendet mit der mobilen Mail App",
    "Envoyé de mon iPhone",
    "Enviado desde mi iPhone",
    "Enviado do meu iPhone",
    "Inviato da iPhone",
    "Verstuurd vanaf mijn iPhone",
    "Wysłane z iPhone'a",
    "Skickat från min iPhone",
    "Sendt fra min iPhone",
    "Lähetetty iPhonesta",
    "Odesláno z iPhonu",
    "Отправлено с iPhone",
    "iPhone'umdan gönderildi",
    "iPhoneから送信",
    "发自我的 iPhone",
    "나의 iPhone에서 보냄",
]


@pytest.mark.parametrize("signature", SIGNATURES)
def test_signatures_are_left_out(signature):
    assert visible_text(f"Half of it.\n\n{signature}\n\n{QUOTE}") == "Half of it."


@pytest.mark.parametrize(
    "text",
    [
        "one\n-----\n" + "\n".join(f"line {number}" for number in range(30)),
        "The first part.\n\n________________________\n\nThe second part.\n\nBest regards,\nBert",
    ],
)
def test_a_rule_that_parts_an_answer_is_no_signature(text):
    assert visible_text(text) == text


@given(st.text(), st.none() | st.text())
def test_any_text_has_a_visible_part(text, our_text):
    seen = visible_text(text, our_text)

    assert len(seen) <= len(text) + 1


@given(
    st.lists(
        st.sampled_from(
            [*INTRODUCTIONS, *BLOCKS, "> quoted", "answer", "", "-- ", "From: x", ">", "a@b.example:"]
        )
    )
)
def test_any_mixture_of_marks_is_read(lines):
    text = "\n".join(lines)

    assert visible_text(text).count("\n") <= text.count("\n")
