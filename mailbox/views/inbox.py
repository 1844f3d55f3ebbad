"""The threads in which somebody answered."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import MemberRequest, actor, member_only
from mailbox import actions, queries
from mailbox.errors import MailboxError
from mailbox.forms import OUTCOMES, AnswerForm, AssignForm, DoubtForm, OutcomeForm
from mailbox.models import Message, Thread
from paitho.navigation import Tab


@member_only
@require_safe
def inbox(request: MemberRequest) -> HttpResponse:
    which = request.GET.get("show", "replies")
    tabs = [
        Tab(label, f"{reverse('mailbox:inbox')}?show={key}", is_current=key == which)
        for key, (label, _) in queries.FILTERS.items()
    ]
    context = {"page": queries.inbox(which, request.GET.get("page", "1")), "tabs": tabs}
    return render(request, "mailbox/inbox.html", {**context, "doubtful": queries.doubtful()[:20]})


@member_only
@require_http_methods(["GET", "HEAD", "POST"])
def thread(request: MemberRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(Thread.objects.select_related("lead", "mailbox"), pk=pk)
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.answer(found, form.cleaned_data["text"], by=actor(request))
        except MailboxError as error:
            form.add_error("text", str(error))
        else:
            messages.success(request, "Your answer is on its way.")
            return redirect("mailbox:thread", pk=pk)
    if found.is_unread:
        actions.mark_read(found)
    context = {"thread": found, "letters": queries.messages_of(found), "form": form, "outcomes": OUTCOMES}
    context["members"] = queries.members()
    return render(request, "mailbox/thread.html", context)


@member_only
@require_POST
def outcome(request: MemberRequest, pk: UUID) -> HttpResponse:
    form = OutcomeForm(request.POST)
    if form.is_valid():
        actions.set_outcome(get_object_or_404(Thread, pk=pk), form.cleaned_data["outcome"], by=actor(request))
    return redirect("mailbox:thread", pk=pk)


@member_only
@require_POST
def assign(request: MemberRequest, pk: UUID) -> HttpResponse:
    form = AssignForm(request.POST)
    if form.is_valid():
        member = form.cleaned_data["member"]
        found = get_object_or_404(Thread, pk=pk)
        actions.assign(found, member.pk if member else None, by=actor(request))
    return redirect("mailbox:thread", pk=pk)


@member_only
@require_POST
def settle(request: MemberRequest, pk: UUID) -> HttpResponse:
    """A person says whether an uncertain mail went."""
    form = DoubtForm(request.POST)
    if form.is_valid():
        message = get_object_or_404(Message.objects.select_related("mailbox"), pk=pk)
        try:
            actions.settle_doubt(message, actions.Doubt(form.cleaned_data["went"]), by=actor(request))
        except MailboxError as error:
            messages.error(request, str(error))
    return redirect("mailbox:inbox")
