"""`manage.py verify_posture`: prove every claim of the trust page on the live system, a line each.

Exits with 1 when a claim is not true. Needs the owner's login (`PAITHO_OWNER_PASSWORD`) for the catalogs.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.errors import UnknownWorkspace
from trust.posture.kinds import Outcome
from trust.posture.run import Report, checks, keep, verify

MARKS = {Outcome.PROVED: "ok  ", Outcome.FAILED: "FAIL", Outcome.WAITING: "-   "}


class Command(BaseCommand):
    help = "Prove every claim of the trust page on the live system."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
        parser.add_argument("--workspace", metavar="SLUG", default="", help="look at one workspace only")
        parser.add_argument(
            "--only", metavar="CHECK", action="append", default=[], help="run this check only"
        )
        parser.add_argument("--keep", action="store_true", help="store the result, as the hourly job does")

    def handle(self, *args: Any, **options: Any) -> None:
        unknown = set(options["only"]) - {each.name for each in checks()}
        if unknown:
            raise CommandError(f"There is no check called {', '.join(sorted(unknown))}.")
        try:
            report = verify(options["workspace"], only=options["only"])
        except UnknownWorkspace as error:
            raise CommandError(str(error)) from error
        if options["keep"]:
            keep(report)
        self.stdout.write(json.dumps(as_json(report), indent=2) if options["json"] else as_text(report))
        if not report.is_good:
            sys.exit(1)


def as_text(report: Report) -> str:
    lines = []
    for result in report.results:
        check, finding = result.check, result.finding
        lines.append(f"{MARKS[result.outcome]}  {check.name:<28} {check.claim}")
        lines.append(f"      {'':<28} {finding.saw} ({result.milliseconds} ms)")
        lines += [f"      {'':<28} ! {problem}" for problem in finding.problems]
    return "\n".join([*lines, "", summary(report)])


def summary(report: Report) -> str:
    failed, waiting = len(report.of(Outcome.FAILED)), len(report.of(Outcome.WAITING))
    proved = len(report.of(Outcome.PROVED))
    return f"{len(report.results)} claims: {proved} proved, {waiting} waiting, {failed} failed."


def as_json(report: Report) -> dict[str, Any]:
    return {
        "workspace": report.workspace or None,
        "started_at": report.started_at.isoformat(),
        "finished_at": report.finished_at.isoformat(),
        "passed": report.is_good,
        "proved": len(report.of(Outcome.PROVED)),
        "waiting": len(report.of(Outcome.WAITING)),
        "failed": len(report.of(Outcome.FAILED)),
        "checks": [
            {
                "name": result.check.name,
                "section": result.check.section,
                "claim": result.check.claim,
                "outcome": result.outcome.value,
                "saw": result.finding.saw,
                "problems": list(result.finding.problems),
                "milliseconds": result.milliseconds,
            }
            for result in report.results
        ],
    }
