"""Where the tests find what is not in the repository."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = next(
    (data for up in (ROOT.parent, ROOT.parent.parent) if (data := up / "shared" / "data").is_dir()),
    ROOT.parent / "shared" / "data",
)
