"""What is personal is sealed before it is stored, under keys that only KMS opens."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db import connections
from psycopg import sql

from keychain.crypto import envelope
from keychain.crypto.envelope import Place, SealBroken
from keychain.crypto.kms import Context, KmsError
from leads.models import Lead
from tenants import keys
from tenants.binding import current
from tenants.models import Purpose
from trust import inventory
from trust.inventory import Form
from trust.posture.kinds import Cell, Finding, a_moment, check, counted, rows

SEALING = "kept"
HEAD = "\\xd701"


def sealed_columns() -> list[tuple[str, str]]:
    """Tables and columns declared sealed; allauth's table of second factors seals inside a JSON."""
    return [
        (table.name, column)
        for table in inventory.workspace().values()
        for column, form in table.columns()
        if form in {Form.SEALED, Form.MONTHLY} and table.name != "mfa_authenticator"
    ]


@check(
    "everything_declared",
    SEALING,
    "If it is not on this list, it is not stored: the database holds these columns and no other.",
)
def everything_declared(cell: Cell) -> Finding:
    declared = {schema: inventory.workspace() for schema in cell.schemas} | {"public": inventory.directory()}
    found = cell.ask(
        "SELECT n.nspname, c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY (%s)"
        " AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped",
        [list(declared)],
    )
    problems = []
    for schema, table, column in found:
        its = declared[schema].get(inventory.family(table))
        if its is None or column not in its.forms:
            problems.append(f"{schema}.{table}.{column} is stored and not declared.")
    return Finding(counted(len(found), "column"), tuple(problems))


@check("sealed_columns", SEALING, "Each value of a sealed column is an AES-256-GCM envelope, nothing else.")
def sealed_columns_hold_envelopes(cell: Cell) -> Finding:
    columns, values, problems = sealed_columns(), 0, []
    for workspace in cell.each():
        with a_moment():
            for table, column in columns:
                query = sql.SQL(
                    "SELECT count({c}), count(*) FILTER (WHERE substring({c} from 1 for 2) <> {head}::bytea"
                    " OR octet_length({c}) < {least}) FROM {t}"
                ).format(
                    c=sql.Identifier(column),
                    t=sql.Identifier(table),
                    head=sql.Literal(HEAD),
                    least=sql.Literal(envelope.OVERHEAD),
                )
                ((stored, bare),) = rows(query.as_string(connections["default"].connection))
                values += stored
                if bare:
                    problems.append(
                        f"{workspace.slug}: {counted(bare, 'value')} of {table}.{column} not sealed."
                    )
    return Finding(f"{counted(values, 'value')} in {counted(len(columns), 'column')}", tuple(problems))


@check(
    "sealed_to_its_place",
    SEALING,
    "A sealed value opens in its own workspace, row and column; moved anywhere else it does not.",
)
def sealed_to_its_place(cell: Cell) -> Finding:
    tried, problems = 0, []
    for workspace in cell.each():
        key_id = keys.latest_version(workspace.id, Purpose.DATA)
        key = keys.open_key(workspace.id, Purpose.DATA, key_id).reveal_bytes()
        row = UUID(int=1)
        here = Place(workspace.id, Lead._meta.db_table, "profile", row)
        box = envelope.seal(b"a check of the seal", key=key, key_id=key_id, place=here)
        tried += 1
        if envelope.unseal(box, key=key, place=here) != b"a check of the seal":
            problems.append(f"{workspace.slug}: a sealed value does not open.")
        for elsewhere in (
            Place(UUID(int=2), "leads", "profile", row),
            Place(workspace.id, "messages", "profile", row),
            Place(workspace.id, "leads", "origins", row),
            Place(workspace.id, "leads", "profile", UUID(int=2)),
        ):
            if _opens(box, key, elsewhere):
                problems.append(f"{workspace.slug}: a value opened in another place.")
        problems += _stored_one_opens(workspace.slug)
    return Finding(f"{counted(tried, 'workspace')}, four moves each", tuple(problems))


