"""Collects what browsers load from the npm packages into `paitho/static/build/`.

Run as `python -m paitho.assets` after `npm ci`. Only the files in use are taken: Tabler's style
sheet, the fonts, and one sprite holding the icons that templates and code name.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from paitho.trimming import classes_in, trimmed

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ROOT / "node_modules"
BUILD = ROOT / "paitho" / "static" / "build"

TABLER = "@tabler/core/dist/css/tabler.min.css"
FONTS = {
    "@fontsource-variable/ibm-plex-sans": [
        "ibm-plex-sans-latin-wght-normal",
        "ibm-plex-sans-latin-ext-wght-normal",
    ],
    "@fontsource/ibm-plex-mono": ["ibm-plex-mono-latin-400-normal", "ibm-plex-mono-latin-500-normal"],
    "@fontsource/ibm-plex-serif": ["ibm-plex-serif-latin-500-normal"],
}
# For the operators' console: the build that evaluates no strings, as our content security policy asks.
ALPINE = "@alpinejs/csp/dist/cdn.min.js"
LICENSES = ["@tabler/icons", *FONTS]  # Tabler's style sheet carries its own notice

# `{% icon "mail" %}` in a template, `icon="mail"` in an include or in Python, `icon("mail")` in Python.
NAMED_ICON = re.compile(r"""\bicon[ =(]["']([a-z0-9-]+)["']""")
DRAWN = re.compile(r"<(?:path|circle|rect|line|polyline|polygon|ellipse)\b[^>]*>")
SOURCES = [
    "paitho",
    "tenants",
    "accounts",
    "keychain",
    "audit",
    "leads",
    "mailbox",
    "campaigns",
    "trust",
    "operators",
]


# Templates of the pages that load the small sheet: the public site, sign-up and sign-in.
SITE = ("trust", "shell", "ui", "django", "account", "accounts", "mfa", "allauth", "campaigns", "styleguide")


class AssetError(Exception):
    """A named file or icon is not in the installed packages."""


def named_icons() -> set[str]:
    """Names of the icons that any template or module asks for."""
    files = [*(ROOT / "templates").rglob("*.html")]
    for source in SOURCES:
        files += [*(ROOT / source).rglob("*.html"), *(ROOT / source).rglob("*.py")]
    return {name for file in files for name in NAMED_ICON.findall(file.read_text(encoding="utf-8"))}


def symbol(name: str) -> str:
    """One icon as an SVG symbol. Stroke and fill come from the page's style sheet."""
    source = PACKAGES / "@tabler/icons/icons/outline" / f"{name}.svg"
    if not source.is_file():
        raise AssetError(f"There is no icon called {name!r} in @tabler/icons.")
    drawn = DRAWN.findall(source.read_text(encoding="utf-8"))
    shapes = [shape for shape in drawn if 'stroke="none"' not in shape]
    return f'<symbol id="{name}" viewBox="0 0 24 24">{"".join(shapes)}</symbol>'


def sprite(names: set[str]) -> str:
    symbols = "\n".join(symbol(name) for name in sorted(names))
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n'


def layered(css: str) -> str:
    """The style sheet inside a cascade layer, so that our own rules win without specificity contests."""
    body = css.replace('@charset "UTF-8";', "")
    body = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", body)
    return f"@layer tabler{{{body}}}\n"


def pages_of_the_site() -> Iterator[Path]:
    """What the pages outside a workspace are made of: their templates, and the modules that name classes."""
    for name in SITE:
        yield from (ROOT / "templates").glob(f"{name}/**/*.html")
    yield from (ROOT / "templates").glob("*.html")
    for source in ("paitho", "accounts", "trust"):
        yield from (ROOT / source).rglob("*.py")


def copies() -> Iterator[tuple[Path, Path]]:
    """Each file taken unchanged, and where it goes."""
    for package, names in FONTS.items():
        for name in names:
            yield PACKAGES / package / "files" / f"{name}.woff2", BUILD / f"{name}.woff2"
    yield PACKAGES / ALPINE, BUILD / "alpine.js"
    for package in LICENSES:
        yield PACKAGES / package / "LICENSE", BUILD / "licenses" / f"{package.replace('/', '-')}.txt"


def build() -> list[Path]:
    """Write the whole folder anew and return its files."""
    if not (PACKAGES / TABLER).is_file():
        raise AssetError("The npm packages are not installed: run `npm ci` first (`make assets` does).")
    shutil.rmtree(BUILD, ignore_errors=True)
    (BUILD / "licenses").mkdir(parents=True)
    tabler = (PACKAGES / TABLER).read_text(encoding="utf-8")
    (BUILD / "tabler.css").write_text(layered(tabler), encoding="utf-8")
    small = trimmed(tabler.replace('@charset "UTF-8";', ""), classes_in(pages_of_the_site()))
    (BUILD / "tabler-site.css").write_text(layered(small), encoding="utf-8")
    (BUILD / "icons.svg").write_text(sprite(named_icons()), encoding="utf-8")
    for source, target in copies():
        if not source.is_file():
            raise AssetError(f"{source.relative_to(PACKAGES)} is not in the installed packages.")
        shutil.copyfile(source, target)
    return sorted(file for file in BUILD.rglob("*") if file.is_file())


def main() -> int:
    try:
        files = build()
    except AssetError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    size = sum(file.stat().st_size for file in files)
    sys.stdout.write(f"{BUILD.relative_to(ROOT)}: {len(files)} files, {size // 1024} kB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
