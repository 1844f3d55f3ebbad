"""kill -9 in the middle of export, backup, restore, retention: run again, all is there, nothing half-made."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audit.custody import back_up, bring_back
from audit.models import Export, ExportState, RetentionRun
from audit.retention import retention_slice
from campaigns.models import StageRun
from leads.models import Lead
from tenants.backup import records
from tenants.backup.stores import Directory
from tenants.binding import bound
from tenants.export.bundle import export, verify
from tests.backup.test_backup import BY, checksum
from tests.campaigns.world import a_call
from tests.mail_world import a_lead
from tests.paths import ROOT
from tests.world import client_of, olga, work

pytestmark = pytest.mark.slow
LEADS = 1500


@pytest.fixture
def filled(world):
    person = olga(world)
    with bound(world.acme):
        leads = [a_lead(f"p{number}@acme.test") for number in range(20)]
        # Rows enough that every step takes a while: the same sealed profile, under its own address.
        first = leads[0]
        Lead.objects.bulk_create(
            Lead(
                profile=first.profile,
                email_index=number.to_bytes(32, "big"),
                domain_index=first.domain_index,
                words=[],
            )
            for number in range(LEADS)
        )
    return person


def killed_when(code: str, is_there: Callable[[], object], **settings: str) -> None:
    """Run the code in a process of its own, and kill it as soon as something shows that it is at work."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "paitho.settings", **settings}
    setup = "import django\ndjango.setup()\n"
    child = subprocess.Popen([sys.executable, "-c", setup + code], cwd=ROOT, env=environment)
    while child.poll() is None and not is_there():
        time.sleep(0.002)
    assert child.poll() is None, "it ended before it could be killed"
    child.send_signal(signal.SIGKILL)
    child.wait()


def parts(folder: Path) -> list[Path]:
    return [path for path in folder.rglob(".*") if path.exists()]


def test_a_killed_export_leaves_nothing_and_the_next_one_is_whole(world, filled, tmp_path):
    code = f"""
from pathlib import Path
from tenants.directory import by_slug
from tenants.export.bundle import export
export(by_slug("acme"), Path({str(tmp_path)!r}))
"""
    killed_when(
        code, lambda: any(path.stat().st_size > 5000 for path in tmp_path.rglob("*") if path.is_file())
    )
    assert [path for path in tmp_path.iterdir() if not path.name.startswith(".")] == []
    assert all(b"acme.test" not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())

    exported = export(world.acme, tmp_path)

    assert verify(exported.path)["leads"] == LEADS + 20
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == set()


def test_a_killed_export_job_is_made_by_the_next_worker(world, filled, tmp_path, settings):
    settings.EXPORTS, settings.STATE_DIR = str(tmp_path / "exports"), tmp_path
    browser = client_of(world.acme, filled)
    browser.post("/data/export/")
    code = """
from audit.exporting import export_slice
from tenants.binding import bound
from tenants.directory import by_slug
with bound(by_slug("acme")):
    export_slice()
"""
    where = {"PAITHO_EXPORTS": settings.EXPORTS, "PAITHO_STATE": str(tmp_path)}
    killed_when(code, lambda: list(tmp_path.glob("spool/.export-*/*1*")), **where)
    with bound(world.acme):
        from django.core.cache import cache

        assert Export.objects.get().state == ExportState.RUNNING
        cache.clear()  # the dead worker's lease ends by itself after two minutes

    work()

    with bound(world.acme):
        made = Export.objects.get()
    assert (made.state, made.attempts) == (ExportState.READY, 2)
    answer = browser.get(f"/data/export/{made.pk}/file")
    (tmp_path / "bundle.tar").write_bytes(b"".join(answer.streaming_content))
    assert verify(tmp_path / "bundle.tar")["leads"] == LEADS + 20
    assert list((tmp_path / "spool").iterdir()) == []


BACKUP = """
from audit.custody import back_up
from tenants.backup.stores import Directory
from tenants.directory import by_slug
from pathlib import Path
back_up(by_slug("acme"), Directory(Path({folder!r})))
"""


