"""Who gets what at each URL: one row per URL name. `tests/test_access.py` asks every row for real.

A row is `Row("app:name", WHO)`, in the section of its app. WHO says what a GET answers to a stranger, a
member, an admin, an owner and a rival's member (the Mole, with the session of his own workspace):

    PUBLIC   anyone                        MEMBERS   those who signed in
    ADMINS   admins and owners             OWNERS    owners only

`ok=` is what the allowed get, if it is not 200: 405 for a page that only takes POST (the role is asked
before the method, and nothing is written here), 302 where it leads on. A URL with arguments has `made=`,
a function that makes the thing in Acme as Olga and returns the URL's keyword arguments; the Mole then also
asks for it on his own host, where it must be a 404 (or the 405). `names=` holds arguments that name nothing
in the database.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from accounts import actions
from accounts.models import Member, Role
from audit.actors import Actor
from audit.models import Export, ExportState
from keychain.actions import add_credential
from keychain.crypto.secret import Secret
from keychain.models import Kind
from tests import mail_world
from tests.campaigns import world as campaign_world
from tests.leads.made import (
    a_bulk_pk,
    a_bulk_question_pk,
    a_filter_pk,
    a_label_pk,
    a_lead_pk,
    a_request_pk,
    a_suppression_pk,
    an_answer_pk,
    an_import_pk,
    an_upload_pk,
)

Made = Callable[[Member], dict[str, Any]]
REFUSED, TO_SIGN_IN, OK = 403, 302, None


@dataclass(frozen=True, slots=True)
class Who:
    """Expected status for each of the cast; None stands for the row's `ok`."""

    stranger: int | None
    member: int | None
    admin: int | None
    owner: int | None
    rival: int | None


PUBLIC = Who(OK, OK, OK, OK, OK)
MEMBERS = Who(TO_SIGN_IN, OK, OK, OK, TO_SIGN_IN)
ADMINS = Who(TO_SIGN_IN, REFUSED, OK, OK, TO_SIGN_IN)
OWNERS = Who(TO_SIGN_IN, REFUSED, REFUSED, OK, TO_SIGN_IN)


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    who: Who
    ok: int = 200
    made: Made | None = None
    names: dict[str, Any] = field(default_factory=dict)

    def kwargs(self, olga: Member) -> dict[str, Any]:
        return self.made(olga) if self.made else self.names

    def expected(self, person: str) -> int:
        status: int | None = getattr(self.who, person)
        return self.ok if status is None else status


NOTHING = UUID(int=0)


def by(olga: Member) -> Actor:
    return Actor(olga.pk, olga.name)


def olga_herself(olga: Member) -> dict[str, Any]:
    return {"member_id": olga.pk}


def invitation(olga: Member) -> dict[str, Any]:
    made, _ = actions.invite("new@acme.example", Role.MEMBER, by=by(olga))
    return {"invitation_id": made.pk}


def provider_key(olga: Member) -> dict[str, Any]:
    made = add_credential(Kind.OPENAI, "Ours", Secret("sk-0123456789abcdef"), by=by(olga))
    return {"credential_id": made.pk}


def an_export(olga: Member) -> dict[str, Any]:
    """One that has ended: to download it is refused with a page."""
    made = Export(asked_by=olga.pk, state=ExportState.ENDED)
    made.save()
    return {"export_id": made.pk}


# allauth's pages: for strangers only (a member is led on), for members, or for the middle of a sign-in.
STRANGERS = Who(OK, 302, 302, 302, OK)
MIDWAY = Who(302, 302, 302, 302, 302)
# Members who have just proved who they are; the cast's sessions have not, and are led to do so.
REPROVEN = Who(TO_SIGN_IN, 302, 302, 302, TO_SIGN_IN)

