"""What a row says, in one form, and how an import changes a lead that is there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keychain.crypto.blind import BlindIndex
from leads.addresses import BadAddress
from leads.columns import Columns
from leads.indexing import indexes
from leads.mapping import CUSTOM, IGNORE, Mapping
from leads.profile import CUSTOM_LENGTH, VALUE_LENGTH, Policy, Profile, merge, reader
from leads.sheet import Row
from leads.vocabulary import Target

T = Target
COLUMNS = ["E-mail", "First", "Company", "Budget", "Junk"]
MAPPING = Mapping(
    (
        ("E-mail", T.EMAIL),
        ("First", T.FIRST_NAME),
        ("Company", T.COMPANY),
        ("Budget", CUSTOM),
        ("Junk", IGNORE),
    )
)
read = reader(MAPPING, COLUMNS)

OLD = Profile("jane@acme.example", {T.FIRST_NAME: "Jane", T.CITY: "Rome"}, {"Budget": "10", "Kept": "x"})
NEW = Profile("other@acme.example", {T.FIRST_NAME: "Janet", T.COMPANY: "Acme"}, {"Budget": "20", "New": "y"})


def test_a_row_becomes_a_profile():
    found = read(Row(2, [" Jane@B.example ", "Jane", "", "100 €", "x"]))

    assert (
        found.profile.to_json()
        == '{"email":"jane@b.example","first_name":"Jane","custom":{"Budget":"100 €"}}'
    )


def test_values_are_cleaned():
    found = read(Row(2, ["jane@acme.example", "Ja\x00\u202ene\r\nBcc: x", "Cafe\u0301  Bar", "'=1+1", ""]))

    assert found.profile.fields == {T.FIRST_NAME: "Jane Bcc: x", T.COMPANY: "Café Bar"}
    assert found.profile.custom == {"Budget": "=1+1"}


def test_values_have_a_cap():
    found = read(Row(2, ["jane@acme.example", "x" * 9999, "", "y" * 9999, ""]))

    assert len(found.profile.fields[T.FIRST_NAME]) == VALUE_LENGTH
    assert len(found.profile.custom["Budget"]) == CUSTOM_LENGTH


def test_a_row_without_an_address_is_refused():
    with pytest.raises(BadAddress):
        read(Row(2, ["n/a", "Jane", "", "", ""]))


def test_a_profile_survives_its_json_and_does_not_depend_on_order():
    one = Profile("j@b.example", {T.CITY: "Rome", T.FIRST_NAME: "J"}, {"b": "2", "a": "1"})
    two = Profile("j@b.example", {T.FIRST_NAME: "J", T.CITY: "Rome"}, {"a": "1", "b": "2"})

    assert one.to_json() == two.to_json()
    assert Profile.from_json(one.to_json()) == one


def test_skip_changes_nothing():
    assert merge(OLD, NEW, Policy.SKIP) == (OLD, frozenset())


def test_fill_sets_what_is_empty():
    merged, changed = merge(OLD, NEW, Policy.FILL)

    assert merged.fields == {T.FIRST_NAME: "Jane", T.CITY: "Rome", T.COMPANY: "Acme"}
    assert merged.custom == {"Budget": "10", "Kept": "x", "New": "y"}
    assert changed == {"company", "custom.New"}


def test_overwrite_sets_what_the_row_says_and_keeps_the_rest():
    merged, changed = merge(OLD, NEW, Policy.OVERWRITE)

    assert merged.fields == {T.FIRST_NAME: "Janet", T.CITY: "Rome", T.COMPANY: "Acme"}
    assert merged.custom == {"Budget": "20", "Kept": "x", "New": "y"}
    assert changed == {"first_name", "company", "custom.Budget", "custom.New"}
    assert merged.email == OLD.email


PROFILES = st.builds(
    Profile,
    st.just("j@b.example"),
    st.dictionaries(st.sampled_from([t for t in T if t is not T.EMAIL]), st.text(max_size=3)),
    st.dictionaries(st.text(min_size=1, max_size=3), st.text(max_size=3)),
)


CELLS = st.one_of(
    st.sampled_from(["", " ", "Ann", "'=1+1", "Zoë  B", "New New", "a\u202eb"]), st.text(max_size=5)
)
WIDE = Mapping(
    (
        ("Z", CUSTOM), ("Who", T.FULL_NAME), ("E-mail", T.EMAIL), ("First", T.FIRST_NAME), ("A", CUSTOM),
        ("A ", CUSTOM), ("Firm", T.COMPANY), ("No", IGNORE), ("Job", T.TITLE),
    )
)  # fmt: skip


@given(st.lists(st.lists(CELLS, min_size=8, max_size=8), min_size=1, max_size=5))
def test_a_batch_read_by_columns_says_what_each_row_says(cells):
    """Guards `leads.columns`: the import stores what it says, and everything else goes by the reader."""
    names, blind = [name for name, _ in WIDE.uses], BlindIndex(bytes(range(32)))
    rows = [Row(n, [*some[:2], "j@b.example", *some[2:]]) for n, some in enumerate(cells)]
    profiles = [reader(WIDE, names)(row).profile for row in rows]
    columns = Columns(WIDE, names, blind.spelled)

    texts = columns.profiles(rows, ["j@b.example"] * len(rows))
    words = columns.words(rows)

    assert texts == [profile.to_json() for profile in profiles]
    for said, profile in zip(words, profiles, strict=True):
        found = {int(number) for number in said[1:-1].split(",") if number}
        assert sorted(found) == indexes(profile, blind).words


@given(PROFILES, PROFILES, st.sampled_from(Policy))
def test_merging_twice_changes_nothing_more_and_loses_no_value(old, new, policy):
    merged, _ = merge(old, new, policy)

    assert merge(merged, new, policy) == (merged, frozenset())
    assert all(merged.fields.get(name) for name, value in old.fields.items() if value)
    assert all(merged.custom.get(name) for name, value in old.custom.items() if value)
