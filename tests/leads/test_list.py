"""The list of leads: found, paged by place, chosen, and acted on in the background."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditRow
from keychain.index import blind_index
from leads.actions.bulk import bulk_batch
from leads.actions.people import change_lead, label_leads, make_label, profile_of
from leads.indexing import search
from leads.models import Bulk, Import, Label, LabelKind, Lead, SavedFilter, Standing
from mailbox.models import Mailbox
from tenants.binding import bound
from tests.leads.made import a_lead, a_message, an_import, by
from tests.world import client_of, olga, work

MANY = b"email,first_name,last_name,company,title\n" + b"".join(
    f"person{n:03}@firm{n % 7}.test,Pat{n},Weaver{n},Firm {n % 7},Buyer\n".encode() for n in range(120)
)


@pytest.fixture
def person(world):
    return olga(world)


@pytest.fixture
def browser(world, person):
    return client_of(world.acme, person)


def emails(answer) -> list[str]:
    return re.findall(r'data-label="E-mail">([^<]+)<', answer.content.decode())


def test_paging_by_place_shows_each_lead_once_in_both_directions(world, person, browser):
    with bound(world.acme):
        an_import(person, MANY)
        expected = [lead.email for lead in Lead.objects.order_by("-pk")]

    pages, url = [], "/leads/"
    while url:
        answer = browser.get(url)
        pages.append(emails(answer))
        found = re.search(r'rel="next" href="([^"]+)"', answer.content.decode())
        url = f"/leads/{found[1]}".replace("&amp;", "&") if found else ""
    back = re.search(r'rel="prev" href="([^"]+)"', answer.content.decode())

    assert [email for page in pages for email in page] == expected
    assert [len(page) for page in pages] == [50, 50, 20]
    assert emails(browser.get(f"/leads/{back[1]}".replace("&amp;", "&"))) == pages[1]


def test_the_oldest_come_first_when_asked(world, person, browser):
    with bound(world.acme):
        an_import(person, MANY)

    assert emails(browser.get("/leads/?sort=created"))[:2] == ["person000@firm0.test", "person001@firm1.test"]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("q=person007@firm0.test", 1),
        ("q=firm3.test", 17),
        ("q=weav", 50),
        ("q=Pat119 Weaver119", 1),
        ("q=nobody@nowhere.test", 0),
        ("standing=bounced", 0),
        ("standing=open", 50),
        ("standing=nonsense&label=nonsense", 50),
        ("q=%00", 50),
    ],
)
def test_search_and_filters_find(world, person, browser, query, count):
    with bound(world.acme):
        an_import(person, MANY)

    assert len(emails(browser.get(f"/leads/?{query}"))) == count


def test_a_page_asks_the_same_number_of_questions_however_many_leads_it_shows(world, person, browser):
    def asked(path: str) -> int:
        with bound(world.acme), CaptureQueriesContext(connections["default"]) as seen:
            browser.get(path)
        return len(seen)

    with bound(world.acme):
        a_lead(person)
    browser.get("/leads/")  # the keys and the session are read once
    few = asked("/leads/")
    with bound(world.acme):
        an_import(person, MANY)
        job = Import.objects.get()

    assert asked("/leads/") - few == 0
    assert asked(f"/leads/?q=weaver&standing=open&source={job.pk}") - few <= 1
    assert few <= 12


def test_the_row_policy_lets_the_index_of_words_be_used(world, person):
    """Guards the leakproof operator: without it no plan may use the index, however dear the others are."""
    with bound(world.acme), transaction.atomic():
        connections["default"].cursor().execute("SET LOCAL enable_seqscan = off")
        plan = Lead.objects.filter(search("weaver", blind_index())).explain()

    assert "leads_words" in plan


def test_an_action_over_a_selection_touches_only_the_selection(world, person, browser):
    with bound(world.acme):
        an_import(person, MANY)
        ids = [str(lead.pk) for lead in Lead.objects.order_by("pk")[:3]]
    form = {"scope": "picked", "id": ids, "action": "label"}

    confirm = browser.post("/leads/bulk/", form).content.decode()
    browser.post("/leads/bulk/start/", {**form, "kind": "list", "name": "Spring fair"})
    work()

    assert "Tag or list 3 leads" in confirm
    with bound(world.acme):
        label = Label.objects.get(name="Spring fair", kind="list")
        assert {str(lead.pk) for lead in label.leads.all()} == set(ids)
    assert len(emails(browser.get(f"/leads/?label={label.pk}"))) == 3


def test_an_action_over_a_filter_touches_all_that_it_finds_and_nothing_else(world, person, browser):
    with bound(world.acme):
        an_import(person, MANY)
    form = {"scope": "all", "q": "firm3.test", "action": "suppress"}

    browser.post("/leads/bulk/start/", form)
    work()

    with bound(world.acme):
        assert Lead.objects.filter(standing=Standing.SUPPRESSED).count() == 17
        job = Bulk.objects.get()
        assert (job.done, job.total) == (17, 17)
        shown = browser.get(f"/leads/bulk/{job.pk}/progress/").content.decode()
        assert "Done" in shown
        assert "hx-trigger" not in shown


def test_deleting_all_shows_what_goes_and_spares_whoever_came_later(world, person, browser):
    with bound(world.acme):
        an_import(person, MANY)
    form = {"scope": "all", "action": "delete"}

    asked = browser.post("/leads/bulk/", form).content.decode()
    browser.post("/leads/bulk/start/", form)
    with bound(world.acme):
        later = a_lead(person, "later@looms.test")
    work()

    assert "Delete 120 leads?" in asked
    assert "<dt>Drafts</dt><dd>0</dd>" in asked
    with bound(world.acme):
        assert [lead.pk for lead in Lead.objects.all()] == [later.pk]


def test_nothing_selected_does_nothing(world, person, browser):
    with bound(world.acme):
        an_import(person, MANY)

    browser.post("/leads/bulk/start/", {"scope": "picked", "action": "delete"})
    browser.post("/leads/bulk/start/", {"action": "delete"})

    with bound(world.acme):
        assert not Bulk.objects.exists()


def test_a_batch_of_a_finished_action_does_nothing_again(world, person, browser):
    with bound(world.acme):
        an_import(person, MANY)
    browser.post("/leads/bulk/start/", {"scope": "all", "action": "suppress"})
    work()

    with bound(world.acme):
        assert bulk_batch(Bulk.objects.get().pk) is False
        assert not Mailbox.objects.exists()


def test_facts_by_hand_say_whose_hand_it_was(world, person, browser):
    with bound(world.acme):
        an_import(person, MANY)
        lead = Lead.objects.order_by("pk").first()
    form = {"email": "ignored@x.test", "first_name": "Patricia", "company": "Firm 0", "title": "Buyer"}

    browser.post(f"/leads/{lead.pk}/edit/", form)
    shown = browser.get(f"/leads/{lead.pk}/").content.decode()

    assert "by hand, Olga" in shown
    assert "people.csv, row 2" in shown
    assert "Edited by Olga" in shown
    with bound(world.acme):
        lead.refresh_from_db()
        assert lead.profile["first_name"] == "Patricia"
        assert lead.email == "person000@firm0.test"
    assert len(emails(browser.get("/leads/?q=Patricia"))) == 1


def test_a_lead_by_hand_may_not_be_suppressed_or_twice(world, person, browser):
    first = browser.post("/leads/new/", {"email": "Ann@Looms.test", "first_name": "Ann"})
    again = browser.post("/leads/new/", {"email": "ann@looms.test"})

    assert first.status_code == 302
    assert again.status_code == 422
    assert "A lead with this address is already here." in again.content.decode()


def test_leads_are_paged_in_the_order_of_their_last_change(world, person, browser):
    """Imported leads share one moment: the id settles which comes first, or pages would repeat them."""
    with bound(world.acme):
        an_import(person, MANY)
        touched = Lead.objects.order_by("pk")[60]
        change_lead(touched, profile_of(touched.email, {"title": "Head Weaver"}), by=by(person))

    pages, url = [], "/leads/?sort=-changed"
    while url:
        answer = browser.get(url)
        pages.append(emails(answer))
        found = re.search(r'rel="next" href="([^"]+)"', answer.content.decode())
        url = f"/leads/{found[1]}".replace("&amp;", "&") if found else ""
    back = re.search(r'rel="prev" href="([^"]+)"', answer.content.decode())
    listed = [email for page in pages for email in page]

    assert listed[0] == touched.email
    assert len(listed) == len(set(listed)) == 120
    assert emails(browser.get(f"/leads/{back[1]}".replace("&amp;", "&"))) == pages[1]
    assert emails(browser.get("/leads/?sort=changed"))[0] != touched.email


def test_leads_are_found_by_what_happened_to_them_and_by_day(world, person, browser):
    with bound(world.acme):
        an_import(person, MANY)
        written, replied, other = Lead.objects.order_by("pk")[:3]
        for lead, direction in ((written, "out"), (replied, "out"), (replied, "in")):
            a_message(lead, direction)
        expected = [lead.email for lead in (written, replied, other)]
    yesterday = timezone.localdate() - timedelta(days=1)

    def listed(query: str) -> list[str]:
        return emails(browser.get(f"/leads/?sort=created&{query}"))

    assert listed("touched=written") == expected[:2]
    assert listed("touched=replied") == expected[1:2]
    assert listed("touched=never")[0] == expected[2]
    assert len(listed("touched=free")) == 50
    assert len(listed(f"since={yesterday}")) == 50
    assert listed(f"until={yesterday}") == []
    assert len(listed("since=nonsense&until=2026-99-01")) == 50


def test_a_filter_is_kept_under_a_name_sealed_and_deleted(world, person, browser, superuser):
    with bound(world.acme):
        an_import(person, MANY)

    browser.post("/leads/filters/", {"called": "Canary weavers", "q": "canarysearch", "standing": "open"})
    shown = browser.get("/leads/").content.decode()
    with bound(world.acme):
        kept = SavedFilter.objects.get()
    stored = superuser.execute("SELECT name, choice FROM tenant_acme.saved_filters").fetchone()

    assert "Canary weavers" in shown
    assert "q=canarysearch&amp;standing=open" in shown
    assert b"anary" not in bytes(stored[0]) + bytes(stored[1])
    browser.post(f"/leads/filters/{kept.pk}/delete/")
    assert "Canary weavers" not in browser.get("/leads/").content.decode()


def test_a_filter_without_a_name_or_without_a_filter_is_not_kept(world, browser):
    browser.post("/leads/filters/", {"called": " ", "q": "weaver"})
    browser.post("/leads/filters/", {"called": "Everyone"})

    with bound(world.acme):
        assert not SavedFilter.objects.exists()


def test_tags_and_lists_are_counted_renamed_and_deleted_without_their_leads(world, person, browser):
    with bound(world.acme):
        an_import(person, MANY)
        label = make_label(LabelKind.LIST, "Spring")
        make_label(LabelKind.LIST, "Autumn")
        label_leads(label, list(Lead.objects.values_list("pk", flat=True)[:7]))

    page = browser.get("/leads/labels/").content.decode()
    browser.post(f"/leads/labels/{label.pk}/rename/", {"name": "Autumn"})
    browser.post(f"/leads/labels/{label.pk}/rename/", {"name": "Summer"})
    with bound(world.acme):
        named = sorted(Label.objects.values_list("name", flat=True))
    asks = browser.get(f"/leads/labels/{label.pk}/delete/").content.decode()
    browser.post(f"/leads/labels/{label.pk}/delete/")

    assert re.search(r'Spring</a>.*?class="num">7<', page, re.DOTALL)
    assert named == ["Autumn", "Summer"]
    assert "Leads that carry it" in asks
    with bound(world.acme):
        assert Lead.objects.count() == 120
        assert not Label.objects.filter(name="Summer").exists()


def test_a_tag_on_one_lead_leaves_a_line_and_stands_in_its_history(world, person, browser):
    with bound(world.acme):
        lead = a_lead(person)
    where = f"/leads/{lead.pk}/label/"

    for _ in range(2):
        browser.post(where, {"kind": "tag", "name": "Spring fair"})
    page = browser.get(f"/leads/{lead.pk}/").content.decode()
    browser.post(where, {"kind": "tag", "off": "Spring fair"})
    browser.post(where, {"kind": "tag", "off": "Spring fair"})

    assert page.count("Tag put on: Spring fair by Olga") == 1
    assert "Tag taken off: Spring fair by Olga" in browser.get(f"/leads/{lead.pk}/").content.decode()
    with bound(world.acme):
        lines = AuditRow.objects.filter(about_id=lead.pk, event="leads.changed").order_by("at")
        said = [row.details["data"]["action"] for row in lines]
    assert said == ["added", "tag put on", "tag taken off"]


def test_a_list_that_many_are_put_on_is_one_line_and_in_the_history_of_each(world, person, browser):
    with bound(world.acme):
        an_import(person, MANY)
        lead = Lead.objects.order_by("pk").first()
    browser.post("/leads/bulk/start/", {"action": "label", "scope": "all", "kind": "list", "name": "Spring"})
    work()

    page = browser.get(f"/leads/{lead.pk}/").content.decode()

    assert "List put on: Spring by Olga" in page
    assert "on 120 leads at once" in page
    with bound(world.acme):
        assert not AuditRow.objects.filter(about_id=lead.pk).exists()
        assert AuditRow.objects.filter(event="leads.changed").count() == 1
