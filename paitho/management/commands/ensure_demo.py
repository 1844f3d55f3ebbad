"""`manage.py ensure_demo`: the embedded default's demo workspace, made once, and how to sign in to it."""

from __future__ import annotations

import secrets
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import Member, Role, WorkspaceProfile
from audit.actors import SYSTEM
from keychain.crypto.secret import Secret
from keychain.models import Credential, Kind
from mailbox.actions import connect
from mailbox.models import Mailbox
from mailbox.sandbox import sandbox_mailbox
from paitho.embedded.files import write_private
from tenants import structure
from tenants.binding import bound
from tenants.directory import origin_of
from tenants.provisioning import provision, reserve

SLUG = "acme"
EMAIL = "olga@acme.sandbox"


class Command(BaseCommand):
    help = "Make the demo workspace of the embedded default, and print its sign-in."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMBEDDED:
            raise CommandError("The demo workspace is for the embedded default only.")
        with structure.owner_session() as owner:
            uid = reserve(owner, SLUG, region=settings.REGION, host=f"{SLUG}.{settings.APEX.hostname}")
        workspace = provision(uid)
        with bound(workspace):
            password = self._owner()
            self._sandbox()
        self.stdout.write(f"{origin_of(workspace)}  sign in as {EMAIL} with {password}")

    @transaction.atomic
    def _owner(self) -> str:
        """The demo owner's password, kept beside the other generated secrets."""
        kept = settings.STATE_DIR / "demo-password"
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_private(kept, "-".join(secrets.token_hex(3) for _ in range(3)))
        password = kept.read_text(encoding="utf-8").strip()
        if not Member.objects.filter(email=EMAIL).exists():
            WorkspaceProfile(name="Acme", postal_address="1 Sandbox Road, 10115 Berlin").save()
            person = Member.objects.create_user(EMAIL, password, name="Olga", role=Role.OWNER)
            EmailAddress.objects.create(user=person, email=EMAIL, verified=True, primary=True)
        return password

    def _sandbox(self) -> None:
        """A sandbox writer and a sandbox mailbox, so that a first campaign needs nothing else."""
        if not Credential.objects.filter(kind=Kind.SANDBOX).exists():
            Credential(kind=Kind.SANDBOX, label="Sandbox writer", secret=Secret("none")).save(
                force_insert=True
            )
        if not Mailbox.objects.exists():
            connect(sandbox_mailbox("sales@acme.sandbox", "Olga of Acme"), by=SYSTEM)
