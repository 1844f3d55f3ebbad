"""The package has the name of a module of the standard library, on purpose (ARCHITECTURE.md)."""

import mailbox
from tests.paths import ROOT


def test_the_package_named_mailbox_is_ours():
    assert mailbox.__path__[0] == str(ROOT / "mailbox")
