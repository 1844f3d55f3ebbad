"""The audit log can be added to, and nothing else."""

from __future__ import annotations

from trust.posture.kinds import Cell, Finding, check, counted

LOG = """
    SELECT n.nspname, c.oid, c.relname, c.relispartition,
        EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'audit_log_no_rewrite'
                AND t.tgenabled IN ('O', 'A')),
        EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'audit_log_no_truncate'
                AND t.tgenabled IN ('O', 'A')),
        has_table_privilege(r.oid, c.oid, 'UPDATE, DELETE, TRUNCATE'),
        has_any_column_privilege(r.oid, c.oid, 'UPDATE'),
        has_table_privilege(r.oid, c.oid, 'INSERT'),
        has_any_column_privilege(r.oid, c.oid, 'INSERT')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_roles r ON r.rolname = n.nspname || '_app'
    WHERE n.nspname = ANY (%s) AND (c.relname = 'audit_log' OR c.relname LIKE 'audit\\_log\\_%%')
      AND c.relkind IN ('r', 'p')
"""


@check(
    "audit_append_only",
    "kept",
    "A line of the audit log can be neither changed nor deleted; privileges and triggers refuse it.",
)
def audit_append_only(cell: Cell) -> Finding:
    tables, problems, with_a_log = 0, [], set()
    for schema, _, name, is_part, rewrite, truncate, changes, columns, inserts, some in cell.ask(
        LOG, [cell.schemas]
    ):
        tables += 1
        where = f"{schema}.{name}"
        if name == "audit_log":
            with_a_log.add(schema)
        if changes or columns:
            problems.append(f"{where}: the application may change or delete lines.")
        if inserts or (is_part and some):
            problems.append(f"{where}: the application may fill in what the database should.")
        if not rewrite:
            problems.append(f"{where}: the trigger that refuses a change is missing or off.")
        if not truncate:
            problems.append(f"{where}: the trigger that refuses emptying is missing or off.")
    problems += [f"{schema} has no audit log." for schema in sorted(set(cell.schemas) - with_a_log)]
    return Finding(f"{counted(tables, 'table')}, partitions included", tuple(problems))
