"""The day on which somebody is back, in the words of their auto-reply."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbox.return_dates import return_date

SENT = date(2025, 4, 30)  # a Wednesday

DATES = [
    ("I am currently away, returning to the office on May 5th.", (2025, 5, 5)),
    ("I will be out of the office from 1 May and back on Monday, May 12th, 2025.", (2025, 5, 12)),
    ("I am out of the office until 2025-05-09 with limited access.", (2025, 5, 9)),
    ("On vacation from 05/01/2025 to 05/20/2025.", (2025, 5, 20)),
    ("I'm away until 12/05/2025", (2025, 5, 12)),
    ("I will be back Monday", (2025, 5, 5)),
    ("away until 12 may at 9:00", (2025, 5, 12)),
    ("I will return on January 7.", (2026, 1, 7)),
    ("Ich bin bis zum 05.05.2025 nicht im Büro.", (2025, 5, 5)),
    ("Ich bin bis einschließlich 9. Mai abwesend", (2025, 5, 9)),
    ("Ab dem 12.05. bin ich wieder erreichbar", (2025, 5, 12)),
    ("Je suis absent du 1er au 9 mai 2025 inclus.", (2025, 5, 9)),
    ("Je serai de retour le lundi 12 mai.", (2025, 5, 12)),
    ("Estaré fuera de la oficina hasta el 5 de mayo de 2025", (2025, 5, 5)),
    ("Estarei de volta em 7 de maio", (2025, 5, 7)),
    ("Sono fuori ufficio fino al 9 maggio", (2025, 5, 9)),
    ("Ik ben afwezig tot en met 7 mei", (2025, 5, 7)),
    ("Jag är tillbaka den 12 maj", (2025, 5, 12)),
    ("Jeg er tilbage den 12. maj", (2025, 5, 12)),
    ("Jestem nieobecny do 9 maja 2025", (2025, 5, 9)),
    ("Lomalla 9.5. asti", (2025, 5, 9)),
    ("Jsem mimo kancelář do 9. května", (2025, 5, 9)),
    ("Я в отпуске до 12 мая", (2025, 5, 12)),
    ("5月10日まで休暇をいただいております", (2025, 5, 10)),
    ("我将于2025年5月6日返回办公室", (2025, 5, 6)),
    ("5월 7일까지 휴가입니다", (2025, 5, 7)),
]


@pytest.mark.parametrize(("text", "expected"), DATES)
def test_the_date_of_return_is_read(text, expected):
    assert return_date(text, SENT) == date(*expected)


@pytest.mark.parametrize(
    "text",
    [
        "until further notice",
        "back at 10:30",
        "I am back on track",
        "call +49 30 12.05.99 until noon",
        "until 31 February",
        "back on 12 May 2031",
        "Since 3 March 2019 our office is in Halle",
        "",
    ],
)
def test_what_is_no_date_of_return_is_none(text):
    assert return_date(text, SENT) is None


def test_a_date_without_a_year_is_not_guessed_without_a_date_of_sending():
    assert return_date("back on 5 May", None) is None
    assert return_date("back on 5 May 2025", None) == date(2025, 5, 5)


@given(st.text(alphabet="untilbackon 0123456789./-maiyjne,thd月日", max_size=300), st.dates())
def test_no_text_raises(text, sent):
    found = return_date(text, sent)

    assert found is None or -8 < (found - sent).days <= 400
