"""The 30 days' notice of a sub-processor's change is kept by the database, whoever writes to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

TODAY = datetime.now(UTC).date()
ADD = (
    "INSERT INTO public.sub_processors (name, vendor, used_for, note, is_yours, is_founding, position,"
    " announced_on, effective_on, posted_in_id) VALUES ('Search', 'Acme Search', 'Finding things', '', false,"
    " %s, 60, %s, %s, %s) RETURNING id, announced_on"
)


@pytest.fixture
def operator(_cluster, superuser, settings):
    """A session of the operators' login; what it wrote is taken out by the superuser."""
    import os

    dsn = psycopg.conninfo.make_conninfo(
        os.environ["PAITHO_SUPERUSER_DSN"],
        dbname="paitho_main",
        user="paitho_ops",
        password=os.environ["PAITHO_OPS_PASSWORD"],
    )
    with psycopg.connect(dsn, autocommit=True) as session:
        yield session
    superuser.execute("SET session_replication_role = replica")
    superuser.execute("DELETE FROM public.sub_processors WHERE NOT is_founding")
    superuser.execute("UPDATE public.sub_processors SET ends_on = NULL, end_posted_in_id = NULL")
    superuser.execute("DELETE FROM public.changelog_entries WHERE slug LIKE 'test-%'")
    superuser.execute("SET session_replication_role = origin")


def posted(operator, kind: str = "sub_processor", published: bool = True) -> int:
    (found,) = operator.execute(
        "INSERT INTO public.changelog_entries (slug, kind, title, body, published_at)"
        " VALUES ('test-' || gen_random_uuid(), %s, 'A change', 'What changes.', %s) RETURNING id",
        [kind, "2020-01-01" if published else None],
    ).fetchone()
    return int(found)


def test_thirty_days_are_enough_and_twenty_nine_are_not(operator) -> None:
    entry = posted(operator)

    with pytest.raises(psycopg.errors.CheckViolation):
        operator.execute(ADD, [False, TODAY, TODAY + timedelta(days=29), entry])

    assert operator.execute(ADD, [False, TODAY, TODAY + timedelta(days=30), entry]).fetchone()


def test_an_announcement_cannot_be_backdated(operator) -> None:
    entry = posted(operator)

    with pytest.raises(psycopg.errors.CheckViolation):
        operator.execute(ADD, [False, TODAY - timedelta(days=60), TODAY, entry])
    _, announced = operator.execute(
        ADD, [False, TODAY - timedelta(days=60), TODAY + timedelta(days=40), entry]
    ).fetchone()

    assert announced == TODAY
    (day,) = operator.execute(
        "SELECT published_at::date FROM public.changelog_entries WHERE id = %s", [entry]
    ).fetchone()
    assert day == TODAY


@pytest.mark.parametrize(("kind", "published"), [("sub_processor", False), ("product", True)])
def test_a_change_is_posted_in_the_changelog_before_it_is_listed(
    operator, kind: str, published: bool
) -> None:
    entry = posted(operator, kind, published)

    with pytest.raises(psycopg.errors.CheckViolation):
        operator.execute(ADD, [False, TODAY, TODAY + timedelta(days=90), entry])


def test_nobody_joins_the_founding_list_later(operator) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        operator.execute(ADD, [True, TODAY, TODAY, None])


@pytest.mark.parametrize(
    "rewrite",
    [
        "vendor = 'Someone else'",
        "used_for = 'Everything'",
        "announced_on = announced_on - 30",
        "effective_on = effective_on - 1",
        "is_founding = true",
        "posted_in_id = NULL",
    ],
)
def test_what_was_announced_is_not_rewritten(operator, rewrite: str) -> None:
    uid, _ = operator.execute(ADD, [False, TODAY, TODAY + timedelta(days=30), posted(operator)]).fetchone()

    with pytest.raises(psycopg.errors.CheckViolation):
        operator.execute(f"UPDATE public.sub_processors SET {rewrite} WHERE id = %s", [uid])


def test_an_end_has_the_same_notice_and_a_withdrawal_needs_none(operator) -> None:
    entry = posted(operator)
    end = "UPDATE public.sub_processors SET ends_on = %s, end_posted_in_id = %s WHERE id = %s"
    (founding,) = operator.execute("SELECT min(id) FROM public.sub_processors").fetchone()
    uid, _ = operator.execute(ADD, [False, TODAY, TODAY + timedelta(days=30), entry]).fetchone()

    with pytest.raises(psycopg.errors.CheckViolation):
        operator.execute(end, [TODAY + timedelta(days=29), entry, founding])
    with pytest.raises(psycopg.errors.CheckViolation):
        operator.execute(end, [TODAY + timedelta(days=30), None, founding])

    assert operator.execute(end, [TODAY + timedelta(days=30), entry, founding]).rowcount == 1
    assert operator.execute(end, [TODAY + timedelta(days=30), entry, uid]).rowcount == 1


def test_a_posted_change_is_neither_deleted_nor_reworded(operator) -> None:
    entry = posted(operator)
    operator.execute(ADD, [False, TODAY, TODAY + timedelta(days=30), entry])

    for attack in (
        "DELETE FROM public.sub_processors WHERE posted_in_id = %s",
        "DELETE FROM public.changelog_entries WHERE id = %s",
        "UPDATE public.changelog_entries SET body = 'Nothing.' WHERE id = %s",
        "UPDATE public.changelog_entries SET published_at = '2020-01-01' WHERE id = %s",
    ):
        with pytest.raises(psycopg.errors.CheckViolation):
            operator.execute(attack, [entry])


def test_the_web_reads_no_draft_and_no_researcher_who_did_not_agree(operator, world) -> None:
    from trust.models import Entry, Researcher

    entry = posted(operator, published=False)
    operator.execute(
        "INSERT INTO public.researchers (name, url, found, reported_on) VALUES ('Test Shy', '', 'x', now())"
    )
    try:
        assert not Entry.objects.filter(pk=entry).exists()
        assert not Researcher.objects.filter(name="Test Shy").exists()
    finally:
        operator.execute("DELETE FROM public.researchers WHERE name = 'Test Shy'")
