"""`manage.py ensure_operator`: for `make up`, where the console is, and at first how to sign in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from operators.management.commands.create_operator import OWNER, make
from operators.models import Operator

ADDRESS = "operator@paitho.sandbox"


class Command(BaseCommand):
    help = "Print where the operators' console is, in one line; in the embedded default only."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMBEDDED:
            raise CommandError("Only the embedded default makes an operator by itself.")
        if Operator.objects.using(OWNER).filter(is_active=True, last_login__isnull=False).exists():
            self.stdout.write(settings.OPS_ORIGIN)
        else:
            self.stdout.write(f"{make(ADDRESS)}  sets up the first sign-in")
