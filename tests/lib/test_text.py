"""One spelling of an address, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paitho.lib.text import NotAnAddress, formula_plain, formula_safe, normalise_domain, normalise_email, tidy

SAME = [
    ("olga@acme.example", "olga@acme.example"),
    ("  Olga@ACME.Example\r\n", "olga@acme.example"),
    ("\ufeffolga@acme.example\u200b", "olga@acme.example"),
    ("\xa0olga@acme.example\xa0", "olga@acme.example"),
    ("olga@acme.example.", "olga@acme.example"),
    ("o.l.g.a+news@gmail.com", "o.l.g.a+news@gmail.com"),
    ("info@Bücher.example", "info@xn--bcher-kva.example"),
    ("info@bu\u0308cher.example", "info@xn--bcher-kva.example"),
    ("info@XN--BCHER-KVA.example", "info@xn--bcher-kva.example"),
    ("info@faß.example", "info@xn--fa-hia.example"),
    ("info@例え.テスト", "info@xn--r8jz45g.xn--zckzah"),
    ("info@acme。example", "info@acme.example"),
    ("JOSÉ@acme.example", "josé@acme.example"),
    ("jose\u0301@acme.example", "josé@acme.example"),
    ("Straße@acme.example", "straße@acme.example"),
    ("o'brien@acme.example", "o'brien@acme.example"),
    ("=?#/{x}~@acme.example", "=?#/{x}~@acme.example"),
    ("a@b.co", "a@b.co"),
    (f"{'x' * 64}@acme.example", f"{'x' * 64}@acme.example"),
    ("a@3com.com", "a@3com.com"),
]

NONE = [
    "",
    "   ",
    "olga",
    "@acme.example",
    "olga@",
    "olga@acme",
    "olga@@acme.example",
    "olga@home@acme.example",
    "Olga <olga@acme.example>",
    "<olga@acme.example>",
    "mailto:olga@acme.example",
    "olga@acme.example, eddy@acme.example",
    "olga@acme.example\nBcc: mole@rival.example",
    "olga\r\n@acme.example",
    "ol ga@acme.example",
    "ol\x00ga@acme.example",
    "ol\u200bga@acme.example",
    "é\u202e@acme.example",
    ".olga@acme.example",
    "olga.@acme.example",
    "ol..ga@acme.example",
    '"olga"@acme.example',
    "olga(work)@acme.example",
    "olga@[192.0.2.1]",
    "olga@192.0.2.1",
    "olga@acme..example",
    "olga@.example",
    "olga@-acme.example",
    "olga@acme-.example",
    "olga@ac_me.example",
    "olga@acme.example..",
    "olga@ac me.example",
    "olga@acme.example\u3002\u3002",
    f"{'x' * 65}@acme.example",
    f"{'é' * 33}@acme.example",
    f"olga@{'x' * 64}.example",
    f"olga@{'x.' * 125}example",
    f"{'x' * 64}@{('y' * 60 + '.') * 3}example",
    "olga@" + "ü" * 100_000 + ".example",
    "\ud800@acme.example",
    "olga@\ud800.example",
]


@pytest.mark.parametrize(("written", "normal"), SAME)
def test_an_address_has_one_spelling(written, normal):
    assert normalise_email(written) == normal


@pytest.mark.parametrize("written", NONE)
def test_what_is_no_address_is_refused_without_repeating_it(written):
    with pytest.raises(NotAnAddress) as refusal:
        normalise_email(written)

    assert isinstance(refusal.value, ValueError)
    assert len(written) < 4 or written not in str(refusal.value)


@given(st.text(), st.sampled_from(["acme.example", "bücher.example"]))
def test_normalising_twice_changes_nothing(local, domain):
    try:
        once = normalise_email(f"{local}@{domain}")
    except NotAnAddress:
        return

    assert normalise_email(once) == once
    assert once.isprintable()


@given(st.text())
def test_any_text_is_a_domain_or_a_refusal(text):
    try:
        once = normalise_domain(text)
    except NotAnAddress:
        return

    assert normalise_domain(once) == once
    assert once.isascii()


@pytest.mark.parametrize(
    "cell", ["=1+1", "+49 30", "-1", "@SUM(A1)", "\t=", "\r=", "\n=", "\uff1d1", "'=1", "''@x"]
)
def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(cell):
    assert formula_safe(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["", "Jane", "1-2", "a@b.example", "'Jane'", "'", " x"])
def test_any_other_cell_stays_as_it_is(cell):
    assert formula_safe(cell) == cell


@given(st.text() | st.text("'=+-@x", max_size=6))
def test_a_cell_made_safe_can_be_made_plain_again(cell):
    assert formula_plain(formula_safe(cell)) == cell


@given(st.text() | st.text("'=+-@x", max_size=6))
def test_no_safe_cell_begins_a_formula(cell):
    assert formula_safe(cell)[:1] not in set("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  Jane \t Doe\r\n", "Jane Doe"),
        ("Ja\x00ne\x1b\x7f", "Jane"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("\u202eevil\u2066\ufeff\u200b", "evil"),
        ("lone \udc80 surrogate", "lone surrogate"),
        ("Jane\u00a0Doe", "Jane Doe"),
    ],
)
def test_tidy_text_is_one_visible_line(text, expected):
    assert tidy(text, 50) == expected


@given(st.text(), st.integers(1, 10))
def test_tidy_text_stays_tidy(text, most):
    tidied = tidy(text, most)

    assert len(tidied) <= most
    assert tidy(tidied, most) == tidied
