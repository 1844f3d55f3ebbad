"""Log lines: whole, prefixed, rotated."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from paitho.embedded import output
from paitho.embedded.output import Log, Terminal


def test_lines_come_whole_however_they_are_cut(tmp_path: Path) -> None:
    stream = io.StringIO()
    log = Log("web", tmp_path, Terminal(stream))

    for piece in (b"fir", b"st\nsec", b"ond \xff\n", b"without an end"):
        log.feed(piece)
    log.close()

    lines = ["first", "second \ufffd", "without an end"]
    assert stream.getvalue().splitlines() == [f"web        | {line}" for line in lines]
    assert (tmp_path / "web.log").read_bytes() == b"first\nsecond \xff\nwithout an end\n"


def test_a_quiet_log_only_fills_its_file(tmp_path: Path) -> None:
    log = Log("postgres", tmp_path, None)
    log.feed(b"hello\n")
    log.close()

    assert (tmp_path / "postgres.log").read_text() == "hello\n"


def test_a_large_file_is_rotated_and_the_oldest_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "LARGEST", 100)
    log = Log("web", tmp_path, None)

    for number in range(20):
        log.feed(f"{number} {'x' * 60}\n".encode())
    log.close()

    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["web.log", "web.log.1", "web.log.2"]
    assert (tmp_path / "web.log.1").read_text().startswith("18 ")


def test_a_line_that_never_ends_does_not_fill_the_memory(tmp_path: Path) -> None:
    log = Log("web", tmp_path, None)
    log.feed(b"x" * (output.LONGEST + 1))

    assert (tmp_path / "web.log").stat().st_size == output.LONGEST + 2
    log.close()


def test_a_closed_terminal_is_no_reason_to_stop(tmp_path: Path) -> None:
    stream = io.StringIO()
    terminal = Terminal(stream)
    stream.close()

    terminal.say("nobody hears this")