def test_a_killed_backup_is_no_backup(world, filled, tmp_path, superuser):
    superuser.execute("DELETE FROM public.backups")
    store = Directory(tmp_path)

    killed_when(BACKUP.format(folder=str(tmp_path)), lambda: parts(tmp_path))

    assert store.names() == []
    assert records.of(world.acme) == []
    assert store.sweep() == 1
    assert back_up(world.acme, store).rows["leads"] == LEADS + 20


RESTORE = """
from audit.custody import bring_back
from tenants.backup.stores import Directory
from tenants.directory import by_slug
from pathlib import Path
bring_back(by_slug("acme"), Directory(Path({folder!r})), {name!r})
"""
MOMENTS = {
    "in the scratch database": "SELECT 1 FROM pg_database WHERE datname = 'paitho_scratch_acme'",
    "while loading": "SELECT 1 FROM pg_namespace WHERE nspname = 'restoring_acme'",
    "while its indexes are made": "SELECT 1 FROM pg_indexes WHERE schemaname = 'restoring_acme'",
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_restore_changes_nothing_and_the_next_one_completes(
    world, filled, tmp_path, superuser, moment
):
    made = back_up(world.acme, Directory(tmp_path))
    with bound(world.acme):
        Lead.objects.filter(email_index__lt=(700).to_bytes(32, "big")).delete()
    before = checksum(superuser, "tenant_acme")

    code = RESTORE.format(folder=str(tmp_path), name=made.name)
    killed_when(code, lambda: superuser.execute(MOMENTS[moment]).fetchone())

    assert checksum(superuser, "tenant_acme") == before
    restored = _again(lambda: bring_back(world.acme, Directory(tmp_path), made.name))
    assert restored.rows == made.rows
    with bound(world.acme):
        assert Lead.objects.count() == LEADS + 20
    left = superuser.execute(
        "SELECT nspname FROM pg_namespace WHERE nspname ~ 'restoring|replaced'"
        " UNION SELECT datname FROM pg_database WHERE datname ~ 'scratch'"
    ).fetchall()
    assert left == []


def _again(action: Callable[[], object]) -> object:
    """The server needs a moment to notice that the dead process's session, and its lock, are gone."""
    from tenants.backup.errors import BackupError

    until = time.monotonic() + 30
    while True:
        try:
            return action()
        except BackupError as error:
            if "already" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.1)


def test_a_killed_retention_run_is_completed_by_the_next(world, filled, superuser):
    with bound(world.acme):
        call = a_call(BY)
        runs = [
            StageRun(**{**_values(call), "at": datetime.now(UTC) - timedelta(days=100)}) for _ in range(3000)
        ]
        StageRun.objects.bulk_create(runs)
    code = """
import campaigns.retention
from audit.retention import retention_slice
from tenants.binding import bound
from tenants.directory import by_slug
campaigns.retention.AT_ONCE = 50
with bound(by_slug("acme")):
    while retention_slice():
        pass
"""
    done = "SELECT count(*) FROM tenant_acme.stage_runs WHERE anonymised_at IS NOT NULL"
    killed_when(code, lambda: superuser.execute(done).fetchone() != (0,))
    ((half,),) = superuser.execute(done).fetchall()
    assert 0 < half < 3000

    with bound(world.acme):
        while retention_slice():
            pass

        assert StageRun.objects.filter(anonymised_at=None).count() == 1
        assert sum(run.report.get(RULE, 0) for run in RetentionRun.objects.all()) <= 3000
    ((left,),) = superuser.execute(
        "SELECT count(*) FROM tenant_acme.stage_runs WHERE anonymised_at IS NOT NULL AND prompt IS NOT NULL"
    ).fetchall()
    assert left == 0


RULE = "Logs of model calls: texts of 90 days and more"


def _values(run: StageRun) -> dict[str, object]:
    names = ["campaign", "stage", "provider", "model", "prompt_name", "prompt", "response", "outcome"]
    return {name: getattr(run, name) for name in names}
