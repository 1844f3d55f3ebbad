"""The public pages as others measure them: Lighthouse and an HTML checker, from npm. `make site-quality`.

They are installed by that target only (.ci/quality), and looked at by nobody's browser but ours.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import CHROMIUM, ROOT
from tests.trust.test_pages import PAGES
from trust.posture.run import keep, verify
from trust.status import QUEUES, beat, probe_all

pytestmark = pytest.mark.apart
TOOLS = ROOT / ".ci" / "quality"
BIN = TOOLS / "node_modules" / ".bin"
LEAST = 0.95
EVERY = {**PAGES, "sign-up": "/sign-up"}
WANTED = os.environ.get("PAGES", "").split() or list(EVERY)


@pytest.fixture(scope="module", autouse=True)
def tools() -> None:
    if not (BIN / "lighthouse").exists():
        pytest.fail("Run it as `make site-quality`, which installs the tools.")


@pytest.fixture
def site(world, superuser, live):
    for queue in QUEUES:
        beat(queue)
    probe_all()
    keep(verify())
    yield live.apex
    superuser.execute("DELETE FROM public.posture_results; DELETE FROM public.posture_runs;")
    superuser.execute("DELETE FROM public.component_states; DELETE FROM public.component_days")


def measured(urls: list[str]) -> Iterator[dict[str, Any]]:
    """Lighthouse's four scores of each page, as they come."""
    command = ["node", str(TOOLS / "measure.mjs"), *urls]
    told = {**os.environ, "CHROME_PATH": CHROMIUM, "LEAST": str(LEAST)}
    with subprocess.Popen(command, env=told, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        yield from map(json.loads, running.stdout)
    assert running.returncode == 0, "Lighthouse ended early."


def said(name: str, page: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    scores = "  ".join(f"{category} {round(score * 100):3}" for category, score in page["scores"].items())
    again = f"  (median of {page['runs']})" if page["runs"] > 1 else ""
    with capsys.disabled():
        print(
            f"\n{name:<15} {scores or 'not measured'}{again}",
            *page["failed"],
            sep="\n    ",
            end="",
            flush=True,
        )


def test_lighthouse_gives_each_page_95_in_every_category(site: str, capsys) -> None:
    names = {f"{site}{EVERY[name]}": name for name in WANTED}
    least: dict[str, float] = {}
    short: dict[str, list[str]] = {}
    for page in measured(list(names)):
        name = names[page["url"]]
        said(name, page, capsys)
        least[name] = min(page["scores"].values(), default=0)
        if least[name] < LEAST:
            short[name] = page["misses"] or page["failed"]
    with capsys.disabled():
        print("\n" + json.dumps({"pages": len(least), "least": min(least.values()), "short": short}))

    assert least.keys() == set(WANTED)
    assert short == {}


def test_the_html_of_each_page_is_valid(site: str, tmp_path: Path) -> None:
    files = []
    for name, path in EVERY.items():
        file = tmp_path / f"{name}.html"
        with urllib.request.urlopen(site + path) as answer:
            file.write_bytes(answer.read())
        files.append(str(file))

    node = shutil.which("node") or "node"
    command = [node, str(BIN / "html-validate"), "--config", str(TOOLS / "htmlvalidate.json"), *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
