"""The embedded Redis: asks for its password, answers on loopback only, and is cleared up after."""

from __future__ import annotations

import os
import signal
import socket
import stat
from pathlib import Path

import pytest

from paitho.embedded import process
from paitho.embedded.errors import RedisError
from paitho.embedded.redis import Redis


def test_it_answers_with_the_password_and_refuses_without(tmp_path: Path) -> None:
    with Redis(tmp_path / 'a "place" with spaces') as redis:
        assert redis.answers()
        assert not (redis.directory / "dump.rdb").exists()

        with socket.create_connection((redis.host, redis.port), 2) as line:
            line.sendall(b"PING\r\n")
            assert line.recv(100).startswith(b"-NOAUTH")
        redis.password, right = "wrong", redis.password
        assert not redis.answers()
        redis.password = right

    assert not redis.answers()


def test_the_password_lies_in_a_private_file_and_not_in_the_command_line(tmp_path: Path) -> None:
    with Redis(tmp_path / "r") as redis:
        assert redis.process is not None
        assert stat.S_IMODE((redis.directory / "redis.conf").stat().st_mode) == 0o600
        assert redis.password.encode() not in Path(f"/proc/{redis.process.pid}/cmdline").read_bytes()
        assert redis.password.encode() not in Path(f"/proc/{redis.process.pid}/environ").read_bytes()


def test_a_second_start_is_refused(tmp_path: Path) -> None:
    with Redis(tmp_path / "r") as redis:
        with pytest.raises(RedisError, match="Another process"):
            Redis(tmp_path / "r").start()

        assert redis.answers()


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with Redis(tmp_path / "one") as redis, pytest.raises(RedisError, match=str(redis.port)):
        Redis(tmp_path / "two", port=redis.port).start()


def test_a_server_without_an_owner_is_stopped_by_the_next_start(tmp_path: Path) -> None:
    redis = Redis(tmp_path / "r")
    redis.start()
    assert redis.process is not None
    assert redis._lock is not None
    orphan = redis.process.pid
    os.close(redis._lock)  # as if its owner were gone

    with Redis(tmp_path / "r") as again:
        assert again.answers()
        assert not process.is_alive(orphan)

    redis.process.wait(5)


def test_a_killed_server_starts_again(tmp_path: Path) -> None:
    redis = Redis(tmp_path / "r")
    redis.start()
    assert redis.process is not None
    os.kill(redis.process.pid, signal.SIGKILL)
    redis.stop()

    with redis:
        assert redis.answers()
