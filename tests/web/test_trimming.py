"""The small style sheet: it keeps what pages name, with the variables behind it, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from paitho.trimming import classes_in, trimmed


@pytest.mark.parametrize(
    ("css", "kept"),
    [
        (".btn{color:red}.card{color:blue}", ".btn{color:red}"),
        (".btn,.card{color:red}", ".btn{color:red}"),
        ("p:not(.card,.x) .btn{color:red}", ""),
        ("p{color:red}", "p{color:red}"),
        ("@media print{.card{color:red}}", ""),
        ("@media print{.btn{color:red}.card{color:red}}", "@media print{.btn{color:red}}"),
        ("@keyframes spin{to{rotate:1turn}}", ""),
        ("/*! notice */p{color:red}", "/*! notice */p{color:red}"),
        (
            ":root{--a:var(--b);--b:1;--c:2}.btn{width:var(--a)}",
            ":root{--a:var(--b);--b:1;}.btn{width:var(--a)}",
        ),
        (":root{--a:1}p{color:red}", "p{color:red}"),
    ],
)
def test_what_is_kept(css: str, kept: str) -> None:
    assert trimmed(css, {"btn"}) == kept


def test_classes_are_read_from_templates_and_modules(tmp_path: Path) -> None:
    page, module = tmp_path / "a.html", tmp_path / "b.py"
    page.write_text('<a class="btn {% if x %}btn-primary{% endif %}">')
    module.write_text('attrs={"class": "form-select"}')

    assert {"btn", "btn-primary", "form-select"} <= classes_in([page, module])
