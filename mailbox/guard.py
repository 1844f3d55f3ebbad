"""Where a mail server may be: no name that a customer types leads into our own network (SSRF).

The addresses are looked up once, judged, and then connected to as they are: a second look-up, which could
answer something else (DNS rebinding), never happens. The certificate is checked against the name.
"""

import ipaddress
import re
from ipaddress import IPv4Address, IPv6Address

import dns.exception
import dns.resolver
from dns.resolver import Resolver

from paitho.lib.text import NotAnAddress, normalise_domain

Address = IPv4Address | IPv6Address

PORTS = frozenset({25, 143, 465, 587, 993, 2525})
LOOKUP_SECONDS = 5.0

# Listed here and not left to `is_global`, whose meaning moves with the version of Python.
CLOSED_V4 = tuple(
    ipaddress.IPv4Network(each)
    for each in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local, with the clouds' metadata service
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
EXPERIMENTAL_V4 = ipaddress.IPv4Network("240.0.0.0/4")
OPEN_V6 = ipaddress.IPv6Network("2000::/3")
CLOSED_V6 = tuple(
    ipaddress.IPv6Network(each)
    for each in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "3fff::/20",
    )
)


class HostProblem(ValueError):
    """We will not, or cannot, connect there; the sentence may be shown."""


class HostRefused(HostProblem):
    """The host or the port is one that we never connect to."""


class HostUnknown(HostProblem):
    """There is no such name."""


class LookupFailed(HostProblem):
    """The name could not be looked up now; later it may."""


def resolve(
    host: str, port: int, *, allow_private: bool, resolver: Resolver | None = None
) -> tuple[str, ...]:
    """The addresses to connect to, IPv4 first. Raises HostProblem.

    `allow_private` is for the embedded default and for operators whose mail server is beside Paitho: any port
    and any unicast address is then good.
    """
    if not 0 < port < 65536 or (not allow_private and port not in PORTS):
        raise HostRefused(f"Port {port} is not one that mail servers use.")
    found = [literal] if (literal := literal_address(host)) else looked_up(host, resolver)
    good = [each for each in found if (is_unicast(each) if allow_private else is_public(each))]
    if not good:
        raise HostRefused(f"{host} is an address inside a private network; a public mail server is needed.")
    return tuple(str(each) for each in sorted(good, key=lambda each: each.version))


def literal_address(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


def looked_up(host: str, resolver: Resolver | None) -> list[Address]:
    """All A and AAAA records."""
    name = host_name(host)
    if name == "localhost" or name.endswith(".localhost"):
        return [IPv4Address("127.0.0.1")]  # RFC 6761, section 6.3
    try:
        resolver = resolver or dns.resolver.get_default_resolver()
        answers = resolver.resolve_name(f"{name}.", lifetime=LOOKUP_SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer) as error:
        raise HostUnknown(f"There is no server named {name}.") from error
    except dns.exception.DNSException as error:
        raise LookupFailed(
            f"The name {name} could not be looked up; the name servers do not answer."
        ) from error
    return [ipaddress.ip_address(each) for each in answers.addresses()]


def host_name(host: str) -> str:
    """A name in its ASCII form; one without a dot is a neighbour's, in a compose network for example."""
    name = host.strip().lower().removesuffix(".")
    if re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", name):
        return name
    try:
        return normalise_domain(name)
    except NotAnAddress as error:
        raise HostUnknown("That is not the name of a server.") from error


def is_public(address: Address) -> bool:
    """Reachable from anywhere, and not another address in disguise (mapped, NAT64, 6to4, Teredo)."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in CLOSED_V4)
    return address in OPEN_V6 and not any(address in network for network in CLOSED_V6)


def is_unicast(address: Address) -> bool:
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    return not (address.is_multicast or address.is_unspecified or address in EXPERIMENTAL_V4)


def is_loopback(addresses: tuple[str, ...]) -> bool:
    """Whether plaintext stays on this machine."""
    return all(ipaddress.ip_address(each).is_loopback for each in addresses)
