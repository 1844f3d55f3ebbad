"""What a sealed profile is found by: its address, its domain, and the words of name, company and title."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Q

from keychain.crypto.blind import BlindIndex
from leads.profile import Profile
from leads.vocabulary import Target
from paitho.lib.text import NotAnAddress

SEARCHED = {
    "name": (Target.FIRST_NAME, Target.LAST_NAME, Target.FULL_NAME),
    "company": (Target.COMPANY,),
    "title": (Target.TITLE,),
}


class Indexes(NamedTuple):
    """The blind indexes of one profile."""

    email: bytes
    domain: bytes
    words: list[int]


PARTS = [(column, target) for column, targets in SEARCHED.items() for target in targets]


def indexes(profile: Profile, blind: BlindIndex) -> Indexes:
    words: set[int] = set()
    fields = profile.fields
    for column, target in PARTS:
        if target in fields:
            words.update(blind.words(column, fields[target]))
    return Indexes(*blind.both(profile.email), sorted(words))


def search(text: str, blind: BlindIndex) -> Q:
    """Leads whose address or domain is the text, or that have each of its words in name, company or title.

    A word of four letters and more also finds longer words that begin with it.
    """
    text = text.strip()
    if "@" in text.strip("@"):
        try:
            return Q(email_index=blind.email(text))
        except NotAnAddress:
            return Q(pk__in=[])
    wanted = Q()
    try:
        by_domain = Q(domain_index=blind.domain(text.lstrip("@")))
    except NotAnAddress:
        by_domain = Q()
    for word in text.split():
        probes = [probe for column in SEARCHED for probe in blind.probes(column, word)]
        wanted &= Q(words__overlap=probes)
    return wanted | by_domain if by_domain else wanted
