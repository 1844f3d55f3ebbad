"""`manage.py create_operator EMAIL`: makes an operator, or a known one's fresh start, and prints the link.

It takes the owner's login: the first operator has nobody in the console to invite them.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections, transaction

from operators import signing_in
from operators.events import Event
from operators.models import Operator
from operators.record import By, line
from paitho.lib.text import NotAnAddress, normalise_email

OWNER = "owner"


class Command(BaseCommand):
    help = "Make an operator of the console. Whoever opens the printed link sets a password and a factor."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="The address the operator signs in with.")
        parser.add_argument("--name", default="", help="How the operator is called.")

    def handle(self, *args: Any, **options: Any) -> None:
        if OWNER not in connections.databases:
            raise CommandError("This takes the owner's login: PAITHO_OWNER_PASSWORD is not set here.")
        try:
            email = normalise_email(options["email"])
        except NotAnAddress as error:
            raise CommandError(str(error)) from error
        self.stdout.write(make(email, options["name"]))


def make(email: str, name: str = "") -> str:
    """The set-up link of an operator, who is made if there is none of that address."""
    with transaction.atomic(using=OWNER):
        operator, _ = Operator.objects.using(OWNER).get_or_create(
            email=email, defaults={"name": name, "password": "!"}
        )
        Operator.objects.using(OWNER).filter(pk=operator.pk).update(is_active=True)
        token = signing_in.new_link(operator, using=OWNER)
        by = By(None, "The command line")
        line(Event.OPERATOR_INVITED, by, operator, None, {}).save(force_insert=True, using=OWNER)
    return f"{settings.OPS_ORIGIN}/join/{token}/"
