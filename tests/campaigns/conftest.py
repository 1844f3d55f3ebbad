"""A campaign with drafts in review, and browsers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.actors import Actor
from campaigns import actions
from campaigns.models import Campaign
from tenants.binding import bound
from tests.campaigns.world import PEOPLE, a_campaign
from tests.leads.test_import import begin
from tests.live import port
from tests.servers.llm import LlmServer
from tests.world import olga, work

__all__ = ["port"]


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


@pytest.fixture
def django_count(world) -> Callable[[Client, str], int]:
    """Statements that a page asks of the workspace's database, once the session has been noted as seen."""

    def count(client: Client, path: str) -> int:
        client.get(path)
        with bound(world.acme), CaptureQueriesContext(connections["default"]) as seen:
            assert client.get(path).status_code == 200
        return len(seen)

    return count


@pytest.fixture
def server():
    found = LlmServer("compatible")
    found.url = found.start()
    yield found
    found.stop()
