"""Every template compiles and is written in djade's style; every icon is in the sprite; nothing is inline."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.template.loader import get_template, render_to_string

from paitho import assets

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates"
PAGES = sorted(path for path in TEMPLATES.rglob("*.html") if "email" not in path.parts)
# The console's are compiled by its own process, which knows other tags (tests/operators/).
CONSOLE = {"admin", "operators", "unfold"}
OURS = [p for p in sorted(TEMPLATES.rglob("*.*")) if p.relative_to(TEMPLATES).parts[0] not in CONSOLE]
ERRORS = ["400", "403", "404", "429", "500", "503", "unknown_host", "workspace_closed"]


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_a_template_compiles(path):
    get_template(str(path.relative_to(TEMPLATES)))


def test_templates_are_written_in_djades_style():
    djade = Path(sys.executable).with_name("djade")

    result = subprocess.run([djade, "--check", *PAGES], capture_output=True, text=True)

    assert result.returncode == 0, result.stderr + result.stdout


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_page_holds_inline_code_style_or_a_foreign_address(path):
    """The content security policy refuses them; this says so before a browser does."""
    text = path.read_text(encoding="utf-8")

    assert not re.search(r"\sstyle=|<style|\son[a-z]+=\"|javascript:|hx-on", text)
    assert not re.search(r"<script(?![^>]*(\ssrc=|type=\"application/json\"))", text)
    assert not re.search(r"""(src|href)=["'](https?:)?//""", text)


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_page_needs_nothing_but_itself(name):
    text = render_to_string(f"{name}.html", {"state": "suspended"})

    assert "<h1>" in text
    assert "Traceback" not in text


def test_every_icon_that_is_named_exists():
    if not assets.PACKAGES.is_dir():
        pytest.fail("The npm packages are missing: run `make assets`.")

    sprite = assets.sprite(assets.named_icons())

    assert sprite.count("<symbol") == len(assets.named_icons()) > 40


def test_an_unknown_icon_is_refused_by_name():
    with pytest.raises(assets.AssetError, match="no icon called 'no-such-thing'"):
        assets.symbol("no-such-thing")


def test_tabler_is_layered_and_asks_nothing_of_its_map():
    css = assets.layered('@charset "UTF-8";a{color:red}\n/*# sourceMappingURL=tabler.min.css.map */')

    assert css.startswith("@layer tabler{")
    assert "sourceMappingURL" not in css
    assert "@charset" not in css
