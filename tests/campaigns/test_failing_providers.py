"""Every provider fails in every way it is known to: each lead ends in a named state, each sentence reads.

`make test-providers` prints what became of each.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from audit.actors import Actor
from campaigns import actions, asking
from campaigns.llm.edge import Call
from campaigns.models import Campaign, Draft, Enrollment, Stage, StageRun, Status
from campaigns.pipeline import ASKING, pipeline_slice
from keychain.crypto.secret import Secret
from keychain.models import Credential, Kind
from tenants.binding import bound
from tests.campaigns.failing import FailingServer, cases
from tests.campaigns.world import BRIEF
from tests.mail_world import a_lead, a_mailbox
from tests.world import olga

KEY = "sk-live-0123456789abcdefSECRET"
PROVIDERS = ("openai", "anthropic", "google", "compatible")
ENDS = {Stage.IN_REVIEW, Stage.FAILED}
MOST_ROUNDS = 60


def readable(sentence: str) -> bool:
    """One or more whole sentences, without a placeholder, a name from the code, or the key."""
    words = re.fullmatch(r"[A-Z][^{}<>\n]{15,300}[.]", sentence)
    return bool(words) and not re.search(r"None|Error\b|Traceback|_", sentence) and KEY[:12] not in sentence


def a_failing_campaign(by: Actor, provider: str, url: str, leads: int) -> Campaign:
    writer = Credential(kind=Kind(provider), label="Ours", secret=Secret(KEY), endpoint=url)
    writer.save()
    for number in range(leads):
        a_lead(f"p{number}@firm{number}.test", first_name="Pat", company=f"Firm {number} Ltd")
    plan = actions.Plan("Looms", BRIEF, writer, [a_mailbox()], writer_model="m-1", token_budget=10**9)
    campaign = actions.create(plan, by=by)
    actions.launch(campaign, by=by)
    return campaign


def run_to_the_end(campaign: Campaign, by: Actor) -> list[str]:
    """Let the pipeline work; where it waits the clock is put forward, where it paused a person resumes it."""
    said = []
    for _ in range(MOST_ROUNDS):
        pipeline_slice()
        working = campaign.enrollments.filter(stage__in=ASKING)
        if not working.exists():
            return said
        said += working.exclude(problem="").values_list("problem", flat=True)
        working.update(due_at=timezone.now() - timedelta(seconds=1))
        cache.delete(f"pace:{campaign.writer_id}")
        campaign.refresh_from_db()
        if campaign.status == Status.PAUSED:
            said.append(campaign.problem)
            actions.launch(campaign, by=by)
    raise AssertionError("The campaign does not end.")


@pytest.mark.slow
@pytest.mark.parametrize("provider", PROVIDERS)
def test_whatever_fails_each_lead_ends_in_a_named_state_and_each_sentence_reads(
    world, provider, monkeypatch, capsys
):
    monkeypatch.setattr(asking, "ANSWER_SECONDS", 1.0)
    wanted = cases(provider, every_stage=False)
    server = FailingServer(provider, wanted)
    by = Actor(olga(world).pk, "Olga")
    try:
        with bound(world.acme):
            campaign = a_failing_campaign(by, provider, server.start(), len(wanted))
            said = run_to_the_end(campaign, by)
            ended = sorted(Enrollment.objects.select_related("lead"), key=lambda each: each.lead.pk)
            found = [each["sentence"] for draft in Draft.objects.all() for each in draft.findings]
            runs = Counter(StageRun.objects.values_list("outcome", flat=True))
    finally:
        server.stop()

    assert server.failed == set(range(len(wanted)))
    assert len(ended) == len(wanted)
    assert {Stage(each.stage) for each in ended} <= ENDS
    said += [each.problem for each in ended if each.stage == Stage.FAILED]
    assert [sentence for sentence in said + found if not readable(sentence)] == []
    assert runs["answered"] > len(wanted)
    _tell(capsys, provider, wanted, ended, {*said, *found})


def test_an_auditor_that_fails_leaves_no_draft_clean(world, monkeypatch):
    """Fails closed: what could not be audited is looked at by a person, with the reason beside it."""
    monkeypatch.setattr(asking, "ANSWER_SECONDS", 1.0)
    wanted = [case for case in cases("openai", every_stage=True) if case.stage == Stage.AUDITING]
    server = FailingServer("openai", wanted)
    by = Actor(olga(world).pk, "Olga")
    try:
        with bound(world.acme):
            campaign = a_failing_campaign(by, "openai", server.start(), len(wanted))
            run_to_the_end(campaign, by)
            answered = {True: 0, False: 0}
            for draft in Draft.objects.select_related("enrollment"):
                audits = draft.enrollment.stage_runs.filter(stage=Stage.AUDITING)
                is_audited = audits.filter(outcome="answered").exists()
                answered[is_audited] += 1
                assert draft.is_clean == is_audited, audits.values_list("outcome", flat=True)
    finally:
        server.stop()

    assert answered[False] > 5
    assert answered[True] > 5


def _tell(capsys, provider: str, wanted, ended, sentences: set[str]) -> None:
    """The table of `make test-providers`."""
    with capsys.disabled():
        print(f"\n{provider}")
        for case, lead in zip(wanted, ended, strict=True):
            print(f"  {case.name[:28]:28} {case.stage:11} -> {lead.stage:10} {lead.problem}")
        print("  Every sentence that was shown on the way, on a lead, its draft or the campaign:")
        for sentence in sorted(sentences):
            print(f"    {sentence}")


def test_calls_have_a_time_limit_of_their_own():
    assert Call.__dataclass_fields__["timeout"].default >= asking.ANSWER_SECONDS > 0
