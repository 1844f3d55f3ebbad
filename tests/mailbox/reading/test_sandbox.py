"""What the prospects of the sandbox answer is read as what they meant."""

from datetime import UTC, date, datetime

import pytest

from mailbox.diagnostics import Severity
from mailbox.triage import Kind, triage
from paitho.embedded.sandbox.answers import Received, answer, parse
from paitho.embedded.sandbox.prospects import Behaviour
from tests.mailbox.reading.letters import OURS, letter

OUR_TEXT = (
    "Hello Bert,\n\nyou opened a second warehouse in Halle last month.\nIs the first one full by now?\n\nOlga"
)
MONDAY = datetime(2026, 6, 1, 9, tzinfo=UTC)


def seen(behaviour: Behaviour, seed: int):
    mail = letter(
        OUR_TEXT,
        **{"from": "Olga <olga@acme.example>"},
        to="Bert <bert@theatre.example>",
        subject="Your warehouse",
        message_id=OURS,
    )
    received = Received("olga@acme.example", "bert@theatre.example", parse(mail), MONDAY)
    return triage(answer(received, behaviour, seed, "mx.theatre.example"), our_text=OUR_TEXT)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "behaviour", [Behaviour.INTERESTED, Behaviour.DECLINED, Behaviour.ASKS, Behaviour.HTML]
)
def test_an_answer_is_an_answer_without_our_words(behaviour, seed):
    reply = seen(behaviour, seed)

    assert (reply.kind, reply.message_id, reply.opts_out) == (Kind.REPLY, OURS, False)
    assert reply.visible_text
    assert "warehouse in Halle" not in reply.visible_text


@pytest.mark.parametrize("seed", range(6))
def test_who_wants_no_more_mail_is_understood(seed):
    assert seen(Behaviour.STOP, seed).opts_out


@pytest.mark.parametrize(
    ("behaviour", "severity"), [(Behaviour.BOUNCE, Severity.HARD), (Behaviour.FULL, Severity.SOFT)]
)
def test_a_bounce_names_whom_and_which_message(behaviour, severity):
    bounce = seen(behaviour, 0)

    assert (bounce.kind, bounce.severity) == (Kind.BOUNCE, severity)
    assert (bounce.recipient, bounce.message_id) == ("bert@theatre.example", OURS)


@pytest.mark.parametrize("seed", range(6))
def test_an_absence_names_the_day_of_return(seed):
    away = seen(Behaviour.AWAY, seed)

    assert away.kind is Kind.AUTO_REPLY
    assert away.returns_on is None or away.returns_on > date(2026, 6, 1)
