"""What is set up before the curtain: servers, two workspaces, their mailboxes, and approved mail."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from tests.servers.dovecot import running_dovecot
from tests.servers.ports import free_port, wait_for

MAILBOXES = 5


@contextmanager
def running_provider(home: Path, seed: str):
    """(port of SMTP, Dovecot, ledger): the provider's two sides, with one store of mail."""
    with running_dovecot() as dovecot:
        port, ledger = free_port(), home / "ledger.jsonl"
        ledger.touch()
        owner = [str(each) for each in dovecot.owner] if os.geteuid() == 0 else ["-", "-"]
        command = [sys.executable, "-m", "tests.exactly_once.server", str(port), str(ledger)]
        server = subprocess.Popen([*command, str(dovecot.root / "mail"), seed, *owner], stdin=subprocess.PIPE)
        try:
            wait_for(port)
            yield port, dovecot, ledger
        finally:
            server.stdin.close()
            server.wait(10)


def prepare_database() -> None:
    from django.core.management import call_command

    for command in ("bootstrap_cluster", "migrate_directory", "migrate_workspaces"):
        call_command(command, verbosity=0)


def approved_mail(workspace, count: int, smtp_port: int, imap_port: int, mailboxes: int = MAILBOXES) -> None:
    """Mailboxes, a running campaign, and `count` mails that a person approved."""
    from accounts.models import Role
    from audit.actors import Actor
    from campaigns import approval
    from campaigns.models import Campaign, Draft, Enrollment, Stage, Status, Step, Verdict
    from keychain.crypto.secret import Secret
    from mailbox.models import Mailbox
    from tenants.binding import bound
    from tests.mail_world import a_mailbox, leads_of
    from tests.world import member

    with bound(workspace):
        by = Actor(member(workspace, "Olga", Role.OWNER).pk, "Olga")
        campaign = Campaign(
            name="Looms", status=Status.RUNNING, daily_cap=1_000_000, brief={"offer": "Looms"}
        )
        campaign.save()
        Step(campaign=campaign, number=1).save()
        for number in range(mailboxes):
            address = f"sales{number}@{workspace.slug}.test"
            mailbox = a_mailbox(address, smtp_port=smtp_port, imap_port=imap_port)
            mailbox.credential.secret = Secret("secret")
            mailbox.credential.save()
            campaign.mailboxes.add(mailbox)
        Mailbox.objects.update(daily_cap=1_000_000)
        leads = leads_of([f"person{number}@firm{number}.test" for number in range(count)])
        enrollments = [
            Enrollment(campaign=campaign, lead=lead, stage=Stage.IN_REVIEW, fit="yes") for lead in leads
        ]
        Enrollment.objects.bulk_create(enrollments)
        drafts = [
            Draft(
                enrollment=enrollment, step=1, verdict=Verdict.IN_REVIEW, is_clean=True, findings=[],
                subject=f"A question for firm {number}", sentences=[],
                body=f"Hello,\n\nwe repair looms within a day, and this is mail {number}.\n\nOlga",
            )
            for number, enrollment in enumerate(enrollments)
        ]  # fmt: skip
        Draft.objects.bulk_create(drafts)
        done = approval.approve_many([draft.pk for draft in drafts], by=by)
        assert len(done.messages) == count, done.refused
