"""The review queue through the door: what is shown is what is decided about, and nothing else."""

from __future__ import annotations

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.actors import Actor
from audit.models import AuditRow
from campaigns import approval
from campaigns.models import Draft, Enrollment, Stage, Verdict
from campaigns.queries.sentences import above, rows
from mailbox.models import Delivery, Message, Thread
from tenants.binding import bound
from tests.campaigns.world import a_campaign, a_draft
from tests.world import client_of, olga, rita

BODY = "Hello Ada,\n\nwe repair looms. Carriers save eleven hours.\n\nOlga"


@pytest.fixture
def by(world) -> Actor:
    return Actor(olga(world).pk, "Olga")


@pytest.fixture
def browser_of_rita(world, by) -> Client:
    return client_of(world.acme, rita(world))


@pytest.fixture
def draft(world, by) -> Draft:
    with bound(world.acme):
        return a_draft(by, body=BODY)


def seen_on(browser: Client, draft: Draft) -> str:
    return str(browser.get(f"/review/{draft.pk}/").context["sheet"].seen)


def test_a_member_approves_what_was_shown(world, draft, browser_of_rita):
    seen = seen_on(browser_of_rita, draft)

    answer = browser_of_rita.post(f"/review/{draft.pk}/approve/", {"seen": seen})

    assert answer.headers["Location"] == "/review/"
    with bound(world.acme):
        message = Message.objects.get()
        assert message.delivery == Delivery.SCHEDULED
        assert bytes(message.approved_hash).hex() == seen
        line = AuditRow.objects.get(event="draft.approved")
        assert (line.details["actor"], line.details["data"]["sha256"]) == ("Rita", seen)


@pytest.mark.parametrize("action", ["approve", "edit", "regenerate", "reject"])
def test_a_decision_about_an_older_text_is_refused(world, by, draft, browser_of_rita, action):
    """Guards `seen`: without it the newer text, which nobody has read, would be approved."""
    seen = seen_on(browser_of_rita, draft)
    with bound(world.acme):
        approval.edit(draft, subject="Newer", body="A newer text.", by=by)
    entries = {"seen": seen, "subject": "Mine", "body": "My text.", "note": "Shorter."}

    answer = browser_of_rita.post(f"/review/{draft.pk}/{action}/", entries)

    assert answer.status_code == 409
    assert b"This changed while you looked at it." in answer.content
    assert b"A newer text." in answer.content
    with bound(world.acme):
        draft.refresh_from_db()
        assert (draft.verdict, draft.subject) == (Verdict.IN_REVIEW, "Newer")
        assert not Message.objects.exists()


@pytest.mark.parametrize("seen", [{}, {"seen": ""}, {"seen": "not hexadecimal"}, {"seen": "00"}])
def test_an_approval_that_says_not_what_it_saw_is_refused(world, draft, browser_of_rita, seen):
    assert browser_of_rita.post(f"/review/{draft.pk}/approve/", seen).status_code == 409
    with bound(world.acme):
        assert not Message.objects.exists()


def test_a_second_approval_of_the_same_page_is_refused(world, draft, browser_of_rita):
    seen = {"seen": seen_on(browser_of_rita, draft)}
    browser_of_rita.post(f"/review/{draft.pk}/approve/", seen)

    answer = browser_of_rita.post(f"/review/{draft.pk}/approve/", seen)

    assert answer.status_code == 409
    assert b"Approved" in answer.content
    assert b"by Rita" in answer.content
    assert seen["seen"].encode() in answer.content, "The page shows the fingerprint of what was approved."
    with bound(world.acme):
        assert Message.objects.count() == 1


def test_an_edit_is_checked_again_and_wants_its_own_approval(world, draft, browser_of_rita):
    entries = {"seen": seen_on(browser_of_rita, draft), "subject": "Hi", "body": "Hello {{first_name}}, hm."}

    answer = browser_of_rita.post(f"/review/{draft.pk}/edit/", entries, follow=True)

    assert b"<mark>{{first_name}}</mark>" in answer.content
    with bound(world.acme):
        draft.refresh_from_db()
        assert not draft.is_clean
        assert {finding["kind"] for finding in draft.findings} >= {"variable"}
        assert AuditRow.objects.filter(event="draft.edited").count() == 1


def test_an_edit_shows_what_changed_and_keeps_the_sources_that_still_stand(world, by, draft, browser_of_rita):
    entries = {
        "seen": seen_on(browser_of_rita, draft),
        "subject": "Looms",
        "body": BODY.replace("eleven", "two"),
    }

    page = browser_of_rita.post(f"/review/{draft.pk}/edit/", entries, follow=True).content.decode()

    assert "<ins>two </ins>" in page
    assert "<del>eleven </del>" in page
    assert "edited by Rita" in page
    assert "<b>lead.first_name</b> Ada" in page
    with bound(world.acme):
        draft.refresh_from_db()
        assert draft.written["body"] == BODY
        assert [each["sources"] for each in draft.sentences] == [["lead.first_name"]]
        approval.edit(draft, subject="Looms", body="Once more.", by=by)
        assert Draft.objects.get().written["body"] == BODY


