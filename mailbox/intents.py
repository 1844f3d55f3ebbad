"""What a reply wants, by rules: only where its words leave no doubt, and never from what it quotes."""

from __future__ import annotations

from enum import StrEnum

from mailbox.phrases import plain, says, words

LONGEST = 1_500  # characters: a letter that says many things is for a person, or a model


class Intent(StrEnum):
    """The values are stored with a reply; the words are for people."""

    INTERESTED = "interested"
    QUESTION = "question"
    LATER = "later"
    NOT_INTERESTED = "not_interested"
    SOMEONE_ELSE = "someone_else"
    OTHER = "other"


KNOWN = (Intent.INTERESTED, Intent.LATER, Intent.NOT_INTERESTED, Intent.SOMEONE_ELSE)
PHRASES = {intent: words("intents", intent.value) for intent in KNOWN}


def intent_of(visible_text: str) -> Intent | None:
    """What the person's own words want; None where the rules cannot tell, or hear two things at once."""
    said = plain(visible_text)
    if not said or len(said) > LONGEST:
        return None
    heard = [intent for intent, phrases in PHRASES.items() if says(said, phrases)]
    if set(heard) == {Intent.INTERESTED, Intent.NOT_INTERESTED}:  # "we are not interested" holds both
        return _without_the_denied(said)
    return heard[0] if len(heard) == 1 else None


def _without_the_denied(said: str) -> Intent | None:
    """Not interested, unless something is left that sounds interested once the refusal is taken away."""
    for phrase in sorted(PHRASES[Intent.NOT_INTERESTED], key=len, reverse=True):
        said = said.replace(phrase, " … ")
    return None if says(said, PHRASES[Intent.INTERESTED]) else Intent.NOT_INTERESTED
