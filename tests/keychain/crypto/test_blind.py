"""Sealed values are found by address, domain, word and prefix, and by nothing else."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keychain.crypto.blind import MOST_REMEMBERED, MOST_WORDS, BlindIndex
from keychain.crypto.secret import Secret
from paitho.lib.text import NotAnAddress
from tests.keychain.crypto import reference

KEY = bytes(range(32))
INDEX = BlindIndex(KEY)


def finds(query: str, text: str, column: str = "name") -> bool:
    """Whether a search for `query` finds a value `text`, as the database would compare them."""
    probes = INDEX.probes(column, query)
    return bool(probes) and set(probes) <= set(INDEX.words(column, text))


FOUND = [
    ("olga", "Olga Ivanova"),
    ("OLGA", "olga ivanova"),
    ("ivan", "Olga Ivanova"),
    ("ivanov", "Olga Ivanova"),
    ("ivanova olga", "Olga Ivanova"),
    ("ivan olga", "Olga Ivanova"),
    ("wu", "Wu Li"),
    ("at&t", "AT&T Inc."),
    ("jose", "José Álvarez"),
    ("josé", "Jose Alvarez"),
    ("alva", "José Álvarez"),
    ("lodz", "Łódź Works"),
    ("łódź", "LODZ"),
    ("orsted", "Ørsted A/S"),
    ("strasse", "Straße"),
    ("obrien", "O'Brien"),
    ("o'brien", "O\u2019Brien"),
    ("brien", "O'Brien"),
    ("o'bri", "OBrien"),
    ("oreal", "L'Oréal"),
    ("smith", "Anna Smith-Jones"),
    ("jones", "Anna Smith-Jones"),
    ("smith-jones", "Anna Smith-Jones"),
    ("acme", "acme.example"),
    ("e\u0301clair", "ÉCLAIR"),
    ("istanbul", "İSTANBUL"),
    ("full", "\uff26\uff35\uff2c\uff2c width"),
    ("田中", "田中 太郎"),
    ("иванов", "Иванова Ольга"),
    ("παπαδοπ", "Παπαδόπουλος"),
    ("हिन्दी", "हिन्दी"),
    ("한국전력", "한국전력공사"),
    ("donaudampfschifffahrt", "Donaudampfschifffahrtsgesellschaft"),
    ("3m", "3M Company"),
    ("co\u00adop", "coop"),
]

NOT_FOUND = [
    ("olg", "Olga"),
    ("lga", "Olga"),
    ("wu", "Wuhan Steel"),
    ("ivan petrov", "Olga Ivanova"),
    ("olgas", "Olga"),
    ("", "Olga"),
    ("--", "Olga"),
    ("olga", ""),
    ("brie", "O"),
]


@pytest.mark.parametrize(("query", "text"), FOUND)
def test_a_query_finds(query, text):
    assert finds(query, text)


@pytest.mark.parametrize(("query", "text"), NOT_FOUND)
def test_a_query_does_not_find(query, text):
    assert not finds(query, text)


def test_a_whole_word_is_told_from_a_prefix():
    stored = INDEX.words("company", "Acmeware")

    assert INDEX.probe("company", "acme") in stored
    assert INDEX.probe("company", "acme", whole=True) not in stored
    assert INDEX.probe("company", "acmeware", whole=True) in stored
    assert INDEX.probe("company", "acmeware") in stored


def test_a_short_word_is_probed_whole():
    assert INDEX.probe("name", "wu") == INDEX.probe("name", "wu", whole=True)


@pytest.mark.parametrize("text", ["", " ", "two words", "a-b", "..."])
def test_a_probe_is_one_word(text):
    with pytest.raises(ValueError, match="one word"):
        INDEX.probe("name", text)


def test_a_column_a_workspace_and_a_use_do_not_share_fingerprints():
    columns = {column: set(INDEX.words(column, "Olga Ivanova")) for column in ("name", "company", "title")}
    rival = BlindIndex(bytes(32))

    assert not columns["name"] & columns["company"] | columns["company"] & columns["title"]
    assert not columns["name"] & set(rival.words("name", "Olga Ivanova"))
    assert rival.email("olga@acme.example") != INDEX.email("olga@acme.example")
    assert INDEX.email("olga@acme.example") != INDEX.domain("olga@acme.example")


@given(st.text(max_size=200))
def test_terms_are_sorted_signed_64_bit_and_unique(text):
    terms = INDEX.words("name", text)

    assert terms == sorted(set(terms))
    assert all(-(2**63) <= term < 2**63 for term in terms)


@given(st.text(max_size=60))
def test_every_value_is_found_by_itself(text):
    assert set(INDEX.probes("name", text)) <= set(INDEX.words("name", text))


@given(st.lists(st.from_regex(r"[a-z0-9]{1,24}", fullmatch=True), max_size=8))
def test_an_independent_implementation_makes_the_same_terms(words):
    assert INDEX.words("title", " ".join(words)) == reference.terms(KEY, "title", words)


def test_what_is_remembered_is_bounded_and_changes_no_answer():
    index = BlindIndex(KEY)
    before = index.words("name", "Olga")

    for number in range(MOST_REMEMBERED + 10):
        index.words("name", f"{number}")

    assert index.words("name", "Olga") == before
    assert len(index._columns["name"]._known) <= MOST_REMEMBERED


def test_a_hostile_text_makes_a_bounded_index():
    many = " ".join(f"word{number}x{'y' * 20}" for number in range(10_000))

    assert len(INDEX.words("name", many)) <= MOST_WORDS * 14
    assert len(INDEX.words("name", "x" * 1_000_000)) == 14
    assert len(INDEX.probes("name", many)) <= MOST_WORDS
    assert INDEX.words("name", "\ud800 \x00 olga") == INDEX.words("name", "olga")


@pytest.mark.parametrize("spelling", [" Olga@ACME.example ", "olga@acme.example", "OLGA@acme.example."])
def test_an_address_is_found_in_any_spelling(spelling):
    assert INDEX.email(spelling) == INDEX.email("olga@acme.example")
    assert len(INDEX.email(spelling)) == 32
    assert INDEX.domain(spelling) == INDEX.domain("Acme.Example") == INDEX.domain("acme.example.")


def test_a_domain_in_unicode_is_its_ascii_form():
    assert INDEX.domain("bücher.example") == INDEX.domain("info@xn--bcher-kva.example")


@pytest.mark.parametrize("text", ["", "olga", "olga@", "@acme.example", "acme"])
def test_what_is_no_address_has_no_fingerprint(text):
    with pytest.raises(NotAnAddress):
        INDEX.email(text)
    with pytest.raises(NotAnAddress):
        INDEX.domain(text)


def test_an_index_does_not_show_its_key_and_does_not_travel():
    index = BlindIndex(Secret(KEY))

    assert index.email("olga@acme.example") == INDEX.email("olga@acme.example")
    assert repr(KEY) not in repr(index)
    with pytest.raises(TypeError, match="serialised"):
        pickle.dumps(index)
