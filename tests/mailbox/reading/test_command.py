"""`manage.py classify_mail`: one JSON object per line, whatever it is given."""

import json
import os
import subprocess
import sys
from io import StringIO

import pytest

from mailbox.management.commands.classify_mail import Command, line_for
from tests.mailbox.reading.letters import OURS, letter, report
from tests.paths import DATA, ROOT

KEYS = ["file", "kind", "severity", "recipient", "status", "message_id", "visible_text"]


@pytest.fixture
def files(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "b.eml").write_bytes(letter("Ja, halb.", in_reply_to=OURS))
    (tmp_path / "deep" / "a.txt").write_bytes(
        report("Final-Recipient: rfc822; bert@theatre.example\nAction: failed\nStatus: 5.1.1\n")
    )
    (tmp_path / "empty.eml").write_bytes(b"")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    return tmp_path


def classify(*paths) -> list[dict]:
    out = StringIO()
    Command(stdout=out).handle(paths=list(paths))
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_directory_gives_one_object_for_each_mail_in_order(files):
    found = classify(files)

    assert [list(line) for line in found] == [KEYS] * 3
    assert [line["file"] for line in found] == [
        str(files / name) for name in ("b.eml", "deep/a.txt", "empty.eml")
    ]
    assert found[0] == {
        "file": str(files / "b.eml"),
        "kind": "reply",
        "severity": None,
        "recipient": None,
        "status": None,
        "message_id": OURS,
        "visible_text": "Ja, halb.",
    }
    assert (found[1]["kind"], found[1]["severity"], found[1]["recipient"]) == (
        "bounce",
        "hard",
        "bert@theatre.example",
    )


def test_a_file_that_is_not_there_is_an_empty_reply(files):
    assert [line["kind"] for line in classify(files / "gone.eml", files / "b.eml")] == ["reply", "reply"]


def test_a_name_that_is_no_text_does_no_harm(tmp_path):
    path = tmp_path / os.fsdecode(b"\xff.eml")
    path.write_bytes(letter("Gr\u00fc\u00dfe"))

    line = line_for(path)

    assert line.isascii()
    assert json.loads(line)["visible_text"] == "Gr\u00fc\u00dfe"


def test_a_reader_that_has_seen_enough_is_no_error():
    command = (
        f"{sys.executable} manage.py classify_mail {DATA / 'mail'} {DATA / 'mail'} {DATA / 'mail'} | head -1"
    )
    done = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )

    assert json.loads(done.stdout)["kind"] == "reply"
    assert done.stderr == ""


def test_it_runs_without_a_database_and_without_settings_of_ours():
    done = subprocess.run(
        [sys.executable, "manage.py", "classify_mail", str(DATA / "mail" / "bounce-zed.eml")],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PAITHO_DATABASE_HOST": "192.0.2.1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["kind"] == "bounce"
