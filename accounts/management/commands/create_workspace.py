"""`manage.py create_workspace SLUG --owner EMAIL`: makes a workspace and prints its owner's welcome link."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from accounts import sign_up
from accounts.errors import AccountsError
from accounts.tokens import hash_of
from paitho.lib.text import NotAnAddress, normalise_email
from tenants import directory, structure
from tenants.provisioning import provision, reserve
from tenants.workspace import BadSlug, check_slug


class Command(BaseCommand):
    help = (
        "Make a workspace with the owner's login. The printed link lets its first owner in, for three days."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="Names the host, the schema and the roles.")
        parser.add_argument("--owner", required=True, metavar="EMAIL", help="Who will own it.")
        parser.add_argument("--name", default="", help="How the workspace is called; the slug if left out.")
        parser.add_argument("--owner-name", default="", help="How the owner is called.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            slug, email = check_slug(options["slug"]), normalise_email(options["owner"])
            name = options["name"] or slug.title()
            link = make(slug, sign_up.Details(email, options["owner_name"], name))
        except (BadSlug, NotAnAddress, AccountsError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(link)


def make(slug: str, details: sign_up.Details) -> str:
    """Make the workspace and return the link that lets its first owner in. Raises `SlugTaken`."""
    token = sign_up.store(slug, details)
    with structure.owner_session() as owner:
        workspace = reserve(owner, slug, region=settings.REGION, host=f"{slug}.{settings.APEX.hostname}")
        # Whoever runs this vouches for the address, as the link in a mail does elsewhere.
        owner.execute(
            "UPDATE public.sign_ups SET workspace_id = %s, verified_at = now() WHERE token_hash = %s",
            [workspace, hash_of(token)],
        )
    made = provision(workspace)
    return directory.origin_of(made) + reverse("accounts:welcome", args=[token])
