"""The review queue: a list, one draft at a time, and what a person decides about it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import localtime
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import MemberRequest, actor, member_only
from campaigns import approval
from campaigns.errors import CampaignError, MovedMeanwhile
from campaigns.forms import DraftForm, NoteForm
from campaigns.models import Draft
from campaigns.queries import review as reads
from campaigns.readiness import asks_a_model

KEYS = [
    ("Approve, and go on", "a"),
    ("Edit", "e"),
    ("Write again, with a note", "r"),
    ("Reject", "x"),
    ("Next draft", "j"),
    ("Previous draft", "k"),
]


LIST_KEYS = [
    ("Begin with the first", "a"),
    ("Approve the clean ones", "c"),
    ("Next row", "j"),
    ("Previous row", "k"),
    ("Open row", "Enter"),
]


@member_only
@require_safe
def queue(request: MemberRequest) -> HttpResponse:
    wanted = reads.Filter.of(request.GET)
    found = reads.page(wanted, request.GET.get("after", ""))
    drafts = found[: reads.SHOWN]
    context = {
        "drafts": drafts,
        "after": drafts[-1].pk if len(found) > len(drafts) else None,
        "figures": reads.figures(wanted),
        "wanted": wanted,
        "campaigns": reads.campaigns_in_review(),
        "shortcuts": LIST_KEYS,
        "is_sandbox": any(not asks_a_model(draft.enrollment.campaign) for draft in drafts),
    }
    return render(request, "campaigns/review.html", context)


@member_only
@require_safe
def one(request: MemberRequest, draft_id: UUID) -> HttpResponse:
    return shown(request, _draft(draft_id))


def _draft(draft_id: UUID) -> Draft:
    return get_object_or_404(reads.with_everything(), pk=draft_id)


def shown(
    request: MemberRequest, draft: Draft, *, complaint: str = "", form: Form | None = None
) -> HttpResponse:
    """The page of one draft; with a complaint it answers 409, with a wrong form 422."""
    wanted = reads.Filter.of(request.GET)
    context = {
        "sheet": reads.sheet(draft, wanted),
        "wanted": wanted,
        "complaint": complaint,
        "edit_form": form if isinstance(form, DraftForm) else _edit_form(draft),
        "note_form": form if isinstance(form, NoteForm) else NoteForm(auto_id="note_%s"),
        "open_part": {DraftForm: "edit", NoteForm: "again"}.get(type(form), "") if form else "",
        "shortcuts": KEYS,
    }
    status = 409 if complaint else 422 if form else 200
    return render(request, "campaigns/draft.html", context, status=status)


def _edit_form(draft: Draft) -> DraftForm:
    return DraftForm(initial={"subject": draft.subject, "body": draft.body}, auto_id="edit_%s")


def decide(request: MemberRequest, draft: Draft, act: Callable[[bytes], str]) -> HttpResponse:
    """Do `act` with the fingerprint of what was shown, say what it says, and go on to the next draft.

    What it refuses, as when somebody was faster, is said above the draft as it is now.
    """
    try:
        sentence = act(_seen(request))
    except CampaignError as error:
        return shown(request, _draft(draft.pk), complaint=str(error))
    messages.success(request, sentence)
    wanted = reads.Filter.of(request.GET)
    following = reads.following(draft, wanted)
    if following is None:
        return redirect(reverse("campaigns:review") + wanted.query)
    return redirect(reverse("campaigns:draft", args=[following.pk]) + wanted.query)


def _seen(request: MemberRequest) -> bytes:
    """What the page showed, as it says itself. A decision without it is about nothing."""
    try:
        return bytes.fromhex(request.POST["seen"])
    except (KeyError, ValueError) as error:
        raise MovedMeanwhile from error


@member_only
@require_POST
def approve(request: MemberRequest, draft_id: UUID) -> HttpResponse:
    draft = _draft(draft_id)

    def act(seen: bytes) -> str:
        message = approval.approve(draft, by=actor(request), seen=seen)
        leaves = localtime(message.due_at)
        return f"Approved. It leaves from {leaves:%A, %d %B, %H:%M}."

    return decide(request, draft, act)


@member_only
@require_POST
def edit(request: MemberRequest, draft_id: UUID) -> HttpResponse:
    """Save a changed text and show it again: it wants an approval of its own."""
    draft, form = _draft(draft_id), DraftForm(request.POST, auto_id="edit_%s")
    if not form.is_valid():
        return shown(request, draft, form=form)
    text = form.cleaned_data
    try:
        approval.edit(
            draft, subject=text["subject"], body=text["body"], by=actor(request), seen=_seen(request)
        )
    except CampaignError as error:
        return shown(request, _draft(draft_id), complaint=str(error))
    messages.success(request, "Saved. Read it once more, then approve it.")
    return redirect(reverse("campaigns:draft", args=[draft_id]) + reads.Filter.of(request.GET).query)


@member_only
@require_POST
def regenerate(request: MemberRequest, draft_id: UUID) -> HttpResponse:
    draft, form = _draft(draft_id), NoteForm(request.POST, auto_id="note_%s")
    if not form.is_valid():
        return shown(request, draft, form=form)

    def act(seen: bytes) -> str:
        approval.reject(draft, by=actor(request), note=form.cleaned_data["note"], seen=seen)
        return "It is being written again, with your note."

    return decide(request, draft, act)


@member_only
@require_POST
def reject(request: MemberRequest, draft_id: UUID) -> HttpResponse:
    draft = _draft(draft_id)

    def act(seen: bytes) -> str:
        approval.reject(draft, by=actor(request), seen=seen)
        return "Rejected. This lead is not written to in this campaign."

    return decide(request, draft, act)


@member_only
@require_http_methods(["GET", "HEAD", "POST"])
def approve_clean(request: MemberRequest) -> HttpResponse:
    """Approve every clean draft at once, if they are still the ones that were counted."""
    wanted = reads.Filter.of(request.GET)
    ids = reads.clean_ids(wanted)
    if request.method == "POST" and request.POST.get("digest") == reads.digest(ids):
        done = approval.approve_many(ids, by=actor(request))
        messages.success(request, f"{len(done.messages):,} drafts approved.")
        for sentence in sorted(set(done.refused.values())):
            messages.warning(request, f"Not every one could be approved: {sentence}")
        return redirect(reverse("campaigns:review") + wanted.query)
    is_stale = request.method == "POST"
    context = {"number": len(ids), "digest": reads.digest(ids), "wanted": wanted, "is_stale": is_stale}
    return render(request, "campaigns/approve_clean.html", context, status=409 if is_stale else 200)
