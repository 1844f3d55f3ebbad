"""Connect, watch and pause the team's mailboxes."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import MemberRequest, actor, admin_only, member_only
from mailbox import actions, queries
from mailbox.consent import available
from mailbox.errors import MailboxError
from mailbox.forms import AddressForm, ConnectForm, LimitsForm
from mailbox.hosts import guess
from mailbox.models import Mailbox
from mailbox.sandbox import sandbox_mailbox


@member_only
@require_safe
def listed(request: MemberRequest) -> HttpResponse:
    context = {"mailboxes": queries.mailboxes(), "is_paused": queries.is_paused()}
    return render(request, "mailbox/list.html", context)


@admin_only
@require_http_methods(["GET", "HEAD", "POST"])
def connect(request: MemberRequest) -> HttpResponse:
    asked = AddressForm(request.GET) if "address" in request.GET else AddressForm()
    if request.method != "POST" and not asked.is_valid():
        return render(request, "mailbox/address.html", {"form": asked, "vendors": available()})
    form = ConnectForm(request.POST) if request.method == "POST" else proposal(asked.cleaned_data["address"])
    if request.method == "POST" and form.is_valid():
        try:
            mailbox = actions.connect(form.new_mailbox(), by=actor(request))
        except MailboxError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{mailbox.address} is connected: both servers took the sign-in.")
            return redirect("mailbox:list")
    return render(request, "mailbox/connect.html", {"form": form, "vendors": available()})


def proposal(address: str) -> ConnectForm:
    """What is known or guessed of the address's servers, to be corrected by the person and tried out."""
    return ConnectForm.proposing(address, guess(address))


@admin_only
@require_POST
def disconnect(request: MemberRequest, pk: UUID) -> HttpResponse:
    mailbox = get_object_or_404(Mailbox, pk=pk)
    if actions.disconnect(mailbox, by=actor(request)):
        messages.success(request, f"{mailbox.address} is disconnected, and its secret is forgotten.")
    else:
        messages.success(
            request, f"{mailbox.address} is disconnected. End the consent at {mailbox.vendor} yourself, too."
        )
    return redirect("mailbox:list")


@admin_only
@require_http_methods(["GET", "HEAD", "POST"])
def deliverability(request: MemberRequest, pk: UUID) -> HttpResponse:
    """What receiving servers see; a POST looks again, with a mail to the mailbox itself if that is wished."""
    mailbox = get_object_or_404(queries.mailboxes(), pk=pk)
    if request.method == "POST":
        actions.look_into(mailbox, by=actor(request), seed="seed" in request.POST)
        return redirect("mailbox:deliverability", pk=pk)
    return render(
        request, "mailbox/deliverability.html", {"mailbox": mailbox, **queries.delivery_of(mailbox)}
    )


@admin_only
@require_POST
def connect_sandbox(request: MemberRequest) -> HttpResponse:
    """A mailbox at the sandbox mail server: in the embedded default only."""
    if not settings.EMBEDDED:
        raise Http404
    address = f"sales@{request.workspace.slug}.sandbox"
    try:
        actions.connect(sandbox_mailbox(address, str(request.user)), by=actor(request))
    except MailboxError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{address} is connected. Its mail stays on this machine.")
    return redirect("mailbox:list")


@admin_only
@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: MemberRequest, pk: UUID) -> HttpResponse:
    mailbox = get_object_or_404(queries.mailboxes(), pk=pk)
    form = LimitsForm.of(mailbox, request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.change(mailbox, form.cleaned_data, by=actor(request))
        messages.success(request, "Saved.")
        return redirect("mailbox:detail", pk=pk)
    return render(request, "mailbox/detail.html", {"mailbox": mailbox, "form": form})


@admin_only
@require_POST
def check(request: MemberRequest, pk: UUID) -> HttpResponse:
    mailbox = get_object_or_404(Mailbox, pk=pk)
    try:
        actions.revive(mailbox, by=actor(request))
    except MailboxError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Both servers took the sign-in. The mailbox works.")
    return redirect("mailbox:detail", pk=pk)


@admin_only
@require_POST
def pause(request: MemberRequest, pk: UUID) -> HttpResponse:
    actions.pause(get_object_or_404(Mailbox, pk=pk), by=actor(request))
    messages.success(request, "The mailbox is paused: nothing is sent from it.")
    return redirect("mailbox:detail", pk=pk)


@member_only
@require_POST
def switch(request: MemberRequest) -> HttpResponse:
    """The workspace's one switch for everything that sends."""
    if queries.is_paused():
        actions.resume_sending(by=actor(request))
    else:
        actions.pause_sending(by=actor(request), reason=request.POST.get("reason", "")[:200])
    return redirect("mailbox:list")
