"""Members and invitations through the door, and who may do what to whom."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connections

from accounts import actions
from accounts.errors import AlreadyThere, LastOwner, LinkExpired, NotAllowed
from accounts.models import Invitation, Member, Role, Session
from audit.actors import Actor
from audit.events import Event
from audit.models import AuditRow
from tenants.binding import bound
from tests.world import PASSWORD, client_of, eddy, member, mole, olga, rita

INVITE = {"email": "Nora@Acme.example", "role": "member"}
JOIN = {"name": "Nora", "password": "seven green lanterns"}


def by(person: Member) -> Actor:
    return Actor(person.pk, person.name, "127.0.0.1")


def events(workspace) -> list[str]:
    with bound(workspace):
        return list(AuditRow.objects.order_by("at", "id").values_list("event", flat=True))


def path_of(link: str) -> str:
    return "/" + link.split("/", 3)[3]


def invited(world, post, **changes: str) -> str:
    """Olga invites; returns the path of the link in the mail."""
    browser = client_of(world.acme, olga(world))
    assert browser.post("/members/", {**INVITE, **changes}).status_code == 302
    return path_of(post.link())


def test_an_invited_person_joins(world, post):
    link = invited(world, post)
    assert post.last()["To"] == "nora@acme.example"
    assert post.last()["Subject"] == "Olga invites you to Acme"
    browser = client_of(world.acme)

    assert b"Olga invites you as member" in browser.get(link).content
    assert browser.post(link, JOIN).url == "/"

    assert browser.get("/").status_code == 200
    with bound(world.acme):
        nora = Member.objects.get(email="nora@acme.example")
        assert (nora.name, nora.role, nora.is_active) == ("Nora", Role.MEMBER, True)
        assert not Invitation.objects.exists()
    assert events(world.acme) == [Event.MEMBER_INVITED, Event.MEMBER_JOINED, Event.SIGNED_IN]


def test_an_invitation_works_once(world, post):
    link = invited(world, post)
    client_of(world.acme).post(link, JOIN)

    late = client_of(world.acme).post(link, {**JOIN, "password": "another sentence 22"})

    assert late.status_code == 410
    with bound(world.acme):
        assert Member.objects.get(email="nora@acme.example").check_password(JOIN["password"])


def test_an_invitation_is_worthless_in_another_workspace(world, post):
    link = invited(world, post)

    answer = client_of(world.rival).post(link, JOIN)

    assert answer.status_code == 410
    with bound(world.rival):
        assert not Member.objects.exists()


def test_an_invitation_ends_after_seven_days(world, post):
    link = invited(world, post)
    with bound(world.acme):
        invitation = Invitation.objects.get()
        invitation.expires_at -= timedelta(days=7, minutes=1)
        invitation.save()

    answer = client_of(world.acme).get(link)

    assert answer.status_code == 410
    assert b"older than seven days" in answer.content


def test_sending_again_replaces_the_link(world, post):
    first = invited(world, post)
    with bound(world.acme):
        invitation = Invitation.objects.get()
        browser = client_of(world.acme, Member.objects.get(name="Olga"))

    browser.post(f"/invitations/{invitation.pk}/resend/")

    second = path_of(post.link())
    assert second != first
    assert client_of(world.acme).get(first).status_code == 410
    assert client_of(world.acme).get(second).status_code == 200


def test_an_invitation_is_taken_back(world, post):
    link = invited(world, post)
    with bound(world.acme):
        invitation = Invitation.objects.get()
        browser = client_of(world.acme, Member.objects.get(name="Olga"))

    browser.post(f"/invitations/{invitation.pk}/revoke/")

    assert client_of(world.acme).get(link).status_code == 410
    assert events(world.acme)[-1] == Event.INVITATION_REVOKED


def test_the_tokens_hash_alone_is_stored(world, post, superuser):
    link = invited(world, post)

    stored = superuser.execute("SELECT invitations::text FROM tenant_acme.invitations").fetchone()

    assert link.rsplit("/", 1)[1] not in stored[0]


def test_an_invitation_that_could_not_be_mailed_stays_and_says_so(world, post):
    post.refuses = True
    browser = client_of(world.acme, olga(world))

    page = browser.post("/members/", INVITE, follow=True).content.decode()

    assert "is invited, but: The message could not be sent just now" in page
    with bound(world.acme):
        assert Invitation.objects.count() == 1


def test_a_guard_keeps_a_mail_from_a_prospect(world, post, settings):
    settings.NOTICE_GUARDS = ["tests.accounts.test_members.is_prospect"]
    browser = client_of(world.acme, olga(world))

    page = browser.post("/members/", INVITE, follow=True).content.decode()

    assert "is one of your leads" in page
    assert post.messages == []


def is_prospect(address: str) -> str:
    return f"{address} is one of your leads." if address.startswith("nora") else ""


@pytest.mark.parametrize(("who", "role"), [(eddy, "owner"), (rita, "member")])
def test_nobody_invites_above_their_own_role(world, post, who, role):
    person = who(world)

    client_of(world.acme, person).post("/members/", {**INVITE, "role": role})

    with bound(world.acme):
        assert not Invitation.objects.exists()
        with pytest.raises(NotAllowed):
            actions.invite("nora@acme.example", Role.OWNER, by=by(person))


def test_a_member_is_not_invited_twice(world, post):
    owner = olga(world)
    rita(world)

    answer = client_of(world.acme, owner).post("/members/", {**INVITE, "email": "rita@acme.example"})

    assert b"is a member of this workspace already" in answer.content


def test_roles_change_within_the_actors_reach(world):
    owner, admin, plain = olga(world), eddy(world), rita(world)
    with bound(world.acme):
        actions.change_role(plain.pk, Role.ADMIN, by=by(admin))
        with pytest.raises(NotAllowed):
            actions.change_role(plain.pk, Role.OWNER, by=by(admin))
        with pytest.raises(NotAllowed):
            actions.change_role(owner.pk, Role.MEMBER, by=by(admin))
        actions.change_role(plain.pk, Role.OWNER, by=by(owner))
        assert Member.objects.get(pk=plain.pk).role == Role.OWNER
    assert events(world.acme) == [Event.MEMBER_ROLE_CHANGED] * 2


def test_a_role_is_changed_on_the_page(world):
    owner, plain = olga(world), rita(world)

    page = client_of(world.acme, owner).post(f"/members/{plain.pk}/role/", {"role": "admin"}, follow=True)

    assert b"Rita is now admin." in page.content


def test_the_last_owner_stays(world):
    owner = olga(world)
    with bound(world.acme):
        with pytest.raises(LastOwner):
            actions.remove_member(owner.pk, by=by(owner))
        with pytest.raises(LastOwner):
            actions.change_role(owner.pk, Role.ADMIN, by=by(owner))
    assert events(world.acme) == []


def test_the_last_two_owners_cannot_both_leave_at_once(world):
    """Guards `_refuse_last_owner`: without its lock both transactions see the other owner still there."""
    owners = [olga(world), member(world.acme, "Otto", Role.OWNER)]
    together, refused = threading.Barrier(2), []

    def leave(person: Member) -> None:
        with bound(world.acme):
            together.wait()
            try:
                actions.remove_member(person.pk, by=by(person))
            except (LastOwner, NotAllowed) as error:
                refused.append(error)
            finally:
                connections["default"].close_everything()

    threads = [threading.Thread(target=leave, args=[person]) for person in owners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == 1
    with bound(world.acme):
        assert Member.objects.filter(is_active=True, role=Role.OWNER).count() == 1


def test_a_removed_members_sessions_end_at_once(world):
    owner, plain = olga(world), rita(world)
    ritas = client_of(world.acme, plain)
    assert ritas.get("/").status_code == 200
    browser = client_of(world.acme, owner)

    assert b"Remove Rita from the workspace?" in browser.get(f"/members/{plain.pk}/remove/").content
    browser.post(f"/members/{plain.pk}/remove/")

    assert ritas.get("/").status_code == 302
    again = client_of(world.acme).post("/sign-in/", {"login": plain.email, "password": PASSWORD})
    assert again.status_code == 200
    with bound(world.acme):
        assert not Session.objects.filter(member=plain).exists()
        assert Member.objects.get(pk=plain.pk).name == "Rita"
    assert Event.MEMBER_REMOVED in events(world.acme)


def test_who_removes_themselves_is_signed_out(world):
    olga(world)
    person = member(world.acme, "Otto", Role.OWNER)
    browser = client_of(world.acme, person)

    left = browser.post(f"/members/{person.pk}/remove/")

    assert left.status_code == 302
    assert browser.get("/members/").status_code == 302


def test_a_removed_member_can_be_invited_back(world, post):
    owner, plain = olga(world), rita(world)
    with bound(world.acme):
        actions.remove_member(plain.pk, by=by(owner))
        _, token = actions.invite(plain.email, Role.ADMIN, by=by(owner))
        back = actions.accept_invitation(token, name="Rita", password=JOIN["password"], ip="127.0.0.1")

    assert (back.pk, back.role, back.is_active) == (plain.pk, Role.ADMIN, True)


def test_two_people_cannot_use_one_link(world):
    """Guards the lock on the invitation: two clicks at the same moment make one member."""
    owner = olga(world)
    with bound(world.acme):
        _, token = actions.invite("nora@acme.example", Role.MEMBER, by=by(owner))
    together, outcomes = threading.Barrier(2), []

    def accept() -> None:
        with bound(world.acme):
            together.wait()
            try:
                outcomes.append(actions.accept_invitation(token, name="N", password="x" * 12, ip=""))
            except LinkExpired as error:
                outcomes.append(error)
            finally:
                connections["default"].close_everything()

    threads = [threading.Thread(target=accept) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["LinkExpired", "Member"]


def test_a_removed_admin_acts_no_more(world):
    owner, admin = olga(world), eddy(world)
    with bound(world.acme):
        actions.remove_member(admin.pk, by=by(owner))
        with pytest.raises(NotAllowed):
            actions.invite("nora@acme.example", Role.MEMBER, by=by(admin))


def test_what_is_gone_says_so(world):
    owner, plain = olga(world), rita(world)
    with bound(world.acme):
        actions.remove_member(plain.pk, by=by(owner))
        with pytest.raises(AlreadyThere, match="has left"):
            actions.change_role(plain.pk, Role.ADMIN, by=by(owner))
        with pytest.raises(AlreadyThere, match="accepted or taken back"):
            actions.revoke_invitation(plain.pk, by=by(owner))


def test_the_mole_sees_no_member_of_acme(world):
    plain = rita(world)
    browser = client_of(world.rival, mole(world))

    assert b"Rita" not in browser.get("/members/").content
    assert browser.get(f"/members/{plain.pk}/remove/").status_code == 404


def test_the_members_page_asks_the_same_number_of_questions_for_many(world, django_assert_max_num_queries):
    owner = olga(world)
    browser = client_of(world.acme, owner)
    for number in range(8):
        member(world.acme, f"Person{number}", Role.MEMBER)

    with bound(world.acme), django_assert_max_num_queries(12):
        assert browser.get("/members/").status_code == 200
