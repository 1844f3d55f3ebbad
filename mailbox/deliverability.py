"""What a mailbox's domain tells receiving servers: SPF, DMARC, MX, and what DKIM signs. Asks DNS only.

DKIM cannot be looked up without its selector, which a received mail names: `signature` reads a mail that the
mailbox sent to itself, and says whether the signature covers the unsubscribe headers (RFC 8058, section 4).
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

from dns.resolver import Resolver

from mailbox.hosts import Names
from mailbox.parsing import parse
from paitho.lib.text import NotAnAddress, normalise_domain

COVERED = ("from", "list-unsubscribe", "list-unsubscribe-post")
TAG = re.compile(r"(?:^|;)\s*([a-z]{1,4})\s*=\s*([^;]*)")
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the page: `state` is good, warn or bad."""

    name: str
    state: str
    sentence: str
    record: str = ""


def findings(address: str, *, resolver: Resolver | None = None) -> list[dict[str, Any]]:
    """SPF, DMARC and MX of the address's domain. Never raises: what does not answer is not found."""
    try:
        domain = normalise_domain(address.rpartition("@")[2])
    except NotAnAddress:
        return [asdict(Finding("Domain", "bad", "That is not an e-mail address."))]
    names = Names(resolver)
    return [asdict(each) for each in (_spf(names, domain), _dmarc(names, domain), _mx(names, domain))]


def _texts(names: Names, name: str, begins: str) -> list[str]:
    """TXT records that begin so; the strings of one record belong together."""
    records = ("".join(QUOTED.findall(record)) for record in names.ask(name, "TXT"))
    return [record for record in records if record.lower().startswith(begins)]


def _spf(names: Names, domain: str) -> Finding:
    found = _texts(names, domain, "v=spf1")
    if not found:
        return Finding("SPF", "bad", "The domain does not say which servers may send for it.")
    if len(found) > 1:
        return Finding("SPF", "bad", "There are several SPF records: receivers then count none.", found[0])
    ending = found[0].split()[-1].lower()
    if ending in ("+all", "all"):
        return Finding("SPF", "bad", "The record lets every server send for the domain.", found[0])
    if ending == "?all":
        return Finding("SPF", "warn", "The record leaves it open who may send.", found[0])
    return Finding("SPF", "good", "The domain names the servers that send for it.", found[0])


def _dmarc(names: Names, domain: str) -> Finding:
    found = _texts(names, f"_dmarc.{domain}", "v=dmarc1")
    above = domain.partition(".")[2]
    if not found and "." in above:
        found = _texts(names, f"_dmarc.{above}", "v=dmarc1")
    if not found:
        return Finding("DMARC", "bad", "There is no policy. Large providers ask for one, p=none at least.")
    policy = dict(TAG.findall(found[0].lower())).get("p", "").strip()
    if policy not in ("none", "quarantine", "reject"):
        return Finding("DMARC", "bad", "The record has no policy that receivers understand.", found[0])
    if policy == "none":
        return Finding("DMARC", "warn", "The policy only watches (p=none): enough to be accepted.", found[0])
    return Finding("DMARC", "good", f"Mail that fails is to be {policy}ed or worse.", found[0])


def _mx(names: Names, domain: str) -> Finding:
    hosts = [host.removesuffix(".") for host in names.mx(domain)]
    if not hosts or hosts == [""]:
        return Finding("MX", "bad", "The domain receives no mail: answers and bounces cannot come back.")
    return Finding("MX", "good", "Answers and bounces come back.", ", ".join(hosts[:5]))


def signature(raw: bytes, address: str) -> dict[str, Any]:
    """What the provider signs, from a mail as it arrived."""
    mail = parse(raw)
    own = address.rpartition("@")[2].lower()
    signatures = [dict(TAG.findall(value.lower())) for value in mail.headers.get("dkim-signature", ())]
    if not signatures:
        return asdict(Finding("DKIM", "bad", "The mail arrived without a signature."))
    aligned = [each for each in signatures if _is_aligned(each.get("d", "").strip(), own)]
    if not aligned:
        domains = ", ".join(sorted({each.get("d", "?").strip() for each in signatures}))
        return asdict(Finding("DKIM", "warn", f"It is signed for {domains}, not for {own}."))
    missing = min((_uncovered(each) for each in aligned), key=len)
    record = f"d={aligned[0].get('d', '').strip()} s={aligned[0].get('s', '').strip()}"
    if missing:
        words = ", ".join(missing)
        return asdict(Finding("DKIM", "warn", f"The signature does not cover: {words}.", record))
    sentence = "The mail is signed for the domain, and the unsubscribe headers are covered."
    return asdict(Finding("DKIM", "good", sentence, record))


def _is_aligned(signed_for: str, own: str) -> bool:
    return bool(signed_for) and (own == signed_for or own.endswith(f".{signed_for}"))


def _uncovered(tags: dict[str, str]) -> list[str]:
    covered = {name.strip() for name in tags.get("h", "").split(":")}
    return [name for name in COVERED if name not in covered]
