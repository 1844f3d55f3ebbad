"""What has to be carried out for the public site: letters to subscribers and owners, requests, searches.

Each errand may run twice, and on two workers at once: rows are claimed, and a mail is sent before its row is
settled. A mail server that is down leaves the row for later.
"""

from __future__ import annotations

import time

from django.conf import settings
from django.core.mail import EmailMessage

from accounts import notices
from accounts.errors import MailNotSent
from accounts.models import Member, Role
from tenants import directory as workspaces
from tenants.binding import bound
from tenants.directory import origin_of
from trust import directory
from trust.actions import absolute, unsubscribe_link
from trust.facts import CONTACT
from trust.models import Entry, IncidentUpdate, Maintenance
from trust.sealing import open_box

LETTERS_AT_ONCE = 50
TELLINGS_AT_ONCE = 20
SEARCH_SECONDS = 5.0
SEARCH_STEP = 20


def run() -> None:
    """Everything that is due, a bounded slice of each."""
    directory.fan_out_letters()
    send_letters()
    tell_owners()
    pass_on_dpa_requests()
    search()


def send_letters() -> int:
    """Send what is due to subscribers. Returns how many went."""
    sent = 0
    for letter in directory.claim_letters(LETTERS_AT_ONCE):
        words = words_about(letter.about)
        if words is None:
            directory.settle_letter(letter.id)
            continue
        address = open_box("subscribers", letter.box)["email"]
        leave = unsubscribe_link(letter.box.id)
        try:
            notices.send("trust/email/news", address, headers=one_click(leave), leave=leave, **words)
        except MailNotSent:
            continue  # it is due again, later each time
        directory.settle_letter(letter.id)
        sent += 1
    return sent


def one_click(leave: str) -> dict[str, str]:
    """RFC 8058: the mail program's own button ends the subscription."""
    return {"List-Unsubscribe": f"<{leave}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def words_about(about: str) -> dict[str, str] | None:
    """Subject, title, text and link of a letter; None when what it was about is gone."""
    kind, _, key = about.partition(":")
    if kind == "entry":
        entry = Entry.objects.filter(pk=key).first()
        if entry is None:
            return None
        return {"title": entry.title, "text": entry.body, "link": entry_link(entry)}
    if kind == "update":
        update = IncidentUpdate.objects.filter(pk=key).select_related("incident").first()
        if update is None:
            return None
        return {
            "title": f"{update.get_state_display()}: {update.incident.title}",
            "text": update.text,
            "link": absolute("trust:status"),
        }
    window = Maintenance.objects.filter(pk=key, cancelled_at=None).first()
    if window is None:
        return None
    return {
        "title": f"Maintenance: {window.title}",
        "text": f"{window.starts_at:%d %B %Y %H:%M} to {window.ends_at:%d %B %Y %H:%M} UTC\n\n{window.text}",
        "link": absolute("trust:status"),
    }


def entry_link(entry: Entry) -> str:
    return f"{absolute('trust:changelog')}#{entry.slug}"


def tell_owners() -> int:
    """Tell each workspace's owners of each change of a sub-processor; returns how many workspaces."""
    told = 0
    for uid, key in directory.claim_tellings(TELLINGS_AT_ONCE):
        entry = Entry.objects.get(pk=key)
        with bound(workspaces.by_id(uid)):
            owners = list(Member.objects.filter(role=Role.OWNER, is_active=True))
            try:
                for owner in owners:
                    notices.send(
                        "trust/email/owner",
                        owner.email,
                        name=owner.name,
                        title=entry.title,
                        text=entry.body,
                        link=entry_link(entry),
                    )
            except MailNotSent:
                continue
        directory.settle_telling(uid, key)
        told += 1
    return told


def pass_on_dpa_requests() -> int:
    sent = 0
    for box in directory.unsent_dpa_requests():
        told = open_box("dpa_requests", box)
        lines = [f"{term}: {told[term]}" for term in ("name", "company", "email", "region")]
        message = EmailMessage(
            "A request for the data processing addendum",
            "\n".join(lines) + "\n",
            settings.DEFAULT_FROM_EMAIL,
            [CONTACT],
            reply_to=[told["email"]],
        )
        try:
            notices.deliver(message)
        except MailNotSent:
            break
        directory.dpa_request_sent(box.id)
        sent += 1
    return sent


def search() -> None:
    """Look for a member's address, workspace by workspace, for a few seconds; mail what was found at the end.

    There is no list of members outside the workspaces to look it up in: that is on purpose.
    """
    until = time.monotonic() + SEARCH_SECONDS
    while time.monotonic() < until and (asked := directory.claim_search()):
        email = open_box("workspace_searches", asked.box)["email"]
        found, after = list(asked.found), asked.after
        while slugs := directory.slugs_after(after, SEARCH_STEP):
            found += [slug for slug in slugs if is_member(slug, email)]
            after = slugs[-1]
            if time.monotonic() > until:
                break
        if slugs:
            directory.advance_search(asked.box.id, after, found)
        elif answered(email, found):
            directory.finish_search(asked.box.id)


def is_member(slug: str, email: str) -> bool:
    with bound(workspaces.by_slug(slug)):
        return Member.objects.filter(email=email, is_active=True).exists()


def answered(email: str, slugs: list[str]) -> bool:
    """Mail the addresses of the workspaces; to an address that is in none, nothing is sent."""
    if not slugs:
        return True
    origins = [origin_of(workspaces.by_slug(slug)) for slug in slugs]
    try:
        notices.send("trust/email/workspaces", email, origins=origins)
    except MailNotSent:
        return False
    return True
