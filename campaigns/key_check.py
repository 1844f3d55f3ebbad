"""What the keychain asks before it keeps a provider's key (`settings.KEY_CHECKS`).

The vendors' SDKs are heavy and a web process needs one for this alone, so the key is tried in a process of
its own, which gets it by its standard input: not by its arguments or environment, which others may see.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

from django.conf import settings

from keychain.crypto.secret import Secret

SECONDS = 45.0
NOT_TRIED = "The key could not be tried just now. Try once more."


def problem(kind: str, secret: Secret, endpoint: str | None) -> str:
    """What the provider has against the key, in a sentence; empty when it takes it."""
    told = json.dumps({"kind": kind, "secret": secret.reveal(), "endpoint": endpoint})
    command = [sys.executable, "-W", "ignore", "-m", "campaigns.key_check"]
    try:
        done = subprocess.run(  # noqa: S603 - our own module, by our own interpreter
            command,
            input=told,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=settings.BASE_DIR,
            timeout=SECONDS,
            text=True,
            check=True,
        )
        return str(json.loads(done.stdout)["problem"])
    except (subprocess.SubprocessError, ValueError, KeyError):
        return NOT_TRIED


def main() -> None:
    """The other process: the key on standard input, the sentence on standard output."""
    from campaigns.llm import Provider
    from campaigns.llm.edge import KeyOk, check_key
    from campaigns.reach import address_of

    told = json.loads(sys.stdin.read())
    key = Secret(told["secret"])
    outcome = check_key(Provider(told["kind"]), key, told["endpoint"], resolve=address_of)
    print(json.dumps({"problem": "" if isinstance(outcome, KeyOk) else outcome.sentence}))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paitho.settings")
    main()
