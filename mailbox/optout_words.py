"""The words with which people say "no more mails": at the start of what they wrote, or as all of it.

A false yes suppresses somebody who wanted to talk, a false no writes once more to somebody who objected
(GDPR, article 21). So single words count only when they stand alone, whole sentences wherever a short answer
has them.
"""

import re

from mailbox.phrases import plain, says, words

MAX_WORDS = 80  # of an answer in which a sentence is looked for
MAX_LINES = 12

ALONE = frozenset(words("optouts", "alone"))
MAY_GO_ON = frozenset(words("optouts", "may go on"))
SENTENCES = words("optouts", "sentences")

# What turns such words into their opposite, or into talk about something else.
_NOT = re.compile(
    r"(?:don't|do not|dont|never|can't|cannot|couldn't|won't|no need to|not going to|nicht|ne pas|no me)"
    r" (?:\w+ ){0,2}(?:stop|unsubscribe|remove|opt out|delete|take me off|abmelden|austragen)"
    r"|how (?:do|can|does|would) \w+ (?:\w+ )?(?:unsubscribe|opt out|remove)"
    r"|(?:people|users|customers|clients|they|subscribers|leads|prospects|recipients) (?:\w+ )?"
    r"(?:can |could |to |may )?(?:unsubscribe|opt out)"
    r"|(?:unsubscribe|opt-out|opt out) (?:link|rate|button|page|feature|list)"
)
_GREETING = re.compile(
    r"(?:hi|hello|hey|dear|hallo|guten tag|bonjour|hola|ciao|ola|beste|hej|sehr geehrte"
    r"|\u043f\u0440\u0438\u0432\u0435\u0442)\b.{0,40}[,!.]?"
)
_EDGES = " .,!?:;*_-\u2013\u2014\"'()<>[]\u00ab\u00bb\u201e\u201c\u201d\u3002\uff01\u3001"
_POLITE_BEFORE = (
    "please ",
    "pls ",
    "plz ",
    "bitte ",
    "merci de ",
    "por favor ",
    "per favore ",
    "prosze ",
    "just ",
)
_POLITE_AFTER = (" please", " bitte", " thanks", " thank you", " svp", " danke", " merci", " gracias", " now")


def opts_out(visible_text: str, subject: str = "") -> bool:
    """Whether somebody asks for no more mails. Give only what the person wrote, without what is quoted."""
    written = [line for line in visible_text[:4_000].split("\n") if line.strip()]
    lines = [plain(line) for line in written[: MAX_LINES + 1]]
    title = plain(subject).removeprefix("re:").strip(_EDGES)
    if title in ALONE and len(title) > 2 and len(written) <= 3:
        return True
    if lines and _GREETING.fullmatch(lines[0]) and len(lines) > 1:
        lines = lines[1:]
    if not lines:
        return False
    if _stands_alone(lines[0]):
        return True
    said = _NOT.sub(" ", " ".join(lines[:MAX_LINES]))
    return len(visible_text.split()) <= MAX_WORDS and says(said, SENTENCES)


def _stands_alone(line: str) -> bool:
    bare = line.strip(_EDGES)
    for polite in _POLITE_BEFORE:
        bare = bare.removeprefix(polite)
    for polite in _POLITE_AFTER:
        bare = bare.removesuffix(polite)
    first = re.split(r"[.!,;\n]", bare, maxsplit=1)[0].strip(_EDGES)
    return bare.strip(_EDGES) in ALONE or (
        first in ALONE - MAY_GO_ON and len(first) > 3 and len(bare.split()) <= 8
    )
