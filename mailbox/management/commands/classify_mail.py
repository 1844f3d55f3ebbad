"""`manage.py classify_mail DIR|FILE…`: say of each message what it is, one JSON object per line.

Needs no database and no workspace. It is how the parser is judged on corpora of real mail.
"""

import json
import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from mailbox.parsing import MAX_BYTES
from mailbox.triage import Triage, triage

SUFFIXES = frozenset({".eml", ".txt", ".msg", ".mail", ".email", ""})


class Command(BaseCommand):
    help = (
        "Reads .eml and .txt files, or all of them in a directory, and prints what each message is as JSON."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="DIR|FILE")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            for path in _files(options["paths"]):
                self.stdout.write(line_for(path))
            self.stdout.flush()
        except BrokenPipeError:  # the reader has seen enough, as `head` has; what is buffered goes nowhere
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def line_for(path: Path) -> str:
    """The JSON object of one file. One that cannot be opened is an empty reply."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES)
    except OSError:
        raw = b""
    return json.dumps(_fields(path, triage(raw)))


def _fields(path: Path, seen: Triage) -> dict[str, str | None]:
    return {
        "file": str(path),
        "kind": seen.kind,
        "severity": seen.severity,
        "recipient": seen.recipient,
        "status": seen.status,
        "message_id": seen.message_id,
        "visible_text": seen.visible_text,
    }


def _files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(
                file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file()
            )
        else:
            yield path
