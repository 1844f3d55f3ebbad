"""The bundle: whole, opened, loadable with psql, and refused when a byte was changed."""

from __future__ import annotations

import os
import subprocess
import tarfile

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from audit.models import AuditRow
from keychain.crypto.secret import Secret
from keychain.models import Credential, Kind
from leads.models import Lead
from paitho.embedded.postgres import binary
from tenants.binding import bound
from tenants.export.bundle import BrokenExport, export, verify
from tenants.export.tables import tables
from tests.leads.test_import import SHEET, begin
from tests.world import olga, work

ODD = b'email,name,note\nada@acme.test,"=cmd|\' /C calc\'!A0","tab\there, a \\ and\na line"\n'


@pytest.fixture
def filled(world):
    olga(world)
    with bound(world.acme):
        begin(SHEET)
        begin(ODD)
        Credential(kind=Kind.OPENAI, label="Ours", secret=Secret("sk-canary-1")).save()
    work()
    return world.acme


def test_the_bundle_counts_what_the_tables_hold(filled, tmp_path):
    exported = export(filled, tmp_path)

    rows = verify(exported.path)

    with bound(filled):
        assert rows["leads"] == Lead.objects.count()
    assert rows["members"] == 1
    assert [path.name for path in tmp_path.iterdir()] == [exported.path.name]


def test_the_script_loads_into_an_empty_database_with_equal_values(filled, tmp_path):
    exported = export(filled, tmp_path)
    with tarfile.open(exported.path) as tar:
        tar.extractall(tmp_path / "out", filter="data")
    dsn = os.environ["PAITHO_SUPERUSER_DSN"]
    with psycopg.connect(dsn, autocommit=True) as root:
        root.execute("DROP DATABASE IF EXISTS bundle")
        root.execute("CREATE DATABASE bundle")
    target = psycopg.conninfo.make_conninfo(dsn, dbname="bundle")
    script = subprocess.run(
        ["gunzip", "-c", tmp_path / "out" / "acme.sql.gz"], capture_output=True, check=True
    )
    psql = [binary("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", target]

    subprocess.run(psql, input=script.stdout, check=True, capture_output=True)

    with psycopg.connect(target) as loaded, bound(filled):
        for lead in Lead.objects.all():
            found = loaded.execute("SELECT profile FROM leads WHERE id = %s", [lead.pk]).fetchone()
            assert found == (lead.profile,)
        assert "secret" not in {d.name for d in loaded.execute("SELECT * FROM credentials").description}


def test_the_sheets_hold_no_formula(filled, tmp_path):
    exported = export(filled, tmp_path)

    with tarfile.open(exported.path) as tar:
        text = tar.extractfile("csv/leads.csv").read().decode("utf-8-sig")

    assert not any(cell.startswith("=") for line in text.splitlines() for cell in line.split(","))


def test_secrets_are_in_the_bundle_only_when_asked_for(filled, tmp_path):
    without = export(filled, tmp_path / "a").path.read_bytes()
    with_them = export(filled, tmp_path / "b", with_secrets=True)

    with tarfile.open(with_them.path) as tar:
        assert b"sk-canary-1" in tar.extractfile("csv/credentials.csv").read()
    assert b"sk-canary-1" not in without


def test_a_changed_byte_is_found(filled, tmp_path):
    path = export(filled, tmp_path).path
    data = bytearray(path.read_bytes())
    place = data.find(b"ada@acme.test")
    data[place] ^= 1
    path.write_bytes(data)

    with pytest.raises(BrokenExport, match="was changed"):
        verify(path)


@pytest.mark.parametrize("command", ["verify_export", "verify_audit"])
@pytest.mark.parametrize("content", [b"", b"no tar file", b"PK\x03\x04" + bytes(2000)])
def test_what_is_no_export_is_said_in_a_sentence(world, tmp_path, content, command):
    file = tmp_path / "export.tar"
    file.write_bytes(content)
    words = [file] if command == "verify_export" else []
    options = {} if words else {"export": file}

    with pytest.raises(CommandError, match=r"^This is not an export, or not a whole one: .* tar file\.$"):
        call_command(command, *words, **options)


def test_lines_of_one_moment_are_all_there_whatever_the_size_of_a_page(filled):
    """Guards the pages of the log, whose order begins with a time that many lines share."""
    with bound(filled):
        at = timezone.now()
        for number in range(7):
            AuditRow(at=at, event="auth.signed_in", details={"actor": str(number)}).save()
        (log,) = [table for table in tables() if table.name == "audit_log"]
        everything = [row[0] for row in log.rows()]

        assert [row[0] for row in log.rows(chunk=2)] == everything
        assert len(set(everything)) == len(everything) == log.count()
