"""Refusals as messages of the next page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.http import HttpRequest

from campaigns.errors import CampaignError


@contextmanager
def refusals_told(request: HttpRequest) -> Iterator[None]:
    """What the block refuses becomes a sentence on the next page; what comes after it goes on."""
    try:
        yield
    except CampaignError as error:
        messages.error(request, str(error))
