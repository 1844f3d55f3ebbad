"""The application on a port, for the tests that open its pages in a browser; Dovecot, and a mailbox in it."""

from __future__ import annotations

import pytest

from keychain.crypto.secret import Secret
from tenants.binding import bound
from tests.live import live, port
from tests.mail_world import a_mailbox
from tests.servers.dovecot import running_dovecot

__all__ = ["live", "port"]


@pytest.fixture(scope="module")
def dovecot():
    with running_dovecot() as server:
        yield server


@pytest.fixture
def box(world, dovecot, request):
    with bound(world.acme):
        mailbox = a_mailbox(f"{request.node.name[:40]}@acme.test", imap_port=dovecot.port)
        mailbox.credential.secret = Secret("secret")
        mailbox.credential.save()
        yield mailbox
