"""Every write action leaves an audit line: found in the code itself, so that a new one cannot be forgotten.

A function of an `actions` module that writes, by itself or through what it calls, must also record, by itself
or through what it calls. What does not is on a short list, with the reason; an entry that is no longer needed
fails as well.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import Path

from tests.paths import ROOT

APPS = ("accounts", "audit", "campaigns", "keychain", "leads", "mailbox")
# Other modules whose public functions are what a person does, and not what a worker does by itself.
ALSO = ("campaigns/approval.py", "audit/removing.py", "accounts/sign_up.py")
WRITES = {
    "save", "create", "update", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create",
    "set", "add", "remove", "clear",
}  # fmt: skip
# Methods of these names that write nothing: sets, dicts and lists, caches and session data.
NOT_ROWS = {"add", "update", "set", "remove", "clear"}
RECORDS = {"record", "record_many"}

TRIAL = "a dry run: no lead is written"
MANY = "a step of questions about many leads: their beginning is a line, and each question"
IMPORT = "a step of an import: its start, its end and its undoing are lines"
PART = "the part of another action that writes; whoever calls it records"
WITHOUT_A_LINE = {
    "audit.actions.record": "it is the line",
    "audit.actions.record_many": "it is the lines",
    "audit.actions.write": "it is the lines",
    "keychain.actions.use": "when a key was last used: told on its page, at every call",
    "leads.actions.enriching.take_next": MANY,
    "leads.actions.enrichment.claim": "a question before it leaves; what came of it is the line",
    "leads.actions.filters.save_filter": "a name for a search: nobody's data changes",
    "leads.actions.filters.forget_filter": "a name for a search: nobody's data changes",
    "leads.actions.imports.upload": "a file that waits, sealed, until it is imported or goes after a week",
    "leads.actions.imports.choose": IMPORT,
    "leads.actions.imports.discard": "the file that waited goes, and nothing of it was taken in",
    "leads.actions.imports.fail": IMPORT,
    "leads.actions.imports.finish": IMPORT,
    "leads.actions.imports.import_slice": IMPORT,
    "leads.actions.imports.read_on": IMPORT,
    "leads.actions.imports.take_in": IMPORT,
    "leads.actions.imports.undo_batch": IMPORT,
    "leads.actions.people.delete_leads": PART,
    "leads.actions.people.label_leads": PART,
    "leads.actions.people.make_label": "the name of a tag or a list",
    "leads.actions.people.unlabel_leads": PART,
    "leads.actions.sources.keep_people": PART,
    "leads.actions.trials.begin_trial": TRIAL,
    "leads.actions.trials.count_in": TRIAL,
    "leads.actions.trials.end_trial": TRIAL,
    "leads.actions.trials.trial_slice": TRIAL,
    "leads.actions.trials.try_on": TRIAL,
    "mailbox.actions.threads.mark_read": "read in Paitho by a member; the mailbox itself is not changed",
}


@dataclass
class Function:
    name: str
    is_public: bool
    writes: bool = False
    records: bool = False
    calls: set[str] = field(default_factory=set)


def modules() -> dict[str, Path]:
    found = {}
    for app in APPS:
        paths = [ROOT / app / "actions.py", *sorted((ROOT / app / "actions").glob("*.py"))]
        found |= {_dotted(path): path for path in paths if path.exists()}
    return found | {_dotted(ROOT / name): ROOT / name for name in ALSO}


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def functions() -> dict[str, Function]:
    """Every top-level function of these modules, by dotted name."""
    found: dict[str, Function] = {}
    for module, path in modules().items():
        tree = ast.parse(path.read_text())
        imported = _imports(tree)
        own = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                found[f"{module}.{node.name}"] = _seen(node, module, own, imported)
    return found


def _imports(tree: ast.Module) -> dict[str, str]:
    named = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            named |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return named


def _seen(node: ast.FunctionDef, module: str, own: set[str], imported: dict[str, str]) -> Function:
    function = Function(node.name, not node.name.startswith("_"))
    for call in (each for each in ast.walk(node) if isinstance(each, ast.Call)):
        target = call.func
        if isinstance(target, ast.Name):
            function.records |= target.id in RECORDS
            function.calls.add(f"{module}.{target.id}" if target.id in own else imported.get(target.id, ""))
        elif isinstance(target, ast.Attribute):
            function.writes |= target.attr in WRITES - NOT_ROWS or _is_of_rows(target)
            if isinstance(target.value, ast.Name):
                function.calls.add(f"{imported.get(target.value.id, '')}.{target.attr}")
    return function


def _is_of_rows(target: ast.Attribute) -> bool:
    """`….objects.filter(…).update(…)` and `thing.relation.set(…)`: a manager or a relation is in it."""
    text = ast.unparse(target.value)
    return target.attr in NOT_ROWS and (".objects" in text or (text.count(".") >= 1 and "(" not in text))


def reach(name: str, found: dict[str, Function], what: str, seen: set[str] | None = None) -> bool:
    seen = seen or set()
    if name not in found or name in seen:
        return False
    seen.add(name)
    function = found[name]
    return bool(getattr(function, what)) or any(reach(call, found, what, seen) for call in function.calls)


def silent() -> set[str]:
    found = functions()
    return {
        name
        for name, function in found.items()
        if function.is_public and reach(name, found, "writes") and not reach(name, found, "records")
    }


def test_every_action_that_writes_leaves_a_line_or_says_why_not() -> None:
    """Guards the audit log's completeness: write an action without `record` and it is named here."""
    assert silent() - WITHOUT_A_LINE.keys() == set()
    assert WITHOUT_A_LINE.keys() - silent() == set(), "no longer needed on the list"


def test_the_finder_finds_a_silent_action(tmp_path, monkeypatch) -> None:
    """The test of the test: an action that writes and records nothing, also through a private helper."""
    (tmp_path / "mailbox").mkdir()
    (tmp_path / "mailbox" / "actions.py").write_text(
        "def quiet(thing, *, by):\n    _write(thing)\n\n"
        "def loud(thing, *, by):\n    _write(thing)\n    _tell(thing, by)\n\n"
        "def _write(thing):\n    thing.save()\n\n"
        "def _tell(thing, by):\n    record('x', by=by)\n"
    )
    monkeypatch.setattr("tests.audit.test_every_write.ROOT", tmp_path)
    monkeypatch.setattr("tests.audit.test_every_write.ALSO", ())

    assert silent() == {"mailbox.actions.quiet"}


def test_there_are_many_actions_to_look_at() -> None:
    found = functions()
    recording = [name for name in found if found[name].is_public and reach(name, found, "records")]

    assert len(recording) > 50
