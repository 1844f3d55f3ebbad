"""Server time and questions to the database of the pages about leads, with a hundred thousand of them.

    make bench-leads [ROWS=100000] [TIMES=15]

The leads come in by the product's own import; a tenth is on a list, some have been written to, some are
suppressed. Each page is asked for by a signed-in member through the whole stack, template included, without
a network. `ms` is the median of the wall clock, `best` the least of it, `cpu` the processor time of the web
process. The last line is JSON. The exit status is 1 where a page takes 100 ms or asks too much.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import time
from typing import Any

from bench.imports import begun, start
from bench.people import people_csv

MOST_MS = 100.0
MOST_QUERIES = 16


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=15)
    options = parser.parse_args()
    start()
    from tenants.binding import bound
    from tests.world import client_of, make_workspace, olga

    workspace = make_workspace("acme")
    world = type("World", (), {"acme": workspace})
    person = olga(world)
    with bound(workspace):
        made = fill(options.rows)
    browser = client_of(workspace, person)
    figures = {name: measured(workspace, browser, path, options.times) for name, path in made.items()}
    return report(figures, options.rows)


def fill(rows: int) -> dict[str, str]:
    """The leads, and the addresses of the pages that are measured."""
    from audit.actors import Actor
    from leads.actions.filters import save_filter
    from leads.actions.imports import import_slice
    from leads.actions.people import label_leads, make_label
    from leads.actions.suppression import suppress
    from leads.filtering import Filter
    from leads.listing import Order
    from leads.models import LabelKind, Lead, Reason

    print(f"Importing {rows:,} leads …", flush=True)
    data = people_csv(rows)
    job = begun(io.BytesIO(data), len(data))
    while import_slice():
        continue
    ids = list(Lead.objects.order_by("pk").values_list("pk", flat=True))
    label = make_label(LabelKind.LIST, "Spring")
    for place in range(0, len(ids), 10_000):
        label_leads(label, ids[place : place + 10_000 : 10])
    some = Lead.objects.filter(pk__in=ids[:: max(1, rows // 200)])
    for lead in some:
        suppress(lead.email, Reason.OPT_OUT)
    write_to(ids[5 :: max(1, rows // 500)])
    save_filter("Weavers", Filter(q="looms"), Order.NEWEST, by=Actor(None, "the benchmark"))
    middle, one = ids[len(ids) // 2], Lead.objects.get(pk=ids[7])
    domain = one.email.partition("@")[2]
    return {
        "the list": "/leads/",
        "a page in the middle": f"/leads/?after={middle}",
        "oldest first": "/leads/?sort=created",
        "last changed first": "/leads/?sort=-changed",
        "by change, in the middle": f"/leads/?sort=changed&after={middle}",
        "open ones": "/leads/?standing=open",
        "opted out": "/leads/?standing=opted_out",
        "of an import": f"/leads/?source={job.pk}",
        "on a list": f"/leads/?label={label.pk}",
        "written to": "/leads/?touched=written",
        "replied": "/leads/?touched=replied",
        "never written to": "/leads/?touched=never",
        "in no campaign": "/leads/?touched=free",
        "of today": f"/leads/?since={time.strftime('%Y-%m-%d', time.gmtime())}",
        "search: an address": f"/leads/?q={one.email}",
        "search: a domain": f"/leads/?q={domain}",
        "search: a word that 2% have": "/leads/?q=hopper",
        "search: the start of a word": "/leads/?q=analyt",
        "search: a word that most have": "/leads/?q=of",
        "search: three words": "/leads/?q=ada+lovelace+robotics",
        "search: nobody": "/leads/?q=qqqqq",
        "search in a list": f"/leads/?q=hopper&label={label.pk}&standing=open&touched=never",
        "a lead": f"/leads/{one.pk}/",
        "tags and lists": "/leads/labels/",
        "imports": "/leads/imports/",
        "the import": f"/leads/imports/{job.pk}/",
        "suppressed": "/privacy/",
    }


def write_to(ids: list[Any]) -> None:
    """Threads with a mail that went out, every third with an answer."""
    from leads.models import Lead
    from mailbox.models import Message, Thread
    from tests.mail_world import a_mailbox

    mailbox = a_mailbox()
    for number, lead in enumerate(Lead.objects.filter(pk__in=ids)):
        thread = Thread(mailbox=mailbox, lead=lead)
        thread.save()
        for direction in ("out", "in")[: 1 + (number % 3 == 0)]:
            said = Message(thread=thread, mailbox=mailbox, direction=direction, subject="Looms", body="Hello")
            said.message_id = f"<{said.pk}@acme.test>"
            said.save()


def measured(workspace: Any, browser: Any, path: str, times: int) -> tuple[float, float, float, int]:
    """(median, least and processor milliseconds, questions) of a page."""
    from django.db import connections
    from django.test.utils import CaptureQueriesContext

    from tenants.binding import bound

    spent, busy = [], []
    for _ in range(times + 2):
        before, worked = time.perf_counter(), time.process_time()
        answer = browser.get(path)
        spent.append(time.perf_counter() - before)
        busy.append(time.process_time() - worked)
        if answer.status_code != 200:
            raise SystemExit(f"{path} answers {answer.status_code}.")
    with bound(workspace), CaptureQueriesContext(connections["default"]) as seen:
        browser.get(path)
    median, least, cpu = statistics.median(spent[2:]), min(spent), statistics.median(busy[2:])
    return median * 1000, least * 1000, cpu * 1000, len(seen)


def report(figures: dict[str, tuple[float, float, float, int]], rows: int) -> int:
    print(f"\n{'page':32}{'ms':>8}{'best':>8}{'cpu':>8}{'questions':>11}")
    for name, (spent, least, cpu, questions) in figures.items():
        sign = "" if spent < MOST_MS and questions <= MOST_QUERIES else "  <- missed"
        print(f"{name:32}{spent:>8.1f}{least:>8.1f}{cpu:>8.1f}{questions:>11}{sign}")
    slowest = max(figure[0] for figure in figures.values())
    most = max(figure[-1] for figure in figures.values())
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print(json.dumps({"leads": rows, "slowest_ms": round(slowest, 1), "most_queries": most}))
    return int(slowest >= MOST_MS or most > MOST_QUERIES)


if __name__ == "__main__":
    raise SystemExit(main())
