"""Where a model's endpoint may be: the mail servers' guard, without its list of ports."""

from django.conf import settings

from campaigns.llm.endpoints import EndpointError
from mailbox import guard


def address_of(host: str, port: int) -> str:
    """The address to connect to: a `Resolve` for `edge.ask`, asked again for every new connection.

    Private addresses are refused unless the operator allows them.
    """
    if not 0 < port < 65536:
        raise EndpointError
    literal = guard.literal_address(host)
    try:
        found = [literal] if literal else guard.looked_up(host, None)
    except guard.HostProblem as error:
        raise OSError(str(error)) from error
    is_good = guard.is_unicast if settings.ALLOW_PRIVATE_HOSTS else guard.is_public
    good = sorted((each for each in found if is_good(each)), key=lambda each: each.version)
    if not good:
        raise EndpointError
    return str(good[0])
