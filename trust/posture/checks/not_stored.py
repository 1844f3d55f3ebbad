"""The list that matters most: what is not stored, each line looked for where it would lie."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from django.contrib.staticfiles import finders

from campaigns.models import StageRun
from keychain.fields import SealedField
from trust.posture.kinds import Cell, Finding, check, counted, rows

NOT_STORED = "not_stored"
LATEST = 40
# Names at the top of the answers of the three providers' APIs, as their references show them.
RAW = (
    {"choices", "usage"},
    {"object", "model", "choices"},
    {"output", "usage", "model"},
    {"content", "stop_reason"},
    {"candidates"},
    {"candidates", "usageMetadata"},
)
PROBING = re.compile(
    r"getContext\(|toDataURL|OffscreenCanvas|WebGLRenderingContext|getImageData|measureText|AudioContext"
    r"|document\.fonts\.check|queryLocalFonts|navigator\.(?:plugins|hardwareConcurrency|deviceMemory|userAgentData)"
    r"|getBattery|RTCPeerConnection|enumerateDevices"
)


@check(
    "no_raw_answers", NOT_STORED, "A provider's raw API response. Token counts stay, and the text it wrote."
)
def no_raw_answers(cell: Cell) -> Finding:
    looked, problems = 0, []
    field = StageRun._meta.get_field("response")
    assert isinstance(field, SealedField)
    for workspace in cell.each():
        runs = list(
            StageRun.objects.filter(response__isnull=False).order_by("-at").only("id", "response")[:LATEST]
        )
        field.open_rows(runs)
        looked += len(runs)
        raw = sum(is_raw(run.response or "") for run in runs)
        if raw:
            problems.append(f"{workspace.slug}: {counted(raw, 'raw response')} in stage_runs.")
    return Finding(f"the latest {counted(looked, 'answer')}", tuple(problems))


def is_raw(text: str) -> bool:
    """Whether a stored answer is a provider's API response instead of what the model wrote."""
    if not text.lstrip().startswith("{"):
        return False
    try:
        told = json.loads(text)
    except ValueError:
        return False
    return isinstance(told, dict) and any(names <= told.keys() for names in RAW)


@check(
    "no_foreign_mail",
    NOT_STORED,
    "Mail of anyone you did not write to. Of your mailbox, only conversations that began here are kept.",
)
def no_foreign_mail(cell: Cell) -> Finding:
    received, problems = 0, []
    for workspace in cell.each():
        ((number, foreign),) = rows(
            "SELECT count(*), count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM messages o"
            " WHERE o.thread_id = m.thread_id AND o.direction = 'out')) FROM messages m"
            " WHERE m.direction = 'in'"
        )
        received += number
        if foreign:
            problems.append(f"{workspace.slug}: {counted(foreign, 'message')} of no conversation of ours.")
    return Finding(counted(received, "received message"), tuple(problems))


@check(
    "no_fingerprinting",
    NOT_STORED,
    "Browser fingerprints. No script of ours asks for canvas, fonts, WebGL, audio or hardware.",
)
def no_fingerprinting(_: Cell) -> Finding:
    scripts = list(served_scripts())
    problems = [
        f"{path.name} asks the browser for {found.group()}"
        for path in scripts
        if (found := PROBING.search(path.read_text(encoding="utf-8", errors="replace")))
    ]
    if not scripts:
        problems.append("No script was found to look at.")
    return Finding(f"{counted(len(scripts), 'script')} read", tuple(problems))


def served_scripts() -> Iterator[Path]:
    """Every script file that this installation serves."""
    for finder in finders.get_finders():
        for name, storage in finder.list([]):
            if name.endswith((".js", ".mjs")) and not name.startswith(("admin/", "unfold/")):
                yield Path(storage.path(name))


@check(
    "no_unasked_enrichment",
    NOT_STORED,
    "Anything about your prospects that you did not bring, unless you switched a provider on and asked.",
)
def no_unasked_enrichment(cell: Cell) -> Finding:
    answers, problems = 0, []
    for workspace in cell.each():
        ((number, unasked),) = rows(
            "SELECT count(*), count(*) FILTER (WHERE n.at > now() - interval '11 months' AND NOT EXISTS"
            " (SELECT 1 FROM audit_log a WHERE a.event = 'enrichment.asked' AND a.about_id = n.lead_id))"
            " FROM enrichments n"
        )
        ((owned,),) = rows("SELECT count(*) FROM enrichment_opt_ins WHERE opted_in_by IS NULL")
        answers += number
        if unasked or owned:
            problems.append(f"{workspace.slug}: {counted(unasked + owned, 'answer')} that nobody asked for.")
    return Finding(counted(answers, "answer") + " of providers", tuple(problems))
