"""Runs of the checks: what the command prints and ends with, what is kept, and when the job looks again."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.world import olga
from trust.models import PostureResult, PostureRun
from trust.posture.run import checks, is_due, keep, verify

pytestmark = pytest.mark.usefixtures("only_the_cast")


def test_the_command_prints_a_line_for_each_claim_and_exits_with_1_when_one_fails(
    world, live, superuser, settings
) -> None:
    said = StringIO()
    call_command("verify_posture", stdout=said)
    assert f"{len(checks())} claims" in said.getvalue()
    assert said.getvalue().splitlines()[-1].endswith("0 failed.")

    settings.REGION = "us"
    said = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("verify_posture", "--json", "--workspace", "acme", "--only", "region", stdout=said)
    told = json.loads(said.getvalue())

    assert ended.value.code == 1
    assert told["workspace"] == "acme"
    assert not told["passed"]
    assert told["checks"][0]["problems"] == ["acme belongs to eu, and is stored in us."]


def test_the_command_refuses_what_it_does_not_know(world) -> None:
    for arguments in (["--workspace", "nobody"], ["--only", "nothing"]):
        with pytest.raises(CommandError):
            call_command("verify_posture", *arguments, stdout=StringIO())


def test_one_workspace_is_looked_at_alone(world, superuser) -> None:
    superuser.execute("ALTER TABLE tenant_rival.leads DISABLE ROW LEVEL SECURITY")
    try:
        assert verify("acme", only=["row_security"]).is_good
        assert not verify("rival", only=["row_security"]).is_good
    finally:
        superuser.execute("ALTER TABLE tenant_rival.leads ENABLE ROW LEVEL SECURITY")


def test_the_job_looks_again_after_an_hour_or_when_a_release_brought_a_check(world, live, superuser) -> None:
    """Guards the page: a new sentence is not left unproved, nor an old one believed, for longer."""
    forget = "DELETE FROM public.posture_results; DELETE FROM public.posture_runs"
    assert is_due()
    keep(verify())
    try:
        assert not is_due()
        superuser.execute("DELETE FROM public.posture_results WHERE check_name = 'region'")
        assert is_due()
        superuser.execute(forget)
        keep(verify())
        superuser.execute("UPDATE public.posture_runs SET started_at = now() - interval '61 minutes'")
        assert is_due()
    finally:
        superuser.execute(forget)


def test_a_kept_run_is_public_without_the_names_of_workspaces(world, live, superuser, settings) -> None:
    settings.REGION = "us"
    olga(world)

    run = keep(verify(only=["region", "row_security"]))

    try:
        assert PostureRun.objects.get(pk=run.pk).failed == 1
        public = list(PostureResult.objects.filter(run=run).values_list("check_name", "outcome", "saw"))
        assert ("row_security", "proved") in {(name, found) for name, found, _ in public}
        assert "acme" not in str(public)
        assert list(PostureResult.objects.using("owner").filter(run=run, detail__contains="acme"))
    finally:
        superuser.execute("DELETE FROM public.posture_results; DELETE FROM public.posture_runs")