def _opens(box: bytes, key: bytes, place: Place) -> bool:
    try:
        envelope.unseal(box, key=key, place=place)
    except SealBroken:
        return False
    return True


def _stored_one_opens(slug: str) -> list[str]:
    """A stored value opens where it lies, and not in the row beside it."""
    leads = rows("SELECT id, profile FROM leads ORDER BY id LIMIT 2")
    said = []
    for uid, stored in leads:
        box = bytes(stored)
        key = keys.open_key(current().id, Purpose.DATA, envelope.key_id_of(box)).reveal_bytes()
        if not _opens(box, key, Place(current().id, "leads", "profile", uid)):
            said.append(f"{slug}: a stored lead does not open.")
        if _opens(box, key, Place(current().id, "leads", "profile", UUID(int=3))):
            said.append(f"{slug}: a stored lead opened as another row.")
    return said


@check(
    "keys_are_wrapped",
    "not_stored",
    "Keys of workspaces in clear. Each is wrapped by KMS, and opens for its own workspace only.",
)
def keys_are_wrapped(cell: Cell) -> Finding:
    held = 0
    problems = []
    for workspace in cell.workspaces:
        listed = cell.ask(
            "SELECT purpose, version, kms, wrapped FROM public.wrapped_keys WHERE workspace_id = %s",
            [workspace.id],
        )
        held += len(listed)
        missing = {Purpose.LOGIN, Purpose.DATA, Purpose.INDEX} - {purpose for purpose, *_ in listed}
        problems += [f"{workspace.slug}: it has no wrapped {purpose} key." for purpose in sorted(missing)]
        if workspace not in cell.sample:
            continue
        for purpose, version, kms, wrapped in listed[-4:]:
            if not _unwraps(kms, bytes(wrapped), Context(workspace.id, purpose, version)):
                problems.append(f"{workspace.slug}: KMS does not open its {purpose} key.")
            if _unwraps(kms, bytes(wrapped), Context(UUID(int=9), purpose, version)):
                problems.append(f"{workspace.slug}: its {purpose} key opens for another workspace.")
    return Finding(counted(held, "wrapped key"), tuple(problems))


def _unwraps(kms: str, wrapped: bytes, context: Context) -> bool:
    try:
        keys.kms_called(kms).unwrap(wrapped, context)
    except KmsError:
        return False
    return True


@check(
    "credentials_are_sealed",
    "not_stored",
    "API keys and mailbox passwords in clear. They are ciphertext; of a key at most four letters show.",
)
def credentials_are_sealed(cell: Cell) -> Finding:
    kept, problems = 0, []
    for workspace in cell.each():
        ((stored, bare),) = rows(
            "SELECT count(*), count(*) FILTER (WHERE substring(secret from 1 for 2) <> '\\xd701'::bytea"
            " OR length(last_four) > 4 OR length(fingerprint) > 16"
            " OR label ~ '(sk-|sk_|AIza|xox|ghp_)[A-Za-z0-9_-]{12,}') FROM credentials"
        )
        kept += stored
        if bare:
            problems.append(f"{workspace.slug}: {counted(bare, 'credential')} not sealed.")
    return Finding(counted(kept, "credential"), tuple(problems))


@check("encrypted_on_the_way", SEALING, "Everything travels over TLS: pages, database and queue.")
def encrypted_on_the_way(cell: Cell) -> Finding:
    server = settings.DATABASE_SERVER
    local = {"127.0.0.1", "::1", "localhost"}
    if settings.EMBEDDED and settings.APEX.hostname in local and server["HOST"] in local:
        return Finding("The embedded default: nothing leaves the machine's loopback.")
    problems = []
    ((encrypted,),) = cell.ask(
        "SELECT coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false)"
    )
    if not encrypted and not str(server["HOST"]).startswith("/"):
        problems.append("The database is reached without TLS.")
    if not settings.REDIS_URL.startswith(("rediss://", "unix://")):
        problems.append("The queue store is reached without TLS.")
    if settings.APEX.scheme != "https":
        problems.append("Pages are served without TLS.")
    return Finding("Pages, database and queue store", tuple(problems))
