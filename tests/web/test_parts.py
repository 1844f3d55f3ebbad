"""The parts of the interface as markup: forms, states, times, charts, pages, navigation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import RequestContext, Template
from django.test import RequestFactory

from paitho import charts, navigation, tones
from paitho.templatetags import ui

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


class SignUp(forms.Form):
    name = forms.CharField(help_text="As your team knows it.")
    note = forms.CharField(required=False, widget=forms.Textarea)
    agrees = forms.BooleanField(label="I agree")


def rendered(source: str, address: str = "/", **context) -> str:
    request = RequestFactory().get(address)
    return Template("{% load ui %}" + source).render(RequestContext(request, context))


def test_a_field_ties_label_help_and_error_to_its_control():
    html = str(SignUp({"note": ""}))

    assert '<label for="id_name">Name' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'class="form-control"' in html


def test_an_optional_field_says_so_and_a_required_one_needs_no_mark():
    html = str(SignUp())

    assert html.count("(optional)") == 1


def test_a_refused_form_begins_with_a_summary_that_links_to_its_fields():
    html = str(SignUp({"note": ""}))

    assert html.index("error-summary") < html.index("<label")
    assert 'href="#id_name"' in html
    assert 'href="#id_agrees"' in html


def test_what_a_stranger_typed_stays_text():
    html = str(SignUp({"name": '"><script>alert(1)</script>'}))

    assert "<script>" not in html


@pytest.mark.parametrize(
    ("state", "tone"),
    [("sent", "good"), ("In review", "info"), ("auto-reply", "warn"), ("unheard of", "idle")],
)
def test_a_state_has_one_tone(state, tone):
    assert tones.tone(state) == tone


def test_no_state_is_in_two_families():
    states = [state for family in tones.FAMILIES.values() for state in family.split()]

    assert len(states) == len(set(states))


def test_a_state_badge_says_the_word_and_escapes_it():
    assert ui.state("in_review") == '<span class="state info">In review</span>'
    assert "<b>" not in ui.state("sent", "<b>sent</b>")


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(days=41, hours=2), "41 days"),
        (timedelta(hours=23, minutes=50), "24 hours"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(minutes=5), "5 minutes"),
        (timedelta(seconds=20), "a moment"),
        (timedelta(seconds=-20), "a moment"),
    ],
)
def test_a_span_is_told_in_its_largest_unit(length, words):
    assert ui.span(length) == words


def test_a_clock_counts_down_warns_at_the_end_and_then_looks_back():
    now = datetime.now(UTC)

    assert "anonymised in 41 days" in ui.clock(now + timedelta(days=41, minutes=1), "anonymised")
    assert 'class="chip due"' in ui.clock(now + timedelta(days=2), "deleted")
    assert "deleted 3 days ago" in ui.clock(now - timedelta(days=3, minutes=1), "deleted")


def test_a_moment_carries_the_full_time_for_machines_and_readers():
    html = ui.moment(NOON.replace(year=2020))

    assert 'datetime="2020-03-04T12:00:00+00:00"' in html
    assert ">4 Mar 2020<" in html
    assert "never" in ui.moment(None)


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Olga Brandt", "OB"), ("olga@acme.example", "O"), ("a.b@c.example", "AB"), ("", "?")],
)
def test_initials_stand_for_a_person(name, letters):
    assert ui.initials(name) == letters


def test_page_links_keep_the_other_parameters():
    second = Paginator(range(95), 10).get_page(2)

    html = rendered("{% pages page %}", "/leads/?q=a%26b&page=2", page=second)

    assert "?q=a%26b&amp;page=3" in html
    assert 'aria-current="page">2<' in html
    assert "11\u201320" in html


def test_a_sorted_heading_turns_around_and_forgets_the_page():
    html = rendered("{% sort 'name' 'Name' %}", "/leads/?sort=name&page=4")

    assert 'href="?sort=-name"' in html
    assert "ascending" in html


def test_a_sparkline_spans_its_box_and_is_told_in_words():
    chart = charts.sparkline([0, 5, 10])

    assert chart.line == "0.00,29.00 50.00,15.00 100.00,1.00"
    assert chart.description == "From 0 to 10, at most 10."


@pytest.mark.parametrize("values", [[], [3], [0, 0, 0], [-4, 2], [1e12, 1]])
def test_a_sparkline_survives_odd_figures(values):
    line = charts.sparkline(values).line

    heights = [float(point.split(",")[1]) for point in line.split()]
    assert all(0 <= height <= charts.HEIGHT for height in heights)


def test_bars_are_shares_of_the_largest_and_something_is_always_seen():
    rows = charts.bars([("a", 200), ("b", 50, "bad"), ("c", 0.001), ("d", 0)])

    assert [bar.percent for bar in rows] == [100, 25, 0.8, 0]
    assert rows[1].tone == "bad"


def test_a_funnel_narrows_to_the_next_stage_and_tells_the_rate():
    leads, sent, none = charts.funnel([("Leads", 200), ("Sent", 100), ("Replied", 0)])

    assert leads.polygon == "0,0.00 100,25.00 100,75.00 0,100.00"
    assert (leads.rate, sent.rate, none.rate) == ("", "50% of leads", "0% of sent")


def test_a_few_of_many_are_not_none_and_nearly_all_are_not_all():
    assert [charts.percent(part, 1000) for part in (0, 3, 10, 995, 1000)] == [
        "0%",
        "<1%",
        "1%",
        ">99%",
        "100%",
    ]


def test_a_funnel_of_nothing_is_drawn():
    assert [stage.percent for stage in charts.funnel([("Leads", 0), ("Sent", 0)])] == [0, 0]


def test_places_that_are_not_routed_or_above_the_role_are_left_out():
    everyone = navigation.Place("Sign out", icon="logout", url_name="no_such_page")

    assert navigation.links([everyone], path="/", role="owner") == []


@pytest.mark.parametrize(
    ("path", "url", "expected"),
    [
        ("/leads/", "/leads/", True),
        ("/leads/42/", "/leads/", True),
        ("/leadsmith/", "/leads/", False),
        ("/leads/", "/", False),
    ],
)
def test_a_place_is_current_on_its_page_and_below(path, url, expected):
    assert navigation.is_at(path, url) is expected


def test_a_part_in_progress_polls_and_a_finished_one_does_not():
    part = "{% include 'ui/progress.html' with id='p' label='x' done=1 total=2 url='/p/' is_done=done %}"

    assert 'hx-trigger="every 2s"' in rendered(part, done=False)
    assert "hx-" not in rendered(part, done=True)


def test_columns_stand_on_the_floor_side_by_side():
    chart = charts.columns([("1 March", 10), ("2 March", 5), ("3 March", 0)])

    assert [column.height for column in chart.columns] == [100, 50, 0]
    assert all(column.y + column.height == 100 for column in chart.columns)
    assert chart.columns[0].x + chart.columns[0].width <= chart.columns[1].x
    assert chart.description == "15 from 1 March to 3 March, at most 10."


def test_no_columns_are_drawn_without_figures():
    assert charts.columns([]).columns == []
