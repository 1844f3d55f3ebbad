"""`python -m paitho.embedded.prepare COMMAND …`: run management commands one after another in one process.

Loading the product takes longer than the commands themselves when there is nothing to do.
"""

from __future__ import annotations

import os
import sys

import django
from django.core.management import CommandError, call_command


def main(commands: list[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paitho.settings")
    django.setup()
    for command in commands:
        try:
            call_command(command)
        except CommandError as error:
            print(f"{command}: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
