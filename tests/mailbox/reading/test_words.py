"""The word lists: data that is matched against plain text."""

import pytest

from mailbox.phrases import WORDS, begins, plain, says, sections, words

LISTS = sorted(file.stem for file in WORDS.glob("*.txt"))


@pytest.mark.parametrize("name", LISTS)
def test_every_phrase_is_written_as_plain_text_is(name):
    """A phrase with an accent or a capital could never match."""
    wrong = [
        phrase for _, phrases in sections(name) for phrase in phrases if plain(f"x{phrase}x") != f"x{phrase}x"
    ]

    assert wrong == []


@pytest.mark.parametrize("name", LISTS)
def test_no_section_is_empty_or_says_a_phrase_twice(name):
    for title, phrases in sections(name):
        assert phrases, title
        assert len(set(phrases)) == len(phrases), title
        assert "" not in phrases, title


def test_plain_text_has_one_spelling():
    assert (
        plain("  Gr\u00fc\u00dfe\u00a0AUS\r\n K\u00d6LN\u2019s  \u0141\u00f3d\u017a ")
        == "grusse aus koln's lodz"
    )
    assert plain("u\u0308ber") == "uber"
    assert plain("Привет й") == "привет й"


def test_a_gap_stands_for_some_words_and_no_more():
    assert says("the mailbox of bert is full", ("mailbox … full",))
    assert not says("the mailbox" + " of bert" * 30 + " is full", ("mailbox … full",))
    assert says("mailbox of a, mailbox " + "x" * 60 + " full", ("mailbox … full",))
    assert begins("out of office: hi", words("autoreplies", "subjects"))
