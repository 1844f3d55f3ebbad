"""Two regions on one machine: sign-up in one leads to the other, where every byte of the workspace then is.

Two databases, two Redis, two key files, two hosts and two processes. Each cell is told its own secrets.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
import redis

from keychain.crypto.kms import Context, KmsRefused, kms_from_url
from paitho.embedded.postgres import Cluster
from paitho.embedded.process import free_port
from paitho.embedded.redis import Redis
from tests.accounts.conftest import smtp_server
from tests.browser import OpenPage, picture

__all__ = ["smtp_server"]

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "seven green lanterns"
SLUG = "walnut-overseas"
TYPED = ("Wanda Walnut", "wanda.walnut@overseas.example", "Walnut Overseas Traders")


@dataclass
class Cell:
    """A region's own servers, and the process that uses them."""

    region: str
    home: Path
    port: int
    cluster: Cluster
    redis: Redis
    process: subprocess.Popen[str] | None = None

    @property
    def host(self) -> str:
        return f"{self.region}.localhost:{self.port}"

    @property
    def kms(self) -> str:
        return f"local:{self.home / 'master.key'}"

    def environment(self, others: list[Cell], smtp: int) -> dict[str, str]:
        passwords = {
            f"PAITHO_{name}_PASSWORD": secrets.token_hex(16)
            for name in ("DIRECTORY", "OWNER", "OPS", "BACKUP")
        }
        return {
            **passwords,
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": "paitho.settings",
            "PAITHO_SUPERUSER_DSN": self.cluster.superuser_dsn(),
            "PAITHO_SECRET_KEY": secrets.token_hex(32),
            "PAITHO_DATABASE_HOST": self.cluster.host,
            "PAITHO_DATABASE_PORT": str(self.cluster.port),
            "PAITHO_REDIS_URL": self.redis.url,
            "PAITHO_KMS": self.kms,
            "PAITHO_REGION": self.region,
            "PAITHO_REGION_HOSTS": ",".join(f"{other.region}={other.host}" for other in others),
            "PAITHO_ORIGIN": f"http://{self.host}",
            "PAITHO_EMBEDDED": "1",
            "PAITHO_STATE": str(self.home / "state"),
            "PAITHO_SANDBOX_SMTP": f"127.0.0.1:{smtp}",
            "PAITHO_LOG_LEVEL": "WARNING",
        }

    def start(self, others: list[Cell], smtp: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.regions.cell", str(self.port)],
            cwd=ROOT,
            env=self.environment(others, smtp),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line == "ready\n":
                return
        pytest.fail(f"The cell {self.region} does not start.")

    def bytes_of_everything(self) -> Iterator[bytes]:
        """Every file of the database, its log of writes, the state directory and what Redis holds."""
        with psycopg.connect(self.cluster.superuser_dsn(), autocommit=True) as root:
            root.execute("CHECKPOINT")
        for file in self.home.rglob("*"):
            if file.is_file():
                yield file.read_bytes()
        with redis.Redis.from_url(self.redis.url) as line:
            for key in line.scan_iter():
                yield key + (line.dump(key) or b"")

    def holds(self, *needles: bytes) -> set[bytes]:
        return {needle for data in self.bytes_of_everything() for needle in needles if needle in data}

    def workspace(self) -> UUID:
        with psycopg.connect(self.cluster.superuser_dsn("paitho_main")) as root:
            ((found,),) = root.execute("SELECT id FROM public.workspaces WHERE slug = %s", [SLUG]).fetchall()
        return UUID(str(found))


@pytest.fixture
def cells(tmp_path: Path, smtp_server) -> Iterator[tuple[Cell, Cell]]:
    with contextlib.ExitStack() as stack:
        made = []
        for region in ("eu", "us"):
            home = tmp_path / region
            home.mkdir()
            cluster = stack.enter_context(Cluster(home / "pg", durable=False))
            made.append(Cell(region, home, free_port(), cluster, stack.enter_context(Redis(home / "redis"))))
        eu, us = made
        with ThreadPoolExecutor() as pool:
            port = smtp_server[0].port
            list(
                pool.map(lambda cell: cell.start([other for other in made if other is not cell], port), made)
            )
        try:
            yield eu, us
        finally:
            for cell in made:
                if cell.process is not None:
                    cell.process.kill()
                    cell.process.communicate()


def fill_in(page, region: str) -> None:
    name, email, workspace = TYPED
    page.get_by_label("Workspace").fill(workspace)
    page.get_by_label("Address").fill(SLUG)
    page.get_by_label(region, exact=True).check()
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Your work e-mail").fill(email)
    page.get_by_role("button", name="Send the confirmation").click()


def test_a_workspace_is_in_the_region_that_was_chosen_and_in_no_other(
    cells: tuple[Cell, Cell], smtp_server, open_page: OpenPage
) -> None:
    eu, us = cells
    box = smtp_server[1]
    box.messages.clear()
    page = open_page(forgive="the server responded with a status")
    page.goto(f"http://{eu.host}/sign-up")
    fill_in(page, "United States")
    picture(page, "sign-up-other-region")
    assert box.messages == []

    page.get_by_role("link", name="Start a workspace in the United States").click()

    assert page.url == f"http://{us.host}/sign-up"
    fill_in(page, "United States")
    page.get_by_text("Look into your mail").or_(page.get_by_role("heading")).first.wait_for()
    page.goto(box.link())
    page.get_by_role("button").last.click()
    page.wait_for_url(f"http://{SLUG}.{us.host}/welcome/*")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Open the workspace").click()
    page.wait_for_url(f"http://{SLUG}.{us.host}/")
    assert TYPED[2] in page.content()

    no_byte_of_it_is_in_the_other_cell(eu, us)
    the_other_cell_knows_no_such_host(page, eu)
    the_other_cells_key_opens_nothing(eu, us)


def no_byte_of_it_is_in_the_other_cell(eu: Cell, us: Cell) -> None:
    uid = us.workspace()
    schema = "tenant_" + SLUG.replace("-", "_")
    names = [SLUG.encode(), schema.encode(), str(uid).encode(), uid.bytes]
    typed = [word.encode() for word in TYPED]

    assert us.holds(*names) >= {
        SLUG.encode(),
        schema.encode(),
        uid.bytes,
    }  # the search does find what is there
    assert eu.holds(*names, *typed) == set()


def the_other_cell_knows_no_such_host(page, eu: Cell) -> None:
    answer = page.goto(f"http://{SLUG}.{eu.host}/")

    assert answer.status == 404


def the_other_cells_key_opens_nothing(eu: Cell, us: Cell) -> None:
    uid = us.workspace()
    with psycopg.connect(us.cluster.superuser_dsn("paitho_main")) as root:
        ((wrapped, version),) = root.execute(
            "SELECT wrapped, version FROM public.wrapped_keys WHERE workspace_id = %s AND purpose = 'data'",
            [uid],
        ).fetchall()
    context = Context(workspace=uid, purpose="data", version=version)

    assert kms_from_url(us.kms).unwrap(bytes(wrapped), context)
    with pytest.raises(KmsRefused):
        kms_from_url(eu.kms).unwrap(bytes(wrapped), context)
