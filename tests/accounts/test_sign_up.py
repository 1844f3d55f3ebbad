"""Sign-up through the door: from the form on the apex host to the owner in the new workspace."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.test import Client

from accounts import sign_up
from accounts.models import Member, Role, WorkspaceProfile
from audit.events import Event
from audit.models import AuditRow
from tenants import bells, directory
from tenants.binding import bound
from tests.world import client_of, mole

FORM = {
    "workspace_name": "Walnut Traders",
    "slug": "walnut",
    "region": "eu",
    "name": "Wanda Walnut",
    "email": "Wanda@Walnut.example",
}
PASSWORD = "seven green lanterns"

pytestmark = pytest.mark.usefixtures("world", "made_here")


def path_of(link: str) -> str:
    return "/" + link.split("/", 3)[3]


def begin(apex: Client, post, **changes: str) -> str:
    """Fill in the form and return the path of the link in the mail."""
    answer = apex.post("/sign-up", {**FORM, **changes})
    assert answer.status_code == 302, answer.content.decode()
    return path_of(post.link())


def provision_what_is_due() -> None:
    for kind, workspace in bells.claim(10):
        bells.work_slice(kind, workspace)


def test_from_the_form_to_the_workspace(apex, post):
    verify = begin(apex, post, slug="from-the-form")

    assert apex.get(verify).status_code == 200
    progress = apex.post(verify).url
    assert b"Making the workspace" in apex.get(progress).content
    provision_what_is_due()
    welcome = apex.get(progress).url
    assert welcome.startswith("http://from-the-form.localhost:8000/welcome/")
    workspace = directory.by_slug("from-the-form")
    browser = client_of(workspace)
    assert b"wanda@walnut.example" in browser.get(path_of(welcome)).content
    entered = browser.post(path_of(welcome), {"name": "Wanda", "password": PASSWORD})

    assert entered.url == "/"
    assert b"Walnut Traders" in browser.get("/").content
    assert directory.sign_up_by_token(sign_up.hash_of(welcome.rsplit("/", 1)[1])) is None
    with bound(workspace):
        owner = Member.objects.get()
        assert (owner.email, owner.name, owner.role) == ("wanda@walnut.example", "Wanda", Role.OWNER)
        assert WorkspaceProfile.objects.get().name == "Walnut Traders"
        events = set(AuditRow.objects.values_list("event", flat=True))
    assert events == {Event.WORKSPACE_CREATED, Event.MEMBER_JOINED, Event.SIGNED_IN}
    # The same link again, on either host, is a clear sentence.
    assert client_of(workspace).get(path_of(welcome)).status_code == 410
    assert apex.get(verify).status_code == 410


def test_the_mail_says_what_is_asked_in_text_and_html(apex, post):
    begin(apex, post)

    message = post.last()
    assert message["To"] == "wanda@walnut.example"
    assert message["Subject"] == "Confirm your address to make the workspace Walnut Traders"
    assert message["Auto-Submitted"] == "auto-generated"
    html = message.get_body(("html",)).get_content()
    assert post.link() in html
    assert "<img" not in html


def test_reading_the_link_consumes_nothing(apex, post, superuser):
    """Mail scanners open every link; only the button makes a workspace."""
    verify = begin(apex, post)

    for _ in range(3):
        assert apex.get(verify).status_code == 200

    assert superuser.execute("SELECT count(*) FROM public.workspaces WHERE slug = 'walnut'").fetchone() == (
        0,
    )


def test_nothing_personal_lies_open_in_the_directory(apex, post, superuser):
    begin(apex, post)

    rows = superuser.execute("SELECT sign_ups::text, sealed, wrapped FROM public.sign_ups").fetchall()
    assert len(rows) == 1
    told = b"".join(str(part).encode() if isinstance(part, str) else bytes(part) for part in rows[0])
    for word in (b"wanda", b"Wanda", b"Traders", b"example"):
        assert word not in told
    token = post.link().rsplit("/", 1)[1]
    assert token.encode() not in told
    found = sign_up.details_of(sign_up.find(token))
    assert found == sign_up.Details("wanda@walnut.example", "Wanda Walnut", "Walnut Traders")


def test_the_first_of_two_sign_ups_for_one_address_wins(apex, post):
    first = begin(apex, post, email="one@walnut.example")
    second = begin(apex, post, email="two@walnut.example")

    assert apex.post(second).status_code == 302
    late = apex.post(first)

    assert late.status_code == 409
    assert b"Someone else took the address walnut meanwhile" in late.content


def test_a_second_click_leads_to_the_same_workspace(apex, post, superuser):
    verify = begin(apex, post)

    assert apex.post(verify).url == apex.post(verify).url
    assert apex.get(verify).status_code == 302
    assert superuser.execute("SELECT count(*) FROM public.workspaces WHERE slug = 'walnut'").fetchone() == (
        1,
    )


def test_a_link_ends_after_three_days(apex, post, superuser):
    verify = begin(apex, post)
    superuser.execute(
        "UPDATE public.sign_ups SET created_at = created_at - %s", [timedelta(days=3, minutes=1)]
    )

    answer = apex.get(verify)

    assert answer.status_code == 410
    assert b"older than three days" in answer.content
    assert apex.post(verify).status_code == 410


def test_a_crash_after_the_owner_was_made_is_healed_by_the_next_click(world, apex, post, monkeypatch):
    """The owner's row and the sign-up's are in two databases' hands; the second step may be lost."""
    verify = begin(apex, post, slug="crashed")
    progress = apex.post(verify).url
    provision_what_is_due()
    welcome = path_of(apex.get(progress).url)
    browser = client_of(directory.by_slug("crashed"))
    with monkeypatch.context() as dying:
        dying.setattr(directory, "finish_sign_up", lambda token: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            browser.post(welcome, {"name": "Wanda", "password": PASSWORD})

    again = browser.post(welcome, {"name": "Wanda", "password": "another password 1"})

    assert again.url == "/sign-in/"
    assert browser.get(welcome).status_code == 410
    signed_in = browser.post("/sign-in/", {"login": "wanda@walnut.example", "password": PASSWORD})
    assert signed_in.url == "/"


def test_a_welcome_link_is_worthless_in_another_workspace(world, apex, post):
    verify = begin(apex, post, slug="elsewhere")
    apex.post(verify)
    token = verify.rsplit("/", 1)[1]

    answer = client_of(world.acme).post(f"/welcome/{token}", {"name": "W", "password": PASSWORD})

    assert answer.status_code == 410
    with bound(world.acme):
        assert not Member.objects.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"slug": "acme"}, "belongs to another workspace"),
        ({"slug": "Ab"}, "3 to 31 lower-case letters"),
        ({"slug": "admin"}, "reserved"),
        ({"slug": "a--b"}, "hyphen"),
        ({"email": "not an address"}, "Enter a valid email address"),
        ({"email": "a@b"}, "valid email address"),
        ({"workspace_name": " \u200b "}, "required"),
        ({"name": ""}, "required"),
        ({"region": "mars"}, "no such region"),
        ({"name": "Click https://evil.example now"}, "holds no link"),
        ({"workspace_name": "www.evil.example"}, "holds no link"),
    ],
)
def test_a_wrong_form_says_what_is_wrong_and_sends_nothing(world, apex, post, changes, sentence):
    answer = apex.post("/sign-up", {**FORM, **changes})

    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert post.messages == []


