"""One cell as one process: prepared, served and worked in, until it is told to end.

Run as `python -m tests.regions.cell PORT` with the environment of that cell; says "ready" when it answers.
"""

from __future__ import annotations

import sys
import threading
import time

import django


def prepare() -> None:
    from django.core.management import call_command

    for command in ("bootstrap_cluster", "migrate_directory", "migrate_workspaces"):
        call_command(command, verbosity=0)


def work_for_ever() -> None:
    from tenants import bells

    while True:
        for kind, workspace in bells.claim(16):
            bells.work_slice(kind, workspace)
        time.sleep(0.2)


def main(port: int) -> None:
    django.setup()
    prepare()
    from django.core.handlers.wsgi import WSGIHandler

    from tests.servers.web import QuietHandler, Server

    threading.Thread(target=work_for_ever, daemon=True).start()
    server = Server(("127.0.0.1", port), QuietHandler)
    server.set_app(WSGIHandler())
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
