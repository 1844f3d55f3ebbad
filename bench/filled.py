"""A workspace with as many leads, conversations and messages as a measurement asks for."""

from __future__ import annotations

import itertools
import time
from datetime import UTC, datetime
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
LEADS = """
    INSERT INTO leads (id, profile, email_index, domain_index, words, standing, created_at, updated_at)
    SELECT id, profile, email, domain, '{}', 'open', %s, %s
    FROM unnest(%s::uuid[], %s::bytea[], %s::bytea[], %s::bytea[]) AS new (id, profile, email, domain)
"""
THREADS = """
    INSERT INTO threads (id, mailbox_id, lead_id, outcome, is_unread, last_at, created_at)
    SELECT id, %s, lead, '', false, %s, %s FROM unnest(%s::uuid[], %s::uuid[]) AS new (id, lead)
"""
MESSAGES = """
    INSERT INTO messages (id, thread_id, mailbox_id, direction, delivery, message_id, subject, body, attempts,
                          kind, severity, opts_out, at)
    SELECT id, thread, %s, 'out', 'sent', name, subject, body, 1, '', '', false, %s
    FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::bytea[], %s::bytea[])
        AS new (id, thread, name, subject, body)
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
        from django.db import connections, transaction

        from keychain.index import blind_index
        from leads.indexing import indexes
        from leads.models import Lead
        from leads.profile import Profile
        from leads.vocabulary import Target
        from mailbox.models import Message
        from paitho.lib.ids import uuid7

        seal_profile = Lead._meta.get_field("profile").sealer()
        seal_subject = Message._meta.get_field("subject").sealer()
        seal_body = Message._meta.get_field("body").sealer()
        blind, now = blind_index(), datetime.now(UTC)
        leads, threads, mails = [], [], []
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
            lead, thread, mail = uuid7(), uuid7(), uuid7()
            leads.append((lead, seal_profile(profile.to_dict(), lead), found.email, found.domain))
            threads.append((thread, lead))
            subject, body = f"A question for {company}", BODY.format(name=first, company=company)
            mails.append(
                (
                    mail,
                    thread,
                    f"<{mail.hex}@acme.example>",
                    seal_subject(subject, mail),
                    seal_body(body, mail),
                )
            )
        with transaction.atomic(), connections["default"].cursor() as cursor:
            cursor.execute(LEADS, [now, now, *map(list, zip(*leads, strict=True))])
            cursor.execute(THREADS, [self._mailbox.pk, now, now, *map(list, zip(*threads, strict=True))])
            cursor.execute(MESSAGES, [self._mailbox.pk, now, *map(list, zip(*mails, strict=True))])
        self.have += count
