"""Why Paitho's own mail does not go to an address: it is a prospect's. See `settings.NOTICE_GUARDS`."""

from __future__ import annotations

from accounts.models import Member
from keychain.index import blind_index
from leads.models import Lead
from paitho.lib.text import NotAnAddress

PROSPECT = (
    "{address} is one of your leads. Paitho's own mail never goes to a prospect; write to them from a "
    "campaign, or give the person another address."
)


def why_not(address: str) -> str:
    """A sentence if the address is a lead's and nobody's who is a member; else an empty string.

    Members read mail about their own account, also when the team tries the product on themselves.
    """
    try:
        index = blind_index().email(address)
    except NotAnAddress:
        return ""
    if not Lead.objects.filter(email_index=index).exists():
        return ""
    if Member.objects.filter(email__iexact=address.strip(), is_active=True).exists():
        return ""
    return PROSPECT.format(address=address)
