"""The worst moments to die, and the pattern that does not survive them, as proof that the test bites."""

import os
import random
import signal
import time
from pathlib import Path

from django.db import connections, transaction

MOMENTS = (
    "before the claim is written",
    "after the claim",
    "in the middle of the text",
    "after the final dot, before the answer",
    "between accept and commit",
    "before the commit of the settlement",
)


class Death:
    """Dies with a small chance each time that one of the moments comes; says so in a file first."""

    def __init__(self, notes: Path, chance: float) -> None:
        self.notes = notes
        self.chance = chance

    def may_come(self, moment: str) -> None:
        if random.random() < self.chance:
            with self.notes.open("ab", buffering=0) as file:
                file.write(moment.encode() + b"\n")
            os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(60)


def lurk(death: Death) -> None:
    """Put the moments into the engine of this process."""
    from campaigns import sending
    from mailbox.smtp_wire import Wire, dot_stuffed

    claim, send, settle, deliver = sending.claim, sending.send, sending.settle, Wire.deliver

    def claims(mailbox):
        with transaction.atomic():
            taken = claim(mailbox)
            if taken is not None:
                death.may_come(MOMENTS[0])
        if taken is not None:
            death.may_come(MOMENTS[1])
        return taken

    def delivers(wire, message):
        if random.random() < death.chance:
            wire.sock.sendall(dot_stuffed(message)[: len(message) // 2])
            Death(death.notes, 1).may_come(MOMENTS[2])
        if random.random() < death.chance:
            wire.sock.sendall(dot_stuffed(message) + b".\r\n")
            Death(death.notes, 1).may_come(MOMENTS[3])
        return deliver(wire, message)

    def sends(line, envelope):
        outcome = send(line, envelope)
        death.may_come(MOMENTS[4])
        return outcome

    def settles(*words):
        with transaction.atomic():
            done = settle(*words)
            death.may_come(MOMENTS[5])
        return done

    sending.claim, sending.send, sending.settle, Wire.deliver = claims, sends, settles, delivers


def be_naive() -> None:
    """The pattern that everybody writes first: the row is locked while the mail is sent, and marked after."""
    from django.utils import timezone

    from campaigns import sending
    from campaigns.claims import Claim
    from mailbox.models import Delivery, Message
    from mailbox.smtp import Line
    from mailbox.verdicts import Accepted

    def send_from(mailbox, until, rest):
        with Line(sending.smtp_account(mailbox)) as line:
            while time.monotonic() < until and _send_one(line, mailbox):
                pass

    def _send_one(line, mailbox):
        with transaction.atomic():
            due = Message.objects.select_for_update(skip_locked=True).filter(
                mailbox=mailbox, delivery=Delivery.SCHEDULED, due_at__lte=timezone.now()
            )
            message = due.first()
            if message is None:
                return False
            taken = Claim(message, None, timezone.now() + sending.timedelta(minutes=1))
            if isinstance(sending.deliver(line, taken), Accepted):
                connections["default"].cursor().execute(
                    "UPDATE messages SET delivery = 'sent' WHERE id = %s", [message.pk]
                )
            return True

    sending.send_from = send_from
