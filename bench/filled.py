"""A workspace with as many leads, conversations and messages as a measurement asks for."""

from __future__ import annotations

import itertools
import time
from typing import Any

from bench.people import people

BATCH = 2000
BODY = """Hello {name},

we repair looms within a day, and {company} runs some of the oldest in the region. A first visit is free,
and our engineers bring the parts for machines that were built since 1950. Most of the mills we visit find
two or three weak belts before they break, which saves a day of standing still each time.

Would a short call next week suit you?

Olga
Acme, 1 Main St, 10115 Berlin
"""


class Filling:
    """Fills one workspace, further each time it is asked."""

    def __init__(self, workspace: Any) -> None:
        self.workspace, self.have = workspace, 0
        self._people = people(10**9)
        self._mailbox: Any = None

    def up_to(self, count: int) -> None:
        """`count` leads, each with a conversation of one message."""
        from tenants.binding import bound

        began, before = time.monotonic(), self.have
        with bound(self.workspace):
            if self._mailbox is None:
                from tests.mail_world import a_mailbox

                self._mailbox = a_mailbox()
            while self.have < count:
                self._batch(min(BATCH, count - self.have))
        took = time.monotonic() - began
        print(f"{count:,} leads and {count:,} messages are there ({took:.0f} s)", flush=True)
        assert self.have - before >= 0

    def _batch(self, count: int) -> None:
        """By the models, so that a column they gain has its default; each key is looked up once."""
        from django.db import transaction

        from keychain.fields import Envelope
        from keychain.index import blind_index
        from leads.indexing import indexes
        from leads.models import Lead
        from leads.profile import Profile
        from leads.vocabulary import Target
        from mailbox.models import Delivery, Direction, Message, Thread

        seal_profile = Lead._meta.get_field("profile").sealer()
        seal_subject = Message._meta.get_field("subject").sealer()
        seal_body = Message._meta.get_field("body").sealer()
        blind, leads, threads, mails = blind_index(), [], [], []
        for line in itertools.islice(self._people, count):
            first, last, email, company, title, phone, *_ = line.strip().split(",")
            said = {
                "first_name": first,
                "last_name": last,
                "company": company,
                "title": title,
                "phone": phone,
            }
            profile = Profile(email, {Target(name): value for name, value in said.items()})
            found = indexes(profile, blind)
            lead = Lead(email_index=found.email, domain_index=found.domain, words=[])
            lead.profile = Envelope(seal_profile(profile.to_dict(), lead.pk))
            thread = Thread(mailbox=self._mailbox, lead=lead)
            mail = Message(
                thread=thread, mailbox=self._mailbox, direction=Direction.OUT, delivery=Delivery.SENT
            )
            mail.message_id = f"<{mail.pk.hex}@acme.example>"
            mail.subject = Envelope(seal_subject(f"A question for {company}", mail.pk))
            mail.body = Envelope(seal_body(BODY.format(name=first, company=company), mail.pk))
            leads.append(lead)
            threads.append(thread)
            mails.append(mail)
        with transaction.atomic():
            Lead.objects.bulk_create(leads)
            Thread.objects.bulk_create(threads)
            Message.objects.bulk_create(mails)
        self.have += count
