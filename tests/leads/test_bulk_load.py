"""What carries whole columns to the database, and makes rows ready beside it."""

from __future__ import annotations

import gc
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.errors import SyntaxError as StackedStatement

from keychain.crypto.blind import BlindIndex
from leads.addresses import BadAddress, address
from leads.candidates import ahead, gathered, uncollected
from leads.sheet import Batch, Place, Row
from tenants.backend.arrays import bytea_array, int_array, text_array, uuid_array
from tenants.backend.cursor import binary_cursor
from tenants.binding import bound

BLIND = BlindIndex(b"k" * 32)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


@given(
    st.lists(
        st.tuples(st.uuids(), st.binary(max_size=200), TEXT, st.integers(-(2**31), 2**31 - 1)), max_size=20
    )
)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_column_arrives_as_it_was_sent(world, rows):
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
    kinds = (uuid_array, bytea_array, text_array, int_array)
    packed = [kind(values) for kind, values in zip(kinds, columns, strict=True)]

    with bound(world.acme), binary_cursor() as cursor:
        cursor.execute("SELECT %s::uuid[], %s::bytea[], %s::text[], %s::integer[]", packed)
        (found,) = cursor.fetchall()

    assert [list(column) for column in found] == columns


def test_the_cursor_of_bulk_loads_takes_one_statement_only(world):
    """Guards the extended protocol: a simple query would run both."""
    with bound(world.acme), pytest.raises(Exception) as refused, binary_cursor() as cursor:
        cursor.execute("SELECT 1; SELECT 2")

    assert isinstance(refused.value.__cause__, StackedStatement)


@given(st.emails())
def test_both_indexes_of_a_normal_address_are_those_of_each(text):
    try:
        email = address(text).email
    except BadAddress:
        return

    assert BLIND.both(email) == (BLIND.email(email), BLIND.domain(email))


def test_the_next_item_is_made_while_the_last_is_worked_on():
    made = threading.Semaphore(0)

    def make(number):
        made.release()
        return number * 2

    for number, double in ahead(range(5), make):
        assert double == number * 2
        if number < 4:
            assert made.acquire(timeout=10)  # this one
    assert made.acquire(timeout=10)


def test_what_fails_while_it_is_made_fails_where_it_is_used():
    with pytest.raises(ZeroDivisionError):
        list(ahead([1, 0, 2], lambda number: 1 / number))


def test_small_batches_become_larger_ones_and_nothing_is_lost():
    small = [Batch([Row(n, [str(n)])] * 900, 1, Place(n * 10, n)) for n in range(1, 6)]

    large = list(gathered(small))

    assert [len(batch.rows) for batch in large] == [2700, 1800]
    assert [batch.blank for batch in large] == [3, 2]
    assert [batch.end for batch in large] == [Place(30, 3), Place(50, 5)]


def test_the_collector_is_as_it_was_afterwards():
    with uncollected():
        assert not gc.isenabled()

    assert gc.isenabled()
