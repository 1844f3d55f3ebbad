"""What replies want, by the workspace's own model, where the workspace allows that and rules cannot tell.

    stored: rules know --> intent by rules                                   (no model is asked)
            rules cannot tell --> waiting --answered--> intent by model
                                    |--nonsense, refused, tried too often--> stays unknown: a person reads it
                                    `--budget reached, key does not work--> waits, and is asked later

The answer is one word of a closed list, which is shown and filtered by, and moves nothing: a stranger who
talks to the model through a reply gets at most a wrong badge. The call is recorded in the same commit.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from campaigns.answers import ReplyReading
from campaigns.asking import ANSWER_SECONDS, MODELS
from campaigns.budget import Purse
from campaigns.consequences import run_of
from campaigns.facts import Facts
from campaigns.llm import Provider, edge
from campaigns.llm.edge import Answered, Call, Outcome
from campaigns.models import READING, Enrollment, ReplyReader, StageRun
from campaigns.pace import retry_at
from campaigns.prompting import Prompt, Stage, prompt_for
from campaigns.reach import address_of
from campaigns.throttle import Throttle
from keychain.actions import use
from mailbox.models import Delivery, Direction, Message
from tenants import bells, keys
from tenants.binding import current

SLICE_SECONDS = 20.0
HELD_SECONDS = 120.0
MOST = 50  # replies of one slice
MOST_TRIES = 3
LATER = timedelta(hours=1)  # until a budget or a key is looked at again
MAX_TOKENS = 300
WORDS = 4_000  # characters of a reply that a model sees


@dataclass(frozen=True, slots=True)
class Asked:
    """A reply, what it belongs to, and the call that asks what it wants."""

    message: Message
    enrollment: Enrollment
    prompt: Prompt
    call: Call


def reply_slice() -> datetime | None:
    """Ask about some replies of the bound workspace; when to come back, if more wait."""
    reader = ReplyReader.objects.select_related("key").filter(is_on=True).exclude(key=None).first()
    if reader is None:
        return None
    keys.hold(current().id, HELD_SECONDS)  # an answer that was paid for has to be written down
    purse, throttle = Purse(), Throttle()
    until = time.monotonic() + SLICE_SECONDS
    for message in waiting(reader)[:MOST]:
        again = _ask_about(message, reader, purse, throttle)
        if again is not None:
            return again
        if time.monotonic() > until:
            break
    return timezone.now() if waiting(reader).exists() else None


def waiting(reader: ReplyReader) -> QuerySet[Message]:
    """Replies since the reader was switched on that rules could not tell and no model has been able to."""
    came = Message.objects.filter(direction=Direction.IN, kind="reply", intent_by="", opts_out=False)
    asked = came.filter(is_unreadable=False, intent_tries__lt=MOST_TRIES, at__gte=reader.on_since)
    return asked.order_by("at")


def ring() -> None:
    """A reply was taken note of."""
    if ReplyReader.objects.filter(is_on=True).exists():
        bells.ring("replies")


def _ask_about(message: Message, reader: ReplyReader, purse: Purse, throttle: Throttle) -> datetime | None:
    """Ask about one reply; a moment if nothing more is to be asked before it."""
    asked = question(message, reader)
    if asked is None:  # no campaign wrote to them: nobody's budget could pay
        _give_up(message)
        return None
    assert reader.key is not None
    if purse.reserve(asked.enrollment.campaign, asked.call):
        return timezone.now() + LATER
    if throttle.room(reader.key.pk) <= 0:
        return max(throttle.paused_until(reader.key.pk), timezone.now() + timedelta(seconds=10))
    sent_at = throttle.begin(reader.key.pk)
    outcome = edge.ask(asked.call, resolve=address_of)
    throttle.end(reader.key.pk, outcome, sent_at)
    purse.settle(asked.enrollment.campaign, asked.call, settle(asked, outcome))
    return _next_call(message, outcome)


def question(message: Message, reader: ReplyReader) -> Asked | None:
    """The call that asks what a reply wants; the reply goes in as data, like every stranger's words."""
    known = Enrollment.objects.filter(thread=message.thread_id).select_related("campaign")
    enrollment = known.order_by("-created_at").first()
    if enrollment is None or reader.key is None:
        return None
    facts = Facts(lead={}, brief=(), earlier=tuple(_ours(message)), reply=message.body[:WORDS])
    prompt = prompt_for(Stage.REPLY, facts)
    provider = Provider(reader.key.kind)
    call = Call(
        provider=provider,
        key=use(reader.key),
        endpoint=reader.key.endpoint,
        model=reader.model or MODELS.get(provider, ""),
        system=prompt.system,
        prompt=prompt.user,
        schema=ReplyReading,
        max_output_tokens=MAX_TOKENS,
        timeout=ANSWER_SECONDS,
        facts=facts,
    )
    return Asked(message, enrollment, prompt, call)


def _ours(message: Message) -> list[str]:
    sent = Message.objects.filter(
        thread=message.thread_id, direction=Direction.OUT, delivery=Delivery.SENT, at__lte=message.at
    )
    return [one.body for one in sent.order_by("-at")[:1]]


@transaction.atomic
def settle(asked: Asked, outcome: Outcome) -> StageRun:
    """Record the call, and what it said of the reply if it said it in the words that it was given."""
    run = run_of(asked.enrollment, READING[0], asked.prompt.name, asked.call, outcome)
    run.save()
    untold = Message.objects.filter(pk=asked.message.pk, intent_by="")
    if isinstance(outcome, Answered):
        assert isinstance(outcome.value, ReplyReading)
        by = "model" if asked.call.provider.asks_a_model else "sandbox"
        untold.update(intent=outcome.value.intent.value, intent_by=by, intent_tries=F("intent_tries") + 1)
    elif not outcome.stops_key:
        untold.update(intent_tries=F("intent_tries") + 1 if outcome.may_retry else MOST_TRIES)
    return run


def _give_up(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(intent_tries=MOST_TRIES)


def _next_call(message: Message, outcome: Outcome) -> datetime | None:
    if outcome.stops_key:
        return timezone.now() + LATER
    tries = message.intent_tries + 1
    again = retry_at(outcome, tries=tries, now=time.time(), chance=random.random())  # noqa: S311
    return None if again is None or tries >= MOST_TRIES else datetime.fromtimestamp(again, UTC)
