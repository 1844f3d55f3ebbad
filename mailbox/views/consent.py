"""Connecting a mailbox by consent at Google or Microsoft, instead of a password."""

from __future__ import annotations

import secrets
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from accounts.access import MemberRequest, actor, admin_only
from keychain.crypto.secret import Secret
from mailbox import actions, consent, oauth
from mailbox.errors import MailboxError
from mailbox.hosts import guess
from mailbox.models import Mailbox
from tenants import directory
from tenants.errors import BoundaryError

KEPT = "mailbox_consent"


@admin_only
@require_POST
def begin(request: MemberRequest, vendor: str) -> HttpResponse:
    """To the vendor's own page, where the person agrees."""
    app = consent.app_of(vendor) if vendor in consent.VENDORS else None
    if app is None:
        raise Http404
    begun = oauth.begin(app, login_hint=request.POST.get("address", "")[:254])
    state = f"{request.workspace.slug}.{begun.state}"
    request.session[KEPT] = {"state": state, "verifier": begun.verifier.reveal(), "vendor": vendor}
    return redirect(begun.url.replace(f"state={begun.state}", urlencode({"state": state})))


@require_safe
def returning(request: HttpRequest) -> HttpResponse:
    """On the apex, which the vendors know: on to the workspace that the state names."""
    slug = request.GET.get("state", "").partition(".")[0]
    try:
        workspace = directory.by_slug(slug)
    except BoundaryError:
        raise Http404 from None
    kept = {name: request.GET[name] for name in ("code", "state", "error") if name in request.GET}
    return redirect(f"{directory.origin_of(workspace)}/mailboxes/consent/?{urlencode(kept)}")


@admin_only
@require_safe
def back(request: MemberRequest) -> HttpResponse:
    """With the vendor's code: tokens, the live test of both servers, the mailbox."""
    kept = request.session.pop(KEPT, None)
    state = request.GET.get("state", "")
    if not kept or not secrets.compare_digest(kept["state"].encode(), state.encode()):
        messages.error(request, "This answer does not belong to a consent that you began here. Begin again.")
        return redirect("mailbox:connect")
    try:
        mailbox = _connected(request, kept)
    except MailboxError as error:
        messages.error(request, str(error))
        return redirect("mailbox:connect")
    messages.success(request, f"{mailbox.address} is connected: both servers took the sign-in.")
    return redirect("mailbox:detail", pk=mailbox.pk)


def _connected(request: MemberRequest, kept: dict[str, str]) -> Mailbox:
    app = consent.app_of(kept["vendor"])
    code = request.GET.get("code", "")
    if app is None or not code:
        raise MailboxError("The provider gave no consent. Nothing was stored.")
    tokens = oauth.redeem(app, code, Secret(kept["verifier"]))
    if not isinstance(tokens, oauth.Tokens):
        raise MailboxError(tokens.sentence)
    if tokens.address is None or tokens.refresh is None:
        raise MailboxError("The provider did not say whose mailbox it is, or gave no lasting consent.")
    known = guess(tokens.address)
    if known.smtp is None or known.imap is None:
        raise MailboxError(f"It is not known which servers {tokens.address} uses.")
    new = actions.NewMailbox(
        address=tokens.address,
        sender_name=str(request.user),
        username=tokens.address,
        password=oauth.packed(tokens),
        smtp=actions.Server(known.smtp.host, known.smtp.port, known.smtp.security.value),
        imap=actions.Server(known.imap.host, known.imap.port, known.imap.security.value),
        ramp_first=10,
        ramp_step=5,
        vendor=kept["vendor"],
        consent_ends_at=tokens.consent_ends_at,
    )
    return actions.connect(new, by=actor(request))