def test_an_edit_elsewhere_does_not_lose_what_the_auditor_found(world, by, draft):
    """Guards `kept_findings`: without it a comma would wipe out the auditor's word."""
    with bound(world.acme):
        found = {"where": "body", "start": 30, "end": 38, "kind": "tone", "sentence": "Boastful.", "fact": ""}
        Draft.objects.filter(pk=draft.pk).update(is_clean=False)
        draft.findings = [found]
        draft.save()

        edited = approval.edit(draft, subject="Hi", body=f"Well. {draft.body}", by=by)

        kept = [each for each in edited.findings if each["sentence"] == "Boastful."]
        assert [edited.body[each["start"] : each["end"]] for each in kept] == [BODY[30:38]]


def test_a_draft_written_again_stands_beside_the_one_before(world, by, draft, browser_of_rita):
    with bound(world.acme):
        approval.reject(draft, by=by, note="Shorter.")
        Enrollment.objects.update(stage=Stage.IN_REVIEW)
        again = Draft(
            enrollment=draft.enrollment,
            step=1,
            version=2,
            verdict=Verdict.IN_REVIEW,
            subject=draft.subject,
            body="Hello Ada,\n\nwe mend looms.",
        )
        again.save()

    page = browser_of_rita.get(f"/review/{again.pk}/").content.decode()

    assert "What changed since version 1" in page
    assert "<ins>mend looms.</ins>" in page


def test_an_empty_edit_is_shown_again_with_its_complaint(draft, browser_of_rita):
    entries = {"seen": seen_on(browser_of_rita, draft), "subject": "", "body": "x"}

    answer = browser_of_rita.post(f"/review/{draft.pk}/edit/", entries)

    assert answer.status_code == 422
    assert b"This field is required." in answer.content


def test_a_note_writes_again_and_a_rejection_ends_it(world, by, draft, browser_of_rita):
    seen = seen_on(browser_of_rita, draft)
    browser_of_rita.post(f"/review/{draft.pk}/regenerate/", {"seen": seen, "note": "Shorter."})
    with bound(world.acme):
        draft.refresh_from_db()
        assert (draft.verdict, draft.note) == (Verdict.REJECTED, "Shorter.")
        assert draft.enrollment.stage == Stage.DRAFTING
        other = a_draft(by)

    browser_of_rita.post(f"/review/{other.pk}/reject/", {"seen": seen_on(browser_of_rita, other)})

    with bound(world.acme):
        enrollment = Enrollment.objects.get(drafts=other)
        assert (enrollment.stage, enrollment.stop_reason) == (Stage.STOPPED, "rejected")


def test_the_page_shows_the_facts_and_the_exact_mail(world, draft, browser_of_rita):
    page = browser_of_rita.get(f"/review/{draft.pk}/").content.decode()

    assert "<b>lead.first_name</b> Ada" in page
    for words in ("Olga of Acme &lt;sales@acme.sandbox&gt;", "1 Main St, 10115 Berlin", "/o/…"):
        assert words in page


def test_a_follow_up_shows_the_subject_that_it_will_have(world, by, draft, browser_of_rita):
    with bound(world.acme):
        first = approval.approve(draft, by=by)
        Message.objects.update(delivery=Delivery.SENT)
        Enrollment.objects.update(stage=Stage.IN_REVIEW, step=2)
        second = Draft(
            enrollment=draft.enrollment, step=2, verdict=Verdict.IN_REVIEW, subject="Once more", body="Hello?"
        )
        second.save()

    page = browser_of_rita.get(f"/review/{second.pk}/").content.decode()

    assert f"Re: {first.subject}" in page
    with bound(world.acme):
        message = approval.approve(second, by=by)
        assert message.subject == f"Re: {first.subject}"
        assert message.thread_id == first.thread_id
        assert Thread.objects.count() == 1


def test_clean_drafts_are_approved_together_as_they_were_counted(world, by, browser_of_rita):
    with bound(world.acme):
        drafts = [a_draft(by) for _ in range(3)]
        drafts[2].is_clean = False
        drafts[2].save()
    counted = browser_of_rita.get("/review/approve-clean/")
    assert b"Approve 2 drafts" in counted.content

    browser_of_rita.post("/review/approve-clean/", {"digest": counted.context["digest"]})

    with bound(world.acme):
        assert Message.objects.count() == 2
        assert Draft.objects.get(pk=drafts[2].pk).verdict == Verdict.IN_REVIEW
        assert AuditRow.objects.filter(event="draft.approved").count() == 2


