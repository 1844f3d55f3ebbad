"""Mailboxes, mail and a stopwatch for the measurements of `bench.mail`."""

from __future__ import annotations

import random
import time

FILLER = ("All work and no play makes a mailbox dull. " * 2 + "\r\n") * 50
NOW = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime())


def stranger(number: int) -> bytes:
    return (
        f"From: Person {number} <p{number}@elsewhere.test>\r\nTo: sales@acme.test\r\nDate: {NOW}\r\n"
        f"Message-ID: <{number}.x@elsewhere.test>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe_{number}?=\r\n"
        f"References: <{number}.a@elsewhere.test> <{number}.b@elsewhere.test>\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{FILLER}"
    ).encode()


def answer(number: int, to: str) -> bytes:
    return (
        f"From: Ada <ada{number}@engines.test>\r\nTo: sales@acme.test\r\nDate: {NOW}\r\n"
        f"Message-ID: <{number}.{random.random()}@engines.test>\r\nSubject: Re: Looms\r\n"
        f"In-Reply-To: {to}\r\n"
        f"References: {to}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nTell me more.\r\n\r\n{FILLER}"
    ).encode()


def timed(work):
    began = time.perf_counter()
    came = work()
    return time.perf_counter() - began, came


def a_box(address: str, dovecot):
    from django.utils import timezone

    from keychain.crypto.secret import Secret
    from mailbox.models import Mailbox
    from tests.mail_world import a_mailbox

    box = a_mailbox(address, imap_port=dovecot.port)
    box.credential.secret = Secret("secret")
    box.credential.save()
    Mailbox.objects.filter(pk=box.pk).update(last_sent_at=timezone.now())
    return box


def sent_mail(mailbox, count: int) -> list[str]:
    """Threads of one mail each, sent: their ids."""
    from mailbox.models import Delivery, Direction, Message, Thread
    from tests.mail_world import leads_of

    addresses = [f"ada{number}.{mailbox.pk.hex[-6:]}@engines.test" for number in range(count)]
    threads = [Thread(mailbox=mailbox, lead=lead) for lead in leads_of(addresses)]
    Thread.objects.bulk_create(threads)
    out = {"mailbox": mailbox, "direction": Direction.OUT, "delivery": Delivery.SENT, "subject": "Looms"}
    messages = [
        Message(thread=thread, message_id=f"<{thread.pk}@acme.test>", body="We repair looms.", **out)
        for thread in threads
    ]
    Message.objects.bulk_create(messages)
    return [message.message_id for message in messages]
