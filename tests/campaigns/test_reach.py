"""An endpoint that a customer typed leads into our own network only where the operator allows it."""

import pytest

from campaigns.llm.edge import EndpointError
from campaigns.reach import address_of

INSIDE = [
    "127.0.0.1",
    "localhost",
    "10.0.0.1",
    "169.254.169.254",
    "192.168.1.1",
    "100.64.0.1",
    "::1",
    "[::1]",
    "fd00::1",
]
NOWHERE = ["0.0.0.0", "255.255.255.255", "224.0.0.1", "::", "ff02::1"]


@pytest.mark.parametrize("host", [*INSIDE, *NOWHERE, "::ffff:10.0.0.1", "64:ff9b::a00:1"])
def test_an_inside_address_is_refused(settings, host):
    """Guards the cloud's metadata service and everything else beside the worker."""
    settings.ALLOW_PRIVATE_HOSTS = False

    with pytest.raises(EndpointError):
        address_of(host, 443)


@pytest.mark.parametrize("host", INSIDE)
def test_an_operator_may_allow_it(settings, host):
    settings.ALLOW_PRIVATE_HOSTS = True

    assert address_of(host, 8000)


@pytest.mark.parametrize("host", NOWHERE)
def test_nobody_may_allow_what_is_no_address_of_a_server(settings, host):
    settings.ALLOW_PRIVATE_HOSTS = True

    with pytest.raises(EndpointError):
        address_of(host, 8000)


def test_any_port_may_serve_a_model(settings):
    settings.ALLOW_PRIVATE_HOSTS = False

    assert address_of("93.184.215.14", 8443) == "93.184.215.14"


@pytest.mark.parametrize("host", ["", "a b", "x" * 300, "-"])
def test_a_name_that_is_none_cannot_be_found(settings, host):
    with pytest.raises(OSError, match="server"):
        address_of(host, 443)
