"""How a prospect of the sandbox behaves: fixed by the address, so that a demo can be repeated."""

import hashlib
import re
from enum import StrEnum


class Behaviour(StrEnum):
    """What becomes of a mail to an address."""

    SILENT = "silent"
    INTERESTED = "interested"
    DECLINED = "declined"
    ASKS = "asks"
    HTML = "html"
    BOUNCE = "bounce"
    FULL = "full"
    AWAY = "away"
    STOP = "stop"
    REFUSE = "refuse"
    DEFER = "defer"


FORCED = {
    "reply": Behaviour.ASKS,
    "yes": Behaviour.INTERESTED,
    "no": Behaviour.DECLINED,
    "html": Behaviour.HTML,
    "bounce": Behaviour.BOUNCE,
    "full": Behaviour.FULL,
    "away": Behaviour.AWAY,
    "stop": Behaviour.STOP,
    "refuse": Behaviour.REFUSE,
    "defer": Behaviour.DEFER,
    "silent": Behaviour.SILENT,
}

# Shares in thousandths of all other addresses; who is in none of them stays silent.
SHARES = (
    (Behaviour.INTERESTED, 30),
    (Behaviour.DECLINED, 25),
    (Behaviour.ASKS, 15),
    (Behaviour.HTML, 10),
    (Behaviour.BOUNCE, 40),
    (Behaviour.FULL, 10),
    (Behaviour.AWAY, 20),
    (Behaviour.STOP, 10),
)

# "reply", "reply-7" and "reply2" are forced; "replyanna" or "noah" are ordinary people.
PREFIX = re.compile(r"({})(?![a-z])".format("|".join(FORCED)))


def draw(address: str, seed: int, purpose: str) -> int:
    """A number that depends on nothing but its arguments."""
    digest = hashlib.sha256(f"{seed}:{purpose}:{address.lower()}".encode("utf-8", "surrogateescape"))
    return int.from_bytes(digest.digest()[:8])


def behaviour_of(address: str, seed: int = 0) -> Behaviour:
    """What this address does with the first mail of a thread."""
    local = address.lower().rpartition("@")[0]
    if forced := PREFIX.match(local):
        return FORCED[forced[1]]
    point = draw(address, seed, "behaviour") % 1000
    for behaviour, share in SHARES:
        if point < share:
            return behaviour
        point -= share
    return Behaviour.SILENT
