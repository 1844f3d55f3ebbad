"""The cluster that the workers of a parallel run copy: the directory's tables and the cast, at rest.

    python -m tests.template DIR

writes DIR/pg and DIR/master.key, and DIR/ready when they are whole, or DIR/failed.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tests import environment


def bring_up() -> None:
    """The roles, the directory's tables and the reference schema."""
    from django.core.management import call_command

    for command in ("bootstrap_cluster", "migrate_directory", "migrate_workspaces"):
        call_command(command, verbosity=0)


def main(home: Path) -> None:
    cluster = environment.start_template(home, json.loads((home / "secrets.json").read_text()))
    os.environ["DJANGO_SETTINGS_MODULE"] = "paitho.settings"
    import django

    django.setup()
    bring_up()
    from tests.world import make_cast

    make_cast()
    cluster.stop()
    (home / "ready").touch()


if __name__ == "__main__":
    place = Path(sys.argv[1])
    try:
        main(place)
    except BaseException:
        (place / "failed").touch()
        raise