ACCOUNTS: list[Row] = [
    Row("account_login", STRANGERS),
    Row("account_logout", Who(302, OK, OK, OK, 302)),
    Row("account_inactive", PUBLIC),
    Row("account_reauthenticate", MEMBERS),
    Row("account_change_password", MEMBERS),
    Row("account_reset_password", PUBLIC),
    Row("account_reset_password_done", PUBLIC),
    Row("account_reset_password_from_key", PUBLIC, names={"uidb36": "1", "key": "none"}),
    Row("account_reset_password_from_key_done", PUBLIC),
    Row("account_email_verification_sent", PUBLIC),
    Row("account_confirm_email", PUBLIC, names={"key": "none"}),
    Row("mfa_index", MEMBERS),
    Row("mfa_authenticate", MIDWAY),
    Row("mfa_reauthenticate", REPROVEN),
    Row("mfa_activate_totp", REPROVEN),
    Row("mfa_deactivate_totp", MEMBERS, ok=404),
    Row("mfa_view_recovery_codes", MEMBERS, ok=404),
    Row("mfa_generate_recovery_codes", REPROVEN),
    Row("mfa_download_recovery_codes", MEMBERS, ok=404),
    Row("mfa_list_webauthn", MEMBERS),
    Row("mfa_add_webauthn", REPROVEN),
    Row("mfa_reauthenticate_webauthn", REPROVEN),
    Row("mfa_remove_webauthn", REPROVEN, names={"pk": 1}),
    Row("mfa_edit_webauthn", REPROVEN, names={"pk": 1}),
    Row("mfa_login_webauthn", MIDWAY),
    Row("accounts:welcome", PUBLIC, ok=410, names={"token": "none"}),
    Row("accounts:accept", PUBLIC, ok=410, names={"token": "none"}),
    Row("accounts:members", ADMINS),
    Row("accounts:change_role", ADMINS, ok=405, made=olga_herself),
    Row("accounts:remove_member", ADMINS, made=olga_herself),
    Row("accounts:resend_invitation", ADMINS, ok=405, made=invitation),
    Row("accounts:revoke_invitation", ADMINS, ok=405, made=invitation),
    Row("accounts:workspace", ADMINS),
    Row("accounts:errors", OWNERS),
    Row("accounts:address", OWNERS),
    Row("accounts:rename", OWNERS),
    Row("accounts:check_host", OWNERS, ok=405, names={"host": "none.example"}),
    Row("accounts:prefer_host", OWNERS, ok=405, names={"host": "none.example"}),
    Row("accounts:drop_host", OWNERS, ok=404, names={"host": "none.example"}),
    Row("accounts:me", MEMBERS),
    Row("accounts:sessions", MEMBERS),
    Row("accounts:end_sessions", MEMBERS, ok=405),
    Row("accounts:end_session", MEMBERS, ok=405, names={"session_id": NOTHING}),
]
KEYCHAIN: list[Row] = [
    Row("keychain:list", ADMINS),
    Row("keychain:add", ADMINS),
    Row("keychain:progress", ADMINS),
    Row("keychain:rotate", OWNERS),
    Row("keychain:kms", OWNERS),
    Row("keychain:replace", ADMINS, made=provider_key),
    Row("keychain:remove", ADMINS, made=provider_key),
]
AUDIT: list[Row] = [
    Row("audit:log", ADMINS),
    Row("audit:download", ADMINS),
    Row("audit:seals", ADMINS),
    Row("audit:data", OWNERS),
    Row("audit:ask_export", OWNERS, ok=405),
    Row("audit:export_progress", OWNERS, made=an_export),
    Row("audit:export_file", OWNERS, ok=410, made=an_export),
    Row("audit:delete_workspace", OWNERS),
    Row("audit:keep", OWNERS, ok=302),
]
LEADS: list[Row] = [
    Row("leads:list", MEMBERS),
    Row("leads:new", MEMBERS),
    Row("leads:filter_save", MEMBERS, ok=405),
    Row("leads:filter_delete", MEMBERS, ok=405, made=a_filter_pk),
    Row("leads:labels", MEMBERS),
    Row("leads:label_rename", MEMBERS, ok=405, made=a_label_pk),
    Row("leads:label_delete", MEMBERS, made=a_label_pk),
    Row("leads:bulk", MEMBERS, ok=405),
    Row("leads:bulk_start", MEMBERS, ok=405),
    Row("leads:bulk_job", MEMBERS, made=a_bulk_pk),
    Row("leads:bulk_progress", MEMBERS, made=a_bulk_pk),
    Row("leads:bulk_answers", MEMBERS, made=a_bulk_question_pk),
    Row("leads:imports", MEMBERS),
    Row("leads:upload", MEMBERS),
    Row("leads:import", MEMBERS, made=an_import_pk),
    Row("leads:columns", MEMBERS, made=an_upload_pk),
    Row("leads:check", MEMBERS, made=an_upload_pk),
    Row("leads:check_progress", MEMBERS, made=an_upload_pk),
    Row("leads:discard", MEMBERS, ok=405, made=an_upload_pk),
    Row("leads:import_progress", MEMBERS, made=an_import_pk),
    Row("leads:rejects", MEMBERS, made=an_import_pk),
    Row("leads:undo", MEMBERS, made=an_import_pk),
    Row("leads:lead", MEMBERS, made=a_lead_pk),
    Row("leads:edit", MEMBERS, made=a_lead_pk),
    Row("leads:label", MEMBERS, ok=405, made=a_lead_pk),
    Row("leads:suppress", MEMBERS, made=a_lead_pk),
    Row("leads:delete", MEMBERS, made=a_lead_pk),
    Row("leads:enrich", MEMBERS, made=a_lead_pk),
    Row("leads:apply", MEMBERS, ok=405, made=an_answer_pk),
    Row("leads:privacy", MEMBERS),
    Row("leads:suppress_file", MEMBERS, ok=405),
    Row("leads:lift", ADMINS, made=a_suppression_pk),
    Row("leads:requests", OWNERS),
    Row("leads:request", OWNERS, made=a_request_pk),
    Row("leads:dossier_json", OWNERS, made=a_request_pk),
    Row("leads:dossier_html", OWNERS, made=a_request_pk),
    Row("leads:erase", OWNERS, made=a_request_pk),
    Row("leads:enrichment", OWNERS),
    Row("leads:enrichment_file", OWNERS, ok=405),
]


