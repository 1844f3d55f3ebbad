"""What scripts add: themes, menus, dialogs, selection, progress, shortcuts, and what works without them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
BACKGROUND = "getComputedStyle(document.body).backgroundColor"
LIGHT, DARK = "rgb(247, 246, 242)", "rgb(17, 20, 21)"


def test_a_chosen_theme_is_remembered_and_there_from_the_first_paint(open_page, preview):
    page = open_page(scheme="light")
    page.goto(f"{preview}/style/site/")
    assert page.evaluate(BACKGROUND) == LIGHT

    page.get_by_role("radio", name="Dark").check()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.goto(f"{preview}/style/", wait_until="commit")
    page.wait_for_selector("body", state="attached")

    assert page.locator("html").get_attribute("data-bs-theme") == "dark"


def test_the_system_theme_is_followed_while_nothing_is_chosen(open_page, preview):
    page = open_page(scheme="light")
    page.goto(f"{preview}/style/site/")

    page.emulate_media(color_scheme="dark")

    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert page.evaluate(BACKGROUND) == DARK


def test_a_menu_closes_on_escape_and_gives_the_focus_back(page, preview):
    page.goto(f"{preview}/style/")
    menu = page.locator("details.menu").filter(has_text="Duplicate")
    menu.locator("summary").click()
    expect(menu.get_by_role("link", name="Duplicate")).to_be_visible()

    page.keyboard.press("Escape")

    expect(menu.get_by_role("link", name="Duplicate")).to_be_hidden()
    expect(menu.locator("summary")).to_be_focused()


def test_a_confirm_page_opens_in_a_dialog_and_wants_the_name_typed(page, preview):
    page.goto(f"{preview}/style/")
    page.get_by_role("link", name="Delete workspace").click()
    dialog = page.get_by_role("dialog", name="Delete the workspace Acme Outbound?")
    expect(dialog).to_be_visible()

    dialog.get_by_role("button", name="Delete the workspace").click()
    assert page.url.endswith("/style/"), "the browser refuses the form until the name is typed"
    page.keyboard.press("Escape")

    expect(dialog).to_be_hidden()
    assert page.title().startswith("Style guide")


def test_the_same_confirm_page_works_without_scripts(open_page, preview):
    page = open_page(scripts=False)
    page.goto(f"{preview}/style/")

    page.get_by_role("link", name="Delete workspace").click()

    expect(page.get_by_role("heading", name="Delete the workspace Acme Outbound?")).to_be_visible()
    assert page.url.endswith("/style/confirm/")


def test_rows_are_selected_one_by_one_in_a_range_and_all_at_once(page, preview):
    page.goto(f"{preview}/style/")
    boxes = page.locator("tbody .pick input")
    bulk = page.locator(".bulk")
    expect(bulk).to_be_hidden()

    boxes.nth(0).check()
    boxes.nth(3).click(modifiers=["Shift"])
    expect(bulk).to_contain_text("4 selected")
    page.get_by_label("Select all on this page").check()

    expect(bulk).to_contain_text("7 selected")
    expect(bulk.get_by_role("button", name=re.compile("Select all 504"))).to_be_visible()
    bulk.get_by_role("button", name="Select none").click()
    expect(bulk).to_be_hidden()


def test_selection_and_the_bulk_bar_need_no_scripts(open_page, preview):
    page = open_page(scripts=False)
    page.goto(f"{preview}/style/")

    page.locator("tbody .pick input").nth(1).check()

    expect(page.locator(".bulk").get_by_role("button", name="Add to campaign")).to_be_visible()


def test_the_keyboard_walks_the_table_and_selects(page, preview):
    page.goto(f"{preview}/style/")

    for key in ("j", "j", "x"):
        page.keyboard.press(key)

    row = page.locator("tr.here")
    expect(row).to_contain_text("Bruno Keller")
    expect(row.locator("input")).to_be_checked()
    expect(row.locator("th a")).to_be_focused()


def test_shortcuts_are_silent_while_typing_and_can_be_switched_off(page, preview):
    page.goto(f"{preview}/style/")
    search = page.get_by_role("searchbox")

    page.keyboard.press("/")
    expect(search).to_be_focused()
    page.keyboard.type("?gj")
    expect(page.locator("#shortcuts")).to_be_hidden()
    assert search.input_value() == "?gj"

    search.blur()
    page.keyboard.press("?")
    page.get_by_label("Single-key shortcuts").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_hidden()


def test_g_and_a_letter_go_to_a_place(page, preview):
    page.goto(f"{preview}/style/")

    page.keyboard.press("g")
    page.keyboard.press("c")

    page.wait_for_url("**/style/#campaigns")


def test_progress_is_polled_until_it_is_done_and_then_no_more(page, preview):
    page.goto(f"{preview}/style/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/progress/" in request.url else None)
    page.evaluate(
        """() => {
          const main = document.querySelector(".page");
          main.innerHTML = '<div hx-get="/progress/" hx-trigger="load" hx-swap="outerHTML"></div>';
          htmx.process(main);
        }"""
    )

    expect(page.locator(".page")).to_contain_text("100 of 100", timeout=6000)
    page.wait_for_timeout(2500)

    assert len(asked) == 2


def test_a_server_that_fails_says_so_in_a_toast(open_page, preview):
    page = open_page(forgive="500")
    page.goto(f"{preview}/style/")
    page.route("**/style/confirm/", lambda route: route.fulfill(status=500, body=""))

    page.get_by_role("link", name="Delete workspace").click()

    expect(page.locator("#toasts")).to_contain_text("Something went wrong on our side")
    page.locator("#toasts").get_by_role("button", name="Dismiss").click()
    expect(page.locator("#toasts .toast-note")).to_have_count(0)


def test_an_answer_may_bring_a_toast(page, preview):
    page.goto(f"{preview}/style/")
    headers = {"HX-Trigger": '{"toast": {"text": "38 drafts <approved>.", "tone": "good"}}'}
    page.route("**/style/confirm/", lambda route: route.fulfill(status=204, headers=headers))

    page.get_by_role("link", name="Delete workspace").click()

    expect(page.locator("#toasts")).to_contain_text("38 drafts <approved>.")


def test_a_part_asked_for_after_the_session_ended_shows_the_sign_in_page(page, preview):
    page.goto(f"{preview}/style/")
    page.route("**/style/confirm/", lambda route: route.continue_(url=f"{preview}/errors/403.html"))

    with page.expect_navigation():
        page.get_by_role("link", name="Delete workspace").click()

    assert page.url == f"{preview}/style/"
    expect(page.locator("#dialog")).to_be_hidden()


def test_a_chosen_file_is_named_with_its_size(page, preview):
    page.goto(f"{preview}/style/")
    drop = page.locator(".drop").first

    leads = {"name": "leads.csv", "mimeType": "text/csv", "buffer": b"x" * 2100}
    drop.locator("input").set_input_files(leads)

    expect(drop).to_contain_text("leads.csv (2 kB)")


def test_the_skip_link_is_the_first_stop(page, preview):
    page.goto(f"{preview}/style/")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator("main")).to_be_focused()


def test_on_a_phone_every_target_is_large_enough(open_page, preview):
    page = open_page(width=390)
    page.goto(f"{preview}/style/")

    small = page.evaluate(
        """() => [...document.querySelectorAll("button, summary, .btn, .place, input:not([type=hidden])")]
          .filter((element) => element.offsetParent && !element.closest("label"))
          .map((element) => [element.outerHTML.slice(0, 80), element.getBoundingClientRect()])
          .filter(([, box]) => box.width && (box.width < 24 || box.height < 24))
          .map(([html]) => html)"""
    )

    assert [html for html in small if "form-check-input" not in html] == []
