"""`manage.py verify_audit SLUG`, or `--export FILE [--seals FILE]` with no database at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit import evidence, verifying
from audit.verifying import Verdict
from tenants import directory
from tenants.binding import bound
from tenants.errors import BoundaryError
from tenants.export.bundle import BrokenExport


class Command(BaseCommand):
    help = "Check an audit log against its seals; names the first broken batch, and then exits with 1."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", nargs="?", help="a workspace's log, in the database")
        parser.add_argument("--export", type=Path, metavar="FILE", help="the log in an export")
        parser.add_argument(
            "--seals", type=Path, metavar="FILE", help="seals you kept (audit page, Seals), to compare with"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["slug"]) == bool(options["export"]):
            raise CommandError("Name a workspace, or an export with --export.")
        try:
            kept = evidence.hashes(options["seals"]) if options["seals"] else {}
            verdict = offline(options["export"], kept) if options["export"] else online(options["slug"], kept)
        except (BoundaryError, BrokenExport) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(in_words(verdict))
        if not verdict.holds:
            raise CommandError(f"Batch {verdict.broken} is the first that is broken. {verdict.problem}")


def online(slug: str, kept: dict[int, bytes]) -> Verdict:
    workspace = directory.by_slug(slug)
    published = directory.published_seals(workspace.id)
    with bound(workspace):
        found = evidence.online()
        return verifying.verify(found.seals, found.lines, today=found.today, known=published | kept)


def offline(path: Path, kept: dict[int, bytes]) -> Verdict:
    found = evidence.bundled(path)
    return verifying.verify(found.seals, found.lines, today=found.today, known=kept)


def in_words(verdict: Verdict) -> str:
    """One line of figures."""
    said = [f"{verdict.seals} seals", f"{verdict.lines} lines sealed", f"{verdict.unsealed} not sealed yet"]
    if verdict.expired:
        said.append(f"{verdict.expired} batches expired after 12 months (their seals hold)")
    if verdict.epochs > 1:
        said.append(f"epoch {verdict.epochs}")
    if verdict.head:
        said.append(f"head {verdict.head[:16]}")
    return ", ".join(said) + (": the log is as it was written" if verdict.holds else "")
