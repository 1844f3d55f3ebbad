"""The key service is away, or a workspace takes its own key away: blind within five minutes, nothing lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from accounts.models import Role
from audit.actors import Actor
from audit.events import Event
from audit.models import AuditRow
from keychain.crypto.kms import KmsRefused, LocalKms
from keychain.crypto.secret import Secret
from keychain.models import KeyJob
from leads.models import Import, Lead
from tenants import bells, keys, rekeying, structure
from tenants.binding import bound
from tenants.directory import wrapped_keys
from tenants.errors import KeysUnavailable
from tenants.models import Purpose
from tenants.removal import remove
from tenants.workspace import WorkspaceRef
from tests.campaigns.world import a_call
from tests.keychain.moto_kms import CREDENTIALS, MotoKms, moto_kms
from tests.leads.test_import import begin
from tests.mail_world import a_lead, a_mailbox
from tests.world import client_of, make_workspace, member, olga, work


class Clock:
    """Moves the time of the keys in memory only."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(keys._opened, "_clock", lambda: self.now)


@pytest.fixture
def clock(monkeypatch) -> Iterator[Clock]:
    keys.forget_everything()
    yield Clock(monkeypatch)
    keys.forget_everything()


@pytest.fixture
def outage(tmp_path):
    """Takes the cell's master key away, and puts it back."""
    file = Path(settings.KMS.removeprefix("local:"))
    aside = tmp_path / "aside"

    class Outage:
        def begin(self) -> None:
            file.rename(aside)

        def end(self) -> None:
            if aside.exists():
                aside.rename(file)

    found = Outage()
    yield found
    found.end()


@pytest.fixture
def browser(world):
    found = client_of(world.acme, olga(world))
    found.raise_request_exception = False
    with bound(world.acme):
        a_lead("ada@engines.test", first_name="Ada")
    return found


def test_warm_keys_serve_for_five_minutes_and_then_a_page_says_why(world, browser, clock, outage):
    assert b"ada@engines.test" in browser.get("/leads/").content
    outage.begin()

    clock.now += 299
    assert browser.get("/leads/").status_code == 200
    clock.now += 2
    away = browser.get("/leads/")

    assert away.status_code == 503
    assert away.headers["Retry-After"] == "30"
    assert b"The key service cannot be reached. Nothing is lost; try again soon." in away.content
    assert b"ada@engines.test" not in away.content
    assert browser.post("/leads/new/", {"email": "bob@looms.test"}).status_code == 503

    outage.end()
    assert b"ada@engines.test" in browser.get("/leads/").content


def test_the_public_site_stays_up(world, clock, outage):
    from django.test import Client

    outage.begin()

    assert Client(HTTP_HOST=settings.APEX.netloc).get("/").status_code == 200


def test_background_work_waits_and_goes_on(world, clock, outage):
    olga(world)
    with bound(world.acme):
        job = begin(b"email,first_name\nada@engines.test,Ada\nbob@looms.test,Bob\n")
    keys.forget_everything()
    outage.begin()
    claimed = bells.claim(64)
    for kind, workspace in claimed:
        assert bells.work_slice(kind, workspace) is False
    assert bells.claim(64) == []  # it is due again in half a minute, not at once and not when a lease ends

    outage.end()
    with bound(world.acme):
        bells.ring("import")
    work()

    with bound(world.acme):
        assert Lead.objects.count() == 2
        assert Import.objects.get(pk=job.pk).imported == 2


def test_nothing_is_begun_whose_end_could_not_be_written_down(world, clock, outage, monkeypatch):
    """Guards a mail against doubt: it is not claimed when the keys may be gone before its answer comes."""
    from campaigns import pipeline, sending

    monkeypatch.setattr(sending, "claim", lambda _: pytest.fail("claimed"))
    monkeypatch.setattr(pipeline, "_claim", lambda *_: pytest.fail("asked"))
    with bound(world.acme):
        mailbox = a_mailbox()
        keys.hold(world.acme.id, 10)
        clock.now += 290
        outage.begin()

        with pytest.raises(KeysUnavailable):
            sending.send_from(mailbox, time.monotonic() + 5, [])
        with pytest.raises(KeysUnavailable):
            pipeline.pipeline_slice()
        assert a_lead("warm@keys.test").email == "warm@keys.test"