def test_another_set_of_clean_drafts_than_was_counted_is_refused(world, by, browser_of_rita):
    with bound(world.acme):
        a_draft(by)
    counted = browser_of_rita.get("/review/approve-clean/").context["digest"]
    with bound(world.acme):
        a_draft(by)

    answer = browser_of_rita.post("/review/approve-clean/", {"digest": counted})

    assert answer.status_code == 409
    assert b"Nothing was approved" in answer.content
    with bound(world.acme):
        assert not Message.objects.exists()


def test_one_draft_that_cannot_be_sent_stops_no_other(world, by):
    with bound(world.acme):
        good, bad = a_draft(by), a_draft(by, body="A bell \x07 rings.")

        done = approval.approve_many([bad.pk, good.pk], by=by)

        assert len(done.messages) == 1
        assert done.refused == {bad.pk: "The text holds a control character."}
        assert Draft.objects.get(pk=bad.pk).verdict == Verdict.IN_REVIEW


def test_approving_many_costs_a_handful_of_statements(world, by):
    """Without the shared look-ups and bulk writes this would be a dozen statements a draft."""
    with bound(world.acme):
        campaign = a_campaign(by)
        ids = [a_draft(by, campaign=campaign).pk for _ in range(40)]
        with CaptureQueriesContext(connections["default"]) as asked:
            done = approval.approve_many(ids, by=by)

    assert len(done.messages) == 40
    assert len(asked) <= 12


def test_the_queue_pages_by_key_and_filters(world, by, browser_of_rita, django_count):
    with bound(world.acme):
        campaign = a_campaign(by)
        drafts = [a_draft(by, campaign=campaign) for _ in range(52)]
        drafts[0].is_clean = False
        drafts[0].save()

    first = browser_of_rita.get(f"/review/?campaign={campaign.pk}")
    assert len(first.context["drafts"]) == 50
    assert first.content.count(b"@engines.test</a>") == 50
    rest = browser_of_rita.get(f"/review/?after={first.context['after']}")
    assert [draft.pk for draft in rest.context["drafts"]] == [draft.pk for draft in drafts[50:]]
    assert len(browser_of_rita.get("/review/?only=flagged").context["drafts"]) == 1
    assert browser_of_rita.get("/review/?campaign=nonsense&after=nonsense&only=nonsense").status_code == 200
    assert django_count(browser_of_rita, "/review/") <= 12


def test_a_draft_of_another_campaign_keeps_its_place_in_the_filtered_queue(world, by, browser_of_rita):
    with bound(world.acme):
        one, other = a_draft(by), a_draft(by)

    query = f"?campaign={one.enrollment.campaign_id}"
    answer = browser_of_rita.post(
        f"/review/{one.pk}/approve/{query}", {"seen": seen_on(browser_of_rita, one)}
    )

    assert answer.headers["Location"] == f"/review/{query}"
    assert browser_of_rita.get(f"/review/{other.pk}/").status_code == 200


SENTENCES = [
    {"start": 0, "end": 10, "sources": ["lead.first_name"]},
    {"start": 12, "end": 28, "sources": ["brief.1"]},
    {"start": 29, "end": 56, "sources": []},
]
FINDING = {
    "where": "body",
    "start": 43,
    "end": 55,
    "kind": "unsupported",
    "sentence": "No source.",
    "fact": "",
}


def test_each_sentence_stands_beside_its_facts_and_findings():
    found = rows(BODY, SENTENCES, [FINDING], {"lead.first_name": "Ada"})

    texts = ["".join(piece.text for piece in row.pieces) for row in found]
    assert texts == ["Hello Ada,", "we repair looms.", "Carriers save eleven hours.", "Olga"]
    assert [row.begins_paragraph for row in found] == [True, True, False, True]
    assert [(source.name, source.value) for source in found[0].sources] == [("lead.first_name", "Ada")]
    assert [piece.text for piece in found[2].pieces if piece.is_marked] == ["eleven hours"]
    assert found[2].findings == [FINDING]


@pytest.mark.parametrize(
    "finding",
    [
        {**FINDING, "where": "subject"},
        {**FINDING, "where": "lead", "fact": "company"},
        {**FINDING, "start": 0, "end": 0},
        {**FINDING, "start": 0, "end": len(BODY)},
        {**FINDING, "start": 5, "end": len(BODY) + 9},
    ],
)
def test_a_finding_without_a_place_in_the_body_stands_above_it(finding):
    assert above(BODY, [finding]) == [finding]
    assert not any(row.findings for row in rows(BODY, SENTENCES, [finding], {}))


def test_overlapping_sentences_lose_no_character():
    mixed = [{"start": 0, "end": 20, "sources": []}, {"start": 8, "end": 40, "sources": []}]

    found = rows(BODY, mixed, [], {})

    joined = "".join(piece.text for row in found for piece in row.pieces)
    assert "".join(joined.split()) == "".join(BODY.split())
