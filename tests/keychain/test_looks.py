"""The keychain's pages, looked at: wide and narrow, light and dark, without a complaint of axe."""

from __future__ import annotations

import pytest
from django.utils.timezone import now

from audit.actors import Actor
from keychain.actions import add_credential, change_keys, use
from keychain.crypto.secret import Secret
from keychain.models import KeyJob, KeyState, KeyWork, Kind
from tenants.binding import bound
from tests.browser import WIDTHS, complaints_of, complaints_of_all
from tests.live import as_olga, port
from tests.mail_world import a_mailbox

__all__ = ["as_olga", "port"]
pytestmark = pytest.mark.browser


def filled(world) -> dict[str, str]:
    from accounts.models import Member
    from campaigns.models import Campaign

    with bound(world.acme):
        by = Actor(Member.objects.get(email="olga@acme.example").pk, "Olga")
        a_mailbox()
        ours = add_credential(Kind.OPENAI, "Our OpenAI account", Secret("sk-live-0123456789wxyz"), by=by)
        add_credential(Kind.ANTHROPIC, "Claude", Secret("sk-ant-0123456789abcd"), by=by, problem="No credit.")
        own = {"endpoint": "https://llm.example.com/v1"}
        add_credential(Kind.COMPATIBLE, "Our own model", Secret("0123456789abcdefgh"), by=by, **own)
        use(ours)
        for name in ("Spring freight", "Looms", "Autumn", "Winter", "Bearings", "Pumps"):
            Campaign(name=name, brief={}, writer=ours).save(force_insert=True)
        change_keys(KeyWork.DATA, by=by)
        job = KeyJob.objects.get()
        job.state, job.total, job.done = KeyState.WORKING, 12000, 4200
        job.save()
    return {
        "list": "/keychain/",
        "add": "/keychain/add/",
        "rotate": "/keychain/own/rotate/",
        "kms": "/keychain/own/kms/",
        "replace": f"/keychain/{ours.pk}/replace/",
        "remove": f"/keychain/{ours.pk}/remove/",
    }


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_fits_and_is_accessible(world, as_olga, width):
    shown = filled(world)
    page = as_olga("/keychain/", width=width)
    origin = page.url.removesuffix("/keychain/")

    addresses = {name: origin + path for name, path in shown.items()}
    assert complaints_of_all(page, addresses, prefix="keychain") == {}

    with bound(world.acme):
        KeyJob.objects.update(state=KeyState.DONE, finished_at=now(), keeps_until=now())
    page.goto(addresses["list"])
    assert complaints_of(page, "keychain-done") == []
