"""A worker that is killed in the middle of an import: the next one goes on, and no row is lost or twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from leads.actions.imports import mapping_of, start
from leads.models import Import, ImportState, Lead
from leads.profile import Policy
from tenants.binding import bound
from tests.leads.made import an_upload, by
from tests.paths import ROOT
from tests.world import olga, work

ROWS = 12_000
WORKER = """
import django
django.setup()
from leads.actions.imports import import_slice
from tenants import directory
from tenants.binding import bound
with bound(directory.by_host({host!r})):
    while import_slice():
        pass
"""


def test_a_killed_worker_loses_no_row_and_takes_none_in_twice(world):
    person = olga(world)
    people = (f"person{n}@firm{n % 50}.test,Pat{n},{'x' * 60}" for n in range(ROWS))
    with bound(world.acme):
        job = an_upload(person, "\n".join(["email,first_name,note", *people]).encode())
        start(job, mapping_of(job), Policy.SKIP, by=by(person))
    code = WORKER.format(host="acme.localhost")
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "paitho.settings"}
    worker = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment)

    with bound(world.acme):
        while not 0 < Lead.objects.count() < ROWS and worker.poll() is None:
            time.sleep(0.005)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        killed_at = Lead.objects.count()
        job.refresh_from_db()
        assert (job.rows, job.state) == (killed_at, ImportState.RUNNING)
        assert 0 < killed_at < ROWS
    work()

    with bound(world.acme):
        done = Import.objects.get()
        assert (done.state, done.rows, done.imported) == (ImportState.DONE, ROWS, ROWS)
        assert Lead.objects.count() == ROWS
        assert not done.rejects.exists()