def a_thread(_: Member) -> dict[str, Any]:
    return {"pk": mail_world.a_thread(lead=mail_world.a_lead(f"{uuid4().hex}@engines.test")).pk}


def a_mailbox(_: Member) -> dict[str, Any]:
    return {"pk": mail_world.a_mailbox().pk}


MAILBOX: list[Row] = [
    Row("mailbox:inbox", MEMBERS),
    Row("mailbox:thread", MEMBERS, made=a_thread),
    Row("mailbox:outcome", MEMBERS, ok=405, made=a_thread),
    Row("mailbox:settle", MEMBERS, ok=405, made=a_thread),
    Row("mailbox:assign", MEMBERS, ok=405, made=a_thread),
    Row("mailbox:list", MEMBERS),
    Row("mailbox:connect", ADMINS),
    Row("mailbox:connect_sandbox", ADMINS, ok=405),
    Row("mailbox:consent", ADMINS, ok=405, names={"vendor": "google"}),
    Row("mailbox:consent_back", ADMINS, ok=302),
    Row("mailbox:switch", MEMBERS, ok=405),
    Row("mailbox:detail", ADMINS, made=a_mailbox),
    Row("mailbox:check", ADMINS, ok=405, made=a_mailbox),
    Row("mailbox:pause", ADMINS, ok=405, made=a_mailbox),
    Row("mailbox:deliverability", ADMINS, made=a_mailbox),
    Row("mailbox:disconnect", ADMINS, ok=405, made=a_mailbox),
]


def a_campaign(person: Member) -> dict[str, Any]:
    return {"campaign_id": campaign_world.a_campaign(Actor(person.pk, str(person))).pk}


def a_part(person: Member) -> dict[str, Any]:
    return {**a_campaign(person), "part": "brief"}


def a_draft(person: Member) -> dict[str, Any]:
    return {"draft_id": campaign_world.a_draft(Actor(person.pk, str(person))).pk}


def a_call(person: Member) -> dict[str, Any]:
    return {"call_id": campaign_world.a_call(Actor(person.pk, str(person))).pk}


def a_link(person: Member) -> dict[str, Any]:
    return {"token": campaign_world.a_sent_mail(Actor(person.pk, str(person)))[1]}


