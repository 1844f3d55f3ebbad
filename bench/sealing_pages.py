"""The sealed leads of `bench.sealing`, their twin in clear, and what a page and a search of each take."""

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from io import StringIO
from unittest.mock import patch

import psycopg
from django.core.management import call_command
from django.db import connections, models
from django.test import Client

from keychain.index import blind_index
from leads import filtering, queries
from leads.filtering import Filter
from leads.indexing import indexes
from leads.models import Lead
from leads.profile import Profile
from leads.vocabulary import Target
from paitho.lib.ids import uuid7
from tenants import structure
from tenants.binding import bound
from tenants.workspace import WorkspaceRef
from tests.world import client_of, make_workspace, olga_of

BATCH = 5_000
FIRST = [
    "Ada",
    "Alan",
    "Anna",
    "Barbara",
    "Carla",
    "Chen",
    "Dana",
    "Edsger",
    "Elena",
    "Emil",
    "Fatima",
    "Grace",
    "Hedy",
    "Ines",
    "Ivan",
    "Jana",
    "John",
    "Karen",
    "Katherine",
    "Kofi",
    "Lars",
    "Linus",
    "Lucia",
    "Margaret",
    "Maria",
    "Mei",
    "Nadia",
    "Noor",
    "Olga",
    "Omar",
    "Paula",
    "Priya",
    "Radia",
    "Rosa",
    "Ruth",
    "Yuki",
    "Zoë",
]
LAST = [
    "Adams",
    "Baker",
    "Bianchi",
    "Castro",
    "Dijkstra",
    "Evans",
    "Fournier",
    "Garcia",
    "Hall",
    "Hoffmann",
    "Hopper",
    "Ivanova",
    "Jansen",
    "Kaya",
    "Khan",
    "Kowalski",
    "Lamarr",
    "Larsson",
    "Lovelace",
    "Martin",
    "Müller",
    "Nakamura",
    "Novak",
    "Okafor",
    "Olsen",
    "Perlman",
    "Rossi",
    "Sato",
    "Singh",
    "Turing",
    "Wagner",
    "Wirth",
    "Young",
]
FIRM = [
    "Acme",
    "Alpine",
    "Apex",
    "Atlas",
    "Aurora",
    "Beacon",
    "Cedar",
    "Cobalt",
    "Copper",
    "Delta",
    "Eagle",
    "Falcon",
    "Granite",
    "Harbor",
    "Iron",
    "Juniper",
    "Keystone",
    "Lakeside",
    "Maple",
    "North",
    "Oak",
    "Orchid",
    "Pioneer",
    "Quantum",
    "River",
    "Saffron",
    "Silver",
    "Summit",
    "Timber",
    "Vertex",
]
TRADE = [
    "Analytics",
    "Bearings",
    "Books",
    "Chemicals",
    "Dairy",
    "Electric",
    "Engines",
    "Foods",
    "Freight",
    "Glass",
    "Instruments",
    "Looms",
    "Machines",
    "Media",
    "Motors",
    "Optics",
    "Paper",
    "Pharma",
    "Pumps",
    "Robotics",
    "Software",
    "Solar",
    "Steel",
    "Textiles",
    "Tools",
    "Valves",
    "Works",
]
RANK = ("Head of", "Director of", "Vice President of", "Manager of", "Chief of")
AREA = [
    "Sales",
    "Marketing",
    "Operations",
    "Procurement",
    "Finance",
    "Logistics",
    "Quality",
    "Production",
    "Design",
    "Support",
    "Data",
]

