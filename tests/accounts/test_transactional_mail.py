"""Paitho's own mail by Postmark and Resend, through anymail, against servers of their documented shape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings as django_settings

from accounts import notices
from accounts.errors import MailNotSent
from leads.guard import why_not
from tenants.binding import bound
from tests.leads.made import a_lead
from tests.servers.transactional import POSTMARK_KEY, RESEND_KEY, Provider, serving
from tests.world import PASSWORD, client_of, eddy, mole, olga

pytestmark = pytest.mark.usefixtures("world", "made_here")

# Postmark's words for an address that bounced before; Resend has no such answer.
INACTIVE = {
    "ErrorCode": 406,
    "Message": "You tried to send to recipient(s) that have been marked as inactive. Found inactive "
    "addresses: h@hazel.example. Inactive recipients are ones that have generated a hard bounce, a spam "
    "complaint, or a manual suppression.",
}


@dataclass(frozen=True, slots=True)
class Sent:
    """One accepted mail, whichever provider took it."""

    to: str
    subject: str
    text: str
    html: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Desk:
    """A provider that the product is set to."""

    name: str
    server: Provider

    def mails(self) -> list[Sent]:
        return [self._read(each) for each in self.server.accepted]

    def _read(self, told: dict[str, Any]) -> Sent:
        if self.name == "postmark":
            headers = {each["Name"]: each["Value"] for each in told.get("Headers", [])}
            return Sent(told["To"], told["Subject"], told["TextBody"], told["HtmlBody"], headers)
        (to,) = told["to"]
        return Sent(to, told["subject"], told["text"], told["html"], told.get("headers", {}))


@pytest.fixture(params=["postmark", "resend"])
def desk(request, settings) -> Iterator[Desk]:
    name = request.param
    with serving() as server:
        settings.EMAIL_BACKEND = f"anymail.backends.{name}.EmailBackend"
        settings.ANYMAIL = {
            **django_settings.ANYMAIL,
            "POSTMARK_SERVER_TOKEN": POSTMARK_KEY,
            "POSTMARK_API_URL": server.url,
            "RESEND_API_KEY": RESEND_KEY,
            "RESEND_API_URL": server.url,
        }
        yield Desk(name, server)


def test_verification_invitation_reset_and_notice_go_as_text_and_html(world, desk, apex):
    person = olga(world)
    browser = client_of(world.acme, person)

    apex.post("/sign-up", {"workspace_name": "W", "slug": "walnut", "region": "eu", "name": "W W",
                           "email": "wanda@walnut.example"})  # fmt: skip
    browser.post("/members/", {"email": "ivy@acme.example", "role": "member"})
    client_of(world.acme).post("/password/reset/", {"email": person.email})
    browser.post(
        "/password/change/",
        {"oldpassword": PASSWORD, "password1": "seven green lanterns", "password2": "seven green lanterns"},
    )

    mails = desk.mails()
    assert [mail.to for mail in mails] == [
        "wanda@walnut.example",
        "ivy@acme.example",
        person.email,
        person.email,
    ]
    for mail in mails:
        assert mail.text.strip()
        assert mail.subject
        assert "<html" in mail.html
        assert "<img" not in mail.html
        assert mail.headers["Auto-Submitted"] == "auto-generated"
    assert "/sign-up/verify/" in mails[0].text
    assert "/invitation/" in mails[1].html
    assert "password" in mails[3].html


def test_the_provider_is_told_to_track_nothing(desk):
    notices.send("accounts/email/notice", "h@hazel.example", subject="Hello", text="Words.")

    if desk.name == "postmark":
        told = desk.server.last()
        assert (told["TrackOpens"], told["TrackLinks"]) == (False, "None")


def test_a_refusal_is_one_sentence_without_the_mail_or_the_key(desk, settings, caplog):
    settings.ANYMAIL = {
        **settings.ANYMAIL,
        "POSTMARK_SERVER_TOKEN": "wrong-key",
        "RESEND_API_KEY": "wrong-key",
    }

    with pytest.raises(MailNotSent) as refused:
        notices.send("accounts/email/notice", "h@hazel.example", subject="Hello", text="Secret words.")

    assert str(refused.value) == "The message could not be sent just now. Try again in a few minutes."
    assert desk.server.accepted == []
    for secret in ("wrong-key", "Secret words", "h@hazel.example"):
        assert secret not in caplog.text


@pytest.mark.parametrize(
    "answer",
    [
        (429, {"message": "Too many requests"}),
        (500, {"message": "Internal server error"}),
        (503, b"<html>Service Unavailable</html>"),
        (200, b"not json"),
        (200, {"unexpected": "shape"}),
        (422, INACTIVE),
    ],
)
def test_whatever_the_provider_says_the_answer_is_a_sentence(desk, answer):
    desk.server.answer = answer

    with pytest.raises(MailNotSent):
        notices.send("accounts/email/notice", "h@hazel.example", subject="Hello", text="Words.")


def test_a_provider_that_is_down_is_a_sentence(desk, settings):
    nowhere = "http://127.0.0.1:9/"
    settings.ANYMAIL = {**settings.ANYMAIL, "POSTMARK_API_URL": nowhere, "RESEND_API_URL": nowhere}

    with pytest.raises(MailNotSent):
        notices.send("accounts/email/notice", "h@hazel.example", subject="Hello", text="Words.")


def test_a_provider_that_says_nothing_is_not_waited_for(desk, settings):
    """Guards the timeout: without one a page would hang as long as the provider does."""
    connecting, reading = django_settings.ANYMAIL["REQUESTS_TIMEOUT"]
    assert 0 < connecting <= 10
    assert 0 < reading <= 30
    settings.ANYMAIL = {**settings.ANYMAIL, "REQUESTS_TIMEOUT": (1, 0.1)}
    desk.server.silence = 0.3

    with pytest.raises(MailNotSent):
        notices.send("accounts/email/notice", "h@hazel.example", subject="Hello", text="Words.")


def test_an_invitation_to_a_prospect_does_not_leave(world, desk):
    """Guards the promise: never used to write to prospects."""
    person = olga(world)
    with bound(world.acme):
        a_lead(person, "nora@northwind.example")
    browser = client_of(world.acme, person)

    page = browser.post(
        "/members/", {"email": "Nora@Northwind.example", "role": "member"}, follow=True
    ).content.decode()

    assert "is one of your leads" in page
    assert desk.server.asked == 0


def test_no_kind_of_mail_reaches_a_prospect_in_any_header(world, desk):
    from django.core.mail import EmailMultiAlternatives

    person = olga(world)
    with bound(world.acme):
        a_lead(person, "nora@northwind.example")
        for fields in (
            {"to": ["Nora <nora@northwind.example>"]},
            {"to": ["x@acme.example"], "cc": ["nora@northwind.example"]},
            {"to": ["x@acme.example"], "bcc": ["NORA@northwind.example"]},
        ):
            with pytest.raises(MailNotSent, match="one of your leads"):
                notices.deliver(EmailMultiAlternatives("Hello", "Words.", None, **fields))

    assert desk.server.asked == 0


def test_a_prospect_of_one_workspace_is_a_colleague_in_another(world, desk):
    rival = mole(world)
    with bound(world.rival):
        a_lead(rival, "ivy@acme.example")

    client_of(world.acme, olga(world)).post("/members/", {"email": "ivy@acme.example", "role": "member"})

    assert [mail.to for mail in desk.mails()] == ["ivy@acme.example"]


def test_a_member_who_is_also_a_lead_still_gets_mail_about_their_account(world, desk):
    """Who tries the product on themselves is not locked out of it."""
    person = eddy(world)
    with bound(world.acme):
        a_lead(person, person.email)
        assert why_not(person.email) == ""

    client_of(world.acme).post("/password/reset/", {"email": person.email})

    assert [mail.to for mail in desk.mails()] == [person.email]
