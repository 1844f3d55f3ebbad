"""A campaign with drafts in review, and browsers."""

from __future__ import annotations

import pytest

from audit.actors import Actor
from campaigns import actions
from campaigns.models import Campaign
from tenants.binding import bound
from tests.browser import browser, open_page, page
from tests.campaigns.world import PEOPLE, a_campaign
from tests.leads.test_import import begin
from tests.live import port
from tests.world import olga, work

__all__ = ["browser", "open_page", "page", "port"]


@pytest.fixture
def reviewed(world) -> tuple[Campaign, Actor]:
    """Thirty leads that the sandbox has qualified, drafted and audited, and Olga who launched it."""
    person = olga(world)
    by = Actor(person.pk, "Olga")
    with bound(world.acme):
        begin(PEOPLE)
    work()
    with bound(world.acme):
        campaign = a_campaign(by)
        actions.launch(campaign, by=by)
    work()
    return campaign, by
