"""Another index key: every blind index of the workspace is made anew from the one before, as a whole.

A fingerprint is compared with others in SQL, so two kinds of them must never be in use at once. All change in
one transaction: it holds writers of these tables back and nobody who reads, and ends whole or not at all.
What a process computed just before and stores just after is found by its mark and follows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import connections, transaction

from keychain.crypto.blind import BlindIndex, parts_of
from keychain.crypto.mac import Mac
from keychain.crypto.secret import Secret
from keychain.models import Credential, IndexVersion
from tenants import keys
from tenants.binding import current
from tenants.models import Purpose

# Fingerprints of addresses and domains; a test finds every column that is one.
INDEXED = {
    "import_rejects": ("email_index",),
    "leads": ("email_index", "domain_index"),
    "listings": ("email_index", "other_index"),
    "messages": ("recipient_index", "recipient_domain_index"),
    "subject_requests": ("email_index",),
    "suppressions": ("index",),
}
WORDS = {"leads": "words"}
FINGERPRINT = b"paitho credential fingerprint 1 "
UNIQUE = {"leads": "email_index", "suppressions": "index"}
ROWS = 2000
PATIENCE = ("SET LOCAL lock_timeout = '60s'", "SET LOCAL statement_timeout = 0")
SAY_SO = "SELECT set_config('paitho.index_key_changed', %s, true)"  # the guard of what recipients said
FENCE = "SELECT {columns} FROM {table} WHERE id > %s AND ({stale}) ORDER BY id LIMIT %s"
WRITE = """
    UPDATE {table} t SET {changes} FROM unnest({arrays}) AS new ({names})
    WHERE t.id = new.id AND NOT EXISTS (
        SELECT 1 FROM {table} other WHERE other.{unique} = new.{unique} AND other.id <> t.id AND {alike}
    )
"""
# The same address, or domain, is suppressed under the new key already: one row is enough, with the stronger
# reason.
STRONGER = """
    UPDATE suppressions o SET reason = t.reason
    FROM unnest(%s::uuid[], %s::bytea[]) AS new (id, index) JOIN suppressions t ON t.id = new.id
    WHERE o.index = new.index AND o.covers_domain = t.covers_domain AND o.id <> t.id
      AND array_position({ranks}, t.reason::text) > array_position({ranks}, o.reason::text)
"""
RANKS = "ARRAY['by_hand', 'bounce', 'complaint', 'opt_out', 'erasure']"
TWICE = """
    DELETE FROM suppressions t USING unnest(%s::uuid[], %s::bytea[]) AS new (id, index)
    WHERE t.id = new.id AND EXISTS (
        SELECT 1 FROM suppressions o
        WHERE o.index = new.index AND o.covers_domain = t.covers_domain AND o.id <> t.id
    )
"""


def latest() -> BlindIndex:
    return BlindIndex(keys.open_latest(current().id, Purpose.INDEX))


def change_all() -> int:
    """Bring every index to the latest key, in the transaction that is open. Returns how many rows changed."""
    blind = latest()
    with connections["default"].cursor() as cursor:
        for statement in PATIENCE:
            cursor.execute(statement)
        cursor.execute("LOCK TABLE index_version IN EXCLUSIVE MODE")
        for table in INDEXED:
            cursor.execute(f'LOCK TABLE "{table}" IN SHARE ROW EXCLUSIVE MODE')
    done = follow(blind)
    mac = Mac(parts_of(keys.open_latest(current().id, Purpose.INDEX))[-1])
    for credential in Credential.objects.select_for_update().filter(removed_at=None):
        Credential.objects.filter(pk=credential.pk).update(fingerprint=fingerprint(credential.secret, mac))
    IndexVersion.objects.all().delete()
    IndexVersion(version=blind.version).save(force_insert=True)
    return done


@transaction.atomic
def catch_up() -> int:
    """After a restore: what came back was made with an older key, what was carried with the latest."""
    return change_all() if latest().version > 1 else 0


def follow(blind: BlindIndex) -> int:
    """Change every row that is not marked with the latest key."""
    return sum(len(ids) for table in INDEXED for ids in _stale(table, blind))


def _stale(table: str, blind: BlindIndex) -> Iterator[list[UUID]]:
    """Change the rows batch by batch; yields the ids of each."""
    after, columns = UUID(int=0), INDEXED[table]
    mark = blind.version.to_bytes(4, "big")
    stale = " OR ".join(f'substring("{column}" FROM 1 FOR 4) <> %s' for column in columns)
    words = WORDS.get(table)
    names = ", ".join(f'"{name}"' for name in ("id", *columns, *((words,) if words else ())))
    sql = FENCE.format(columns=names, table=f'"{table}"', stale=stale)
    while True:
        with connections["default"].cursor() as cursor:
            cursor.execute(sql, [after, *([mark] * len(columns)), ROWS])
            rows = cursor.fetchall()
            if not rows:
                return
            with transaction.atomic():
                cursor.execute(SAY_SO, ["yes"])
                _write(cursor, table, [_changed(row, columns, blind) for row in rows])
                cursor.execute(SAY_SO, ["no"])
        after = rows[-1][0]
        yield [row[0] for row in rows]


def _changed(row: tuple[Any, ...], columns: tuple[str, ...], blind: BlindIndex) -> list[Any]:
    """Id, fingerprints and (as text) the words of a row under the latest key."""
    found: list[Any] = [row[0]]
    for value in row[1 : len(columns) + 1]:
        before = None if value is None else bytes(value)
        found.append(before and blind.relinked(before, blind.version_of(before)))
    for numbers in row[len(columns) + 1 :]:
        version = blind.version_of(bytes(row[1]))
        found.append("{" + ",".join(map(str, blind.relinked_words(numbers, version))) + "}")
    return found


def _write(cursor: Any, table: str, rows: list[list[Any]]) -> None:
    columns, words = INDEXED[table], WORDS.get(table)
    changes = [f'"{column}" = new."{column}"' for column in columns]
    changes += [f'"{words}" = new."{words}"::bigint[]'] if words else []
    unique = UNIQUE.get(table)
    sql = WRITE.format(
        table=f'"{table}"',
        changes=", ".join(changes),
        arrays=", ".join(["%s::uuid[]"] + ["%s::bytea[]"] * len(columns) + ["%s::text[]"] * bool(words)),
        names=", ".join(f'"{name}"' for name in ("id", *columns, *((words,) if words else ()))),
        unique=f'"{unique or columns[0]}"',
        alike={"suppressions": "other.covers_domain = t.covers_domain", "leads": "true"}.get(table, "false"),
    )
    values = [list(column) for column in zip(*rows, strict=True)]
    if table == "suppressions":
        cursor.execute(STRONGER.format(ranks=RANKS), values)
        cursor.execute(TWICE, values)
    cursor.execute(sql, values)


def fingerprint(secret: Secret, mac: Mac) -> str:
    """Tells two secrets apart, in this workspace only, and says nothing about either."""
    return mac(FINGERPRINT + secret.reveal_bytes()).hex()[:16]
