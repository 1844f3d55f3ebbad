"""Row ids: version 7, in order, unique across threads and forks."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from uuid import RFC_4122, UUID, uuid4

import pytest

from paitho.lib.ids import time_of, uuid7, uuid7s


def test_an_id_is_version_7_of_the_rfc_variant():
    made = uuid7()

    assert made.version == 7
    assert made.variant == RFC_4122


def test_ids_sort_as_they_were_made():
    made = [uuid7() for _ in range(20_000)]

    assert made == sorted(set(made))
    assert [m.bytes for m in made] == sorted(m.bytes for m in made)


def test_many_ids_at_once_are_as_good_as_one_at_a_time():
    before, many, after = uuid7(), uuid7s(500), uuid7()

    assert [before, *many, after] == sorted({before, *many, after})
    assert {each.version for each in many} == {7}
    assert uuid7s(0) == []


def test_an_id_tells_when_it_was_made():
    before = datetime.now(UTC)
    made = time_of(uuid7())

    assert before - timedelta(milliseconds=1) <= made <= datetime.now(UTC) + timedelta(milliseconds=1)


def test_the_example_of_the_rfc_is_read_right():
    example = UUID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")

    assert time_of(example) == datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)


def test_another_version_holds_no_time():
    with pytest.raises(ValueError, match="version 7"):
        time_of(uuid4())


def test_a_clock_set_back_does_not_take_ids_back():
    first = uuid7()

    with patch("time.time_ns", return_value=0):
        second, third = uuid7(), uuid7()

    assert first < second < third


def test_threads_never_share_an_id():
    with ThreadPoolExecutor(8) as pool:
        batches = list(pool.map(lambda _: [uuid7() for _ in range(2_000)], range(8)))

    assert len({made for batch in batches for made in batch}) == 16_000
    assert all(batch == sorted(batch) for batch in batches)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_starts_its_own_row_of_ids():
    """Guards the at-fork reset: without it parent and child count on from one number."""
    uuid7()
    read, write = os.pipe()
    with patch("time.time_ns", return_value=0):
        child = os.fork()
        if child == 0:
            os.write(write, uuid7().bytes)
            os._exit(0)
        os.waitpid(child, 0)
        ours = uuid7()
    theirs = UUID(bytes=os.read(read, 16))
    os.close(read)
    os.close(write)

    assert theirs.int >> 32 != ours.int >> 32