CAMPAIGNS: list[Row] = [
    Row("campaigns:opt_out", PUBLIC, made=a_link),
    Row("campaigns:erase", PUBLIC, made=a_link),
    Row("campaigns:take_back", PUBLIC, made=a_link),
    Row("campaigns:today", MEMBERS),
    Row("campaigns:list", MEMBERS),
    Row("campaigns:new", MEMBERS),
    Row("campaigns:detail", MEMBERS, made=a_campaign),
    Row("campaigns:progress", MEMBERS, made=a_campaign),
    Row("campaigns:leads", MEMBERS, made=a_campaign),
    Row("campaigns:setup", MEMBERS, made=a_part),
    Row("campaigns:duplicate", MEMBERS, ok=405, made=a_campaign),
    Row("campaigns:try_again", MEMBERS, made=a_campaign),
    Row("campaigns:limit", ADMINS),
    Row("campaigns:replies", ADMINS),
    Row("campaigns:stop_everything", MEMBERS),
    Row("campaigns:checklist", MEMBERS, made=a_campaign),
    Row("campaigns:look", MEMBERS, ok=405, made=a_campaign),
    Row("campaigns:launch", MEMBERS, ok=405, made=a_campaign),
    Row("campaigns:pause", MEMBERS, made=a_campaign),
    Row("campaigns:stop", MEMBERS, made=a_campaign),
    Row("campaigns:review", MEMBERS),
    Row("campaigns:approve_clean", MEMBERS),
    Row("campaigns:draft", MEMBERS, made=a_draft),
    Row("campaigns:approve", MEMBERS, ok=405, made=a_draft),
    Row("campaigns:edit_draft", MEMBERS, ok=405, made=a_draft),
    Row("campaigns:regenerate", MEMBERS, ok=405, made=a_draft),
    Row("campaigns:reject", MEMBERS, ok=405, made=a_draft),
    Row("campaigns:calls", MEMBERS),
    Row("campaigns:call", MEMBERS, made=a_call),
]
# Views that take a POST without a CSRF token, and why that is right.
WITHOUT_CSRF = {
    "campaigns:opt_out": "RFC 8058, 3.2: the mailbox provider posts; the link's 256 bits are the authority.",
    "campaigns:erase": "The same link, on a page that sets no cookie: there is no session to ride on.",
    "campaigns:take_back": "The same link; it acts on the address that is typed, and never for a session.",
}
WORKSPACE = [*ACCOUNTS, *KEYCHAIN, *AUDIT, *LEADS, *MAILBOX, *CAMPAIGNS]

# The apex knows nobody, so it has one answer for all. `Row(...)` here is always PUBLIC.
SIGN_UP: list[Row] = [
    Row("sign_up:start", PUBLIC),
    Row("sign_up:address", PUBLIC),
    Row("sign_up:sent", PUBLIC),
    Row("sign_up:verify", PUBLIC, ok=410, names={"token": "none"}),
    Row("sign_up:progress", PUBLIC, ok=410, names={"token": "none"}),
    Row("sign_up:outbox", PUBLIC),
    Row("sign_up:message", PUBLIC, ok=404, names={"box": "none", "name": "none"}),
]
REMOVAL: list[Row] = [Row("removal:receipt", PUBLIC, ok=404, names={"token": "none"})]
MAILBOX_APEX: list[Row] = [Row("mailbox_apex:returning", PUBLIC, ok=404)]
TRUST: list[Row] = [
    Row("trust:home", PUBLIC),
    Row("trust:trust", PUBLIC),
    Row("trust:manifesto", PUBLIC),
    Row("trust:changelog", PUBLIC),
    Row("trust:security", PUBLIC),
    Row("trust:security_txt", PUBLIC),
    Row("trust:dpa", PUBLIC),
    Row("trust:dpa_asked", PUBLIC),
    Row("trust:status", PUBLIC),
    Row("trust:status_json", PUBLIC),
    Row("trust:status_atom", PUBLIC),
    Row("trust:posture", PUBLIC),
    Row("trust:changelog_atom", PUBLIC),
    Row("trust:sub_processors", PUBLIC),
    Row("trust:robots_txt", PUBLIC),
    Row("trust:subscribe", PUBLIC),
    Row("trust:subscribe_sent", PUBLIC),
    Row("trust:confirm", PUBLIC, ok=410, names={"token": "none"}),
    Row("trust:unsubscribe", PUBLIC, names={"signed": "none"}),
    Row("trust:find", PUBLIC),
    Row("trust:find_sent", PUBLIC),
    Row("trust:find_by_name", PUBLIC),
]
APEX = [*SIGN_UP, *REMOVAL, *TRUST, *MAILBOX_APEX]
