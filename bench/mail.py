"""The mail engine next to what everybody knows: mbsync for reading, smtplib for sending.

    uv run python -m bench.mail [--messages 20000] [--mailboxes 200] [--sends 60] [--rounds 3] [--replies 300]

Reading: a first visit to a mailbox of so many messages, of which 1 in 100 answers our mail (header fields of
all, bodies of those, everything stored), and a later visit with 100 new ones; mbsync fetches the same mailbox
from the same Dovecot into memory. Lag: one real worker and beat, replies laid into random mailboxes, until
each is a row. Sending: through one connection to a server 40 ms away (a mailbox's provider is never nearer),
claim and settlement included, against bare smtplib with the same messages. Rounds are interleaved; medians.
The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import sys

from bench.mail_lag import lag
from bench.mail_reading import reading
from bench.mail_sending import sending
from tests import environment
from tests.servers.dovecot import running_dovecot


def main() -> int:
    options = parse()
    os.environ["DJANGO_SETTINGS_MODULE"] = "paitho.settings"
    servers = environment.start_servers()
    import django

    django.setup()
    from django.core.management import call_command

    for command in ("bootstrap_cluster", "migrate_directory", "migrate_workspaces"):
        call_command(command, verbosity=0)
    result: dict[str, float | None] = {}
    with running_dovecot(settings="mailbox_idle_check_interval = 2s\n") as dovecot:
        result |= reading(options, dovecot)
        result |= lag(options, dovecot)
    result |= sending(options, servers)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print(json.dumps(result))
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--mailboxes", type=int, default=200)
    parser.add_argument("--replies", type=int, default=300)
    parser.add_argument("--sends", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rtt", type=float, default=0.04)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