@pytest.fixture(scope="module")
def aws() -> Iterator[MotoKms]:
    with pytest.MonkeyPatch.context() as patched:
        for name, value in CREDENTIALS.items():
            patched.setenv(name, value)
        with moto_kms() as server:
            patched.setenv("AWS_ENDPOINT_URL_KMS", server.endpoint)
            yield server


@pytest.fixture(scope="module")
def _theirs(_workspaces) -> Iterator[WorkspaceRef]:
    workspace = make_workspace("theirs")
    yield workspace
    remove(workspace)


@pytest.fixture
def theirs(world, _theirs, aws, clock) -> Iterator[tuple[WorkspaceRef, str]]:
    """A workspace whose keys are wrapped by a KMS key of its own, and that key's ARN."""
    arn = aws.new_key()
    call_command("rewrap_keys", "theirs", "--kms", arn, stdout=StringIO())
    yield _theirs, arn
    aws.enable(arn)
    keys.forget_everything()
    with bound(_theirs):
        KeyJob.objects.all().delete()
    call_command("rewrap_keys", "theirs", stdout=StringIO())


def names_of(workspace: WorkspaceRef) -> set[str]:
    return {key.kms for key in wrapped_keys(workspace.id)}


def test_every_key_is_wrapped_by_the_workspaces_own_kms_key(theirs):
    workspace, arn = theirs

    assert names_of(workspace) == {arn}
    with bound(workspace):
        told = AuditRow.objects.filter(event=Event.KEY_CHANGED).latest("at").details
        assert told["data"]["kms"] == arn
        assert told["actor"] == "An operator, by command line"


def test_keys_made_later_are_wrapped_by_it_too(theirs):
    workspace, arn = theirs
    with bound(workspace):
        a_call(Actor(None, "Olga"))

    call_command("rotate_keys", "theirs", "--background", stdout=StringIO())
    work()

    assert {key.purpose for key in wrapped_keys(workspace.id)} == set(Purpose.values)
    assert names_of(workspace) == {arn}


def test_a_revoked_key_makes_us_blind_within_five_minutes_and_nobody_else(theirs, aws, clock, world):
    workspace, arn = theirs
    person = member(workspace, "Olga", Role.OWNER)
    browser = client_of(workspace, person)
    browser.raise_request_exception = False
    with bound(workspace):
        a_lead("ada@engines.test", first_name="Ada")
    assert b"ada@engines.test" in browser.get("/leads/").content

    aws.disable(arn)
    clock.now += 301
    blind = browser.get("/leads/")

    assert blind.status_code == 503
    assert b"The key service refuses to open this workspace" in blind.content
    assert b"ada@engines.test" not in blind.content
    with bound(workspace), pytest.raises(KeysUnavailable):
        assert Lead.objects.get().email
    with bound(world.acme):
        assert a_lead("eve@other.test").email == "eve@other.test"

    aws.enable(arn)
    assert b"ada@engines.test" in browser.get("/leads/").content


def test_a_kms_key_that_cannot_be_used_is_refused_and_nothing_is_changed(theirs, aws, world):
    workspace, arn = theirs
    other = aws.new_key()
    aws.disable(other)

    for refused, sentence in ((other, "The KMS key is disabled."), ("arn:no", "looks like arn:aws:kms")):
        with pytest.raises(CommandError, match=sentence):
            call_command("rewrap_keys", "theirs", "--kms", refused)

    assert names_of(workspace) == {arn}


def test_a_name_that_a_customer_types_leads_to_no_other_server(theirs):
    """Guards against an ARN with an endpoint behind it: our credentials would be sent there."""
    with pytest.raises(CommandError, match="looks like arn:aws:kms"):
        call_command("rewrap_keys", "theirs", "--kms", f"{theirs[1]}?endpoint=http://127.0.0.1:9")


def test_a_wrap_that_the_new_key_does_not_give_back_is_not_stored(theirs, monkeypatch):
    workspace, arn = theirs
    with structure.owner_session() as owner, monkeypatch.context() as broken:
        broken.setattr(LocalKms, "unwrap", lambda *_: Secret(bytes(32)))
        key = rekeying.wraps_of(owner, workspace.id)[0]
        with pytest.raises(KmsRefused):
            rekeying.rewrap(owner, workspace.id, key, keys.cell_kms())

    assert names_of(workspace) == {arn}
