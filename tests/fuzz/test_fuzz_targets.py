"""The fuzz targets, briefly."""

from hypothesis import example, given
from hypothesis import strategies as st

from tests.fuzz import fuzz_envelope


@given(st.binary(max_size=400))
@example(b"")
@example(b"\x00\x00")
@example(b"\x00\x05\x07")
@example(b"\x03" + fuzz_envelope.SEEDS[0])
def test_no_bytes_get_through_the_envelope(data):
    fuzz_envelope.check(data)


def test_the_target_runs_by_hand():
    assert fuzz_envelope.mutate(0.1) > 100