def test_another_region_is_another_cell(apex, post, settings):
    settings.REGION_HOSTS = {"us": "us.paitho.example"}

    page = apex.get("/sign-up").content.decode()
    answer = apex.post("/sign-up", {**FORM, "region": "us"})

    assert 'href="http://us.paitho.example/sign-up"' in page
    assert answer.status_code == 200
    assert "Nothing of what you typed was kept" in answer.content.decode()
    assert 'href="http://us.paitho.example/sign-up"' in answer.content.decode()
    assert post.messages == []


def test_the_form_tells_whether_an_address_is_free(world, apex):
    assert b"walnut is free" in apex.get("/sign-up/address?slug=walnut").content
    assert b"belongs to another workspace" in apex.get("/sign-up/address?slug=acme").content
    assert b"reserved" in apex.get("/sign-up/address?slug=admin").content


def test_when_the_mail_server_refuses_the_form_says_so(apex, post):
    post.refuses = True

    answer = apex.post("/sign-up", FORM)

    assert answer.status_code == 200
    assert b"could not be sent just now" in answer.content


def test_a_form_from_another_site_is_refused(apex, post):
    answer = apex.post("/sign-up", FORM, headers={"Origin": "http://evil.example"})

    assert answer.status_code == 403
    assert post.messages == []


def test_no_step_on_the_apex_sets_or_reads_a_cookie(apex, post):
    apex.cookies[django_settings.SESSION_COOKIE_NAME] = "made-up"
    verify = begin(apex, post)

    answers = [apex.get("/sign-up"), apex.get("/sign-up/sent"), apex.get(verify), apex.post(verify)]
    answers.append(apex.get(answers[-1].url))

    assert [answer.status_code for answer in answers] == [200, 200, 200, 302, 200]
    assert [answer.cookies.output() for answer in answers if answer.cookies] == []


def test_sign_ups_are_limited_by_mailbox_and_by_source(apex, post):
    statuses = [apex.post("/sign-up", FORM).status_code for _ in range(6)]
    assert statuses == [302] * 5 + [429]

    others = [
        apex.post("/sign-up", {**FORM, "email": f"p{number}@walnut.example"}).status_code
        for number in range(15)
    ]
    assert others == [302] * 14 + [429]
    limited = apex.post("/sign-up", {**FORM, "email": "late@walnut.example"})
    assert int(limited.headers["Retry-After"]) > 0
    assert apex.get("/sign-up").status_code == 200


def test_the_mole_learns_nothing_of_a_pending_workspace(world, apex, post):
    begin(apex, post)
    browser = client_of(world.rival, mole(world))

    assert browser.get("/", headers={"host": "walnut.localhost:8000"}).status_code == 404