TWIN = """
CREATE TABLE clear_leads (
    id uuid PRIMARY KEY, profile jsonb NOT NULL, name text NOT NULL, company text NOT NULL,
    title text NOT NULL, email text NOT NULL, standing varchar(10) NOT NULL DEFAULT 'open',
    created_at timestamptz NOT NULL DEFAULT now()
)
"""
INSERT_CLEAR = """
INSERT INTO clear_leads (id, profile, name, company, title, email)
SELECT * FROM unnest(%s::uuid[], %s::jsonb[], %s::text[], %s::text[], %s::text[], %s::text[])
"""
INSERT_SEALED = """
INSERT INTO leads (id, profile, email_index, domain_index, words, standing, created_at, updated_at)
SELECT id, profile, email, domain, words::bigint[], 'open', now(), now()
FROM unnest(%s::uuid[], %s::bytea[], %s::bytea[], %s::bytea[], %s::text[])
    AS new (id, profile, email, domain, words)
"""
FITS = "(name ILIKE %s OR company ILIKE %s OR title ILIKE %s OR email ILIKE %s)"


class ClearJSON(models.JSONField):
    def open_rows(self, rows: object) -> None:
        """Nothing has to be opened."""


class ClearLead(models.Model):
    """The twin: what `Lead` would be if nothing were sealed."""

    id = models.UUIDField(primary_key=True)
    profile = ClearJSON()
    standing = models.CharField(max_length=10, choices=Lead._meta.get_field("standing").choices)
    created_at = models.DateTimeField()
    email, name = Lead.email, Lead.name

    class Meta:
        db_table = "clear_leads"
        app_label = "leads"
        managed = False

    def __str__(self) -> str:
        return f"lead {self.pk}"


class Home:
    def __init__(self, workspace: WorkspaceRef, superuser: psycopg.Connection, browser: Client) -> None:
        self.workspace, self.superuser, self.browser = workspace, superuser, browser
        self.chance, self.count = random.Random(7), 0

    def sql(self, statement: str) -> None:
        self.superuser.execute(statement)


@contextmanager
def workspace() -> Iterator[Home]:
    for command in ("bootstrap_cluster", "migrate_directory", "migrate_workspaces"):
        call_command(command, verbosity=0, stdout=StringIO())
    made = make_workspace("bench")
    browser = client_of(made, olga_of(made))
    with psycopg.connect(os.environ["PAITHO_SUPERUSER_DSN"], dbname="paitho_main", autocommit=True) as root:
        home = Home(made, root, browser)
        home.sql("SET search_path = tenant_bench")
        home.sql("SET maintenance_work_mem = '512MB'")
        home.sql(TWIN)
        home.sql("ALTER TABLE clear_leads OWNER TO paitho_owner")
        with structure.owner_session() as owner:
            structure.secure(owner, made)
        yield home
    connections["default"].close_everything()
    for alias in ("directory", "owner", "reference"):
        connections[alias].close()


def fill(home: Home, size: int, say: Callable[[str], None]) -> None:
    """Bring both tables to `size` rows; the index of words is built at the end, as a bulk load would."""
    home.sql("DROP INDEX IF EXISTS leads_words")
    with bound(home.workspace):
        seal, blind = Lead._meta.get_field("profile").sealer(), blind_index()
        while home.count < size:
            some = [person(home) for _ in range(min(BATCH, size - home.count))]
            _insert(some, seal, blind)
            home.count += len(some)
            if home.count % 100_000 == 0 or home.count == size:
                say(f"{home.count:,} leads sealed, and as many in clear")
    home.sql("CREATE INDEX leads_words ON leads USING gin (words)")
    home.sql("VACUUM (ANALYZE) leads")
    home.sql("VACUUM (ANALYZE) clear_leads")
    home.sql("CHECKPOINT")


def person(home: Home) -> Profile:
    chance = home.chance
    first, last, firm, trade = (chance.choice(words) for words in (FIRST, LAST, FIRM, TRADE))
    number = chance.randrange(10**9)
    host = f"{firm}-{trade}{number % 97}.example".lower()
    local = f"{first}.{last}".lower().encode("ascii", "ignore").decode()
    fields = {
        Target.FIRST_NAME: first,
        Target.LAST_NAME: last,
        Target.COMPANY: f"{firm} {trade}",
        Target.TITLE: f"{chance.choice(RANK)} {chance.choice(AREA)}",
        Target.PHONE: f"+49 30 {number}",
        Target.CITY: "Berlin",
        Target.COUNTRY: "Germany",
    }
    return Profile(
        f"{local}{number}.{home.count}.{chance.randrange(10**6)}@{host}", fields, {"Industry": trade}
    )


def _insert(some: list[Profile], seal, blind) -> None:
    ids = [uuid7() for _ in some]
    found = [indexes(each, blind) for each in some]
    sealed = [seal(each.to_dict(), uid) for uid, each in zip(ids, some, strict=True)]
    words = ["{" + ",".join(map(str, each.words)) + "}" for each in found]
    name = [f"{each.fields[Target.FIRST_NAME]} {each.fields[Target.LAST_NAME]}" for each in some]
    clear = [
        [each.to_json() for each in some],
        name,
        [each.fields[Target.COMPANY] for each in some],
        [each.fields[Target.TITLE] for each in some],
        [each.email for each in some],
    ]
    with connections["default"].cursor() as cursor:
        cursor.execute(
            INSERT_SEALED,
            [ids, sealed, [each.email for each in found], [each.domain for each in found], words],
        )
        cursor.execute(INSERT_CLEAR, [ids, *clear])


@contextmanager
def in_clear() -> Iterator[None]:
    """The product's own list page, reading the twin."""
    with ExitStack() as stack:
        for module in (filtering, queries):
            stack.enter_context(patch.object(module, "Lead", ClearLead))
        yield


def page_ratio(home: Home, rounds: int) -> dict[str, float]:
    """The list of leads through the door: the median request over both tables, one after the other."""
    sealed: list[float] = []
    clear: list[float] = []
    for number in range(rounds + 3):
        took = _request(home)
        with in_clear():
            took_clear = _request(home)
        if number >= 3:  # the first ones load templates and open sessions
            sealed.append(took)
            clear.append(took_clear)
    return {"page_ratio": round(statistics.median(sealed) / statistics.median(clear), 3)}


def _request(home: Home) -> float:
    began = time.perf_counter()
    answer = home.browser.get("/leads/")
    took = time.perf_counter() - began
    assert answer.status_code == 200
    assert answer.content.count(b'data-label="E-mail"') == min(queries.PAGE, home.count)
    return took


def search_times(
    home: Home, asked: tuple[str, ...], rounds: int, say: Callable[[str], None]
) -> dict[str, float]:
    """Medians of each query, and the median of those: the page's rows and its bounded count."""
    blind, clear = [], []
    with bound(home.workspace):
        for text in asked:
            mine: list[float] = []
            theirs: list[float] = []
            for _ in range(rounds):
                mine.append(_timed(lambda text=text: queries.lead_page(Filter(q=text), {})))
                theirs.append(_timed(lambda text=text: _ilike(text)))
            blind.append(1000 * statistics.median(mine))
            clear.append(1000 * statistics.median(theirs))
            total = queries.lead_page(Filter(q=text), {}).total
            say(f"  {text:<20} {total:>6} found  blind index {blind[-1]:8.1f} ms  ILIKE {clear[-1]:8.1f} ms")
    return {"search_ms": round(statistics.median(blind), 2), "ilike_ms": round(statistics.median(clear), 2)}


def _timed(way: Callable[[], object]) -> float:
    began = time.perf_counter()
    way()
    return time.perf_counter() - began


def _ilike(text: str) -> list[tuple[object, ...]]:
    words = text.split()
    where = " AND ".join([FITS] * len(words))
    given = [f"%{word}%" for word in words for _ in range(4)]
    with connections["default"].cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM clear_leads WHERE {where} LIMIT {queries.COUNTED + 1}) f",
            given,
        )
        cursor.execute(
            f"SELECT id, profile, standing, created_at FROM clear_leads WHERE {where} ORDER BY id DESC"
            f" LIMIT {queries.PAGE + 1}",
            given,
        )
        return list(cursor.fetchall())
