"""An ADMIN sees in GraphiQL how an answer came about, in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.browser import Browser, open_browser
from tests.e2e.test_graphiql_page import DemoGateway, log_in, run_query
from tests.e2e.test_view_as_page import BANNER, open_panel, view_as
from tests.servers.chromium import ChromiumDriver

QUERY = "{leads(first:3){nodes{firmName company{city} warrior{user{username"
SHOWN = ".plan-panel .plan"


@pytest.fixture
def page(demo_gateway: DemoGateway, chromium: ChromiumDriver) -> Iterator[Browser]:
    """GraphiQL with the administrator logged in and the panel open."""
    with open_browser(chromium) as browser:
        browser.open(f"{demo_gateway.url}/graphql")
        browser.wait_for("section[aria-label='Operation Editor'] .view-line", "__typename")
        log_in(browser, username="admin")
        browser.wait_for(".account-status", "ADMIN")
        open_plan(browser)
        yield browser


def open_plan(page: Browser) -> None:
    page.wait_for("[aria-label='Show Plan']").click()
    page.wait_for("#plan-title")


def switch(page: Browser) -> None:
    page.wait_for(".plan-switch input").click()


def sent_plan(page: Browser) -> list[str | None]:
    """The `X-Plan` of each request with a document, in order."""
    asked = [one for one in page.requested() if "postData" in one]
    return [{name.lower(): value for name, value in one["headers"].items()}.get("x-plan") for one in asked]


def lines(page: Browser) -> list[str]:
    """The first words of each read that is drawn: where in the answer, and the tables."""
    return [found.text.replace("\n", " ") for found in page.find(f"{SHOWN} .plan-name")]


def names(answer: dict[str, Any]) -> list[str]:
    return list(answer)


def test_plan_is_drawn_as_a_tree_and_kept_out_of_the_answer(page: Browser) -> None:
    switch(page)
    assert page.wait_for(".plan-hint").text == "Run a query: its plan will be here."

    answer = run_query(page, QUERY)

    assert names(answer) == ["data"]
    page.wait_for(SHOWN, "2 statements")
    assert lines(page) == ["leads leads + warrior + user", "nodes.company company"]
    assert [found.text for found in page.find(".plan-sources li")] == ["iperform", "magenta"]
    assert len(page.find(f"{SHOWN} .plan-reads .plan-reads .plan-read")) == 1
    assert sent_plan(page)[-1] == "1"
    assert page.complaints() == []


def test_click_shows_the_rule_and_the_statement(page: Browser) -> None:
    open_panel(page)
    view_as(page, "manager")
    open_plan(page)
    switch(page)
    run_query(page, QUERY)
    page.wait_for(SHOWN)

    page.wait_for(".plan-read summary", "leads + warrior + user").click()

    told = page.wait_for(".plan-read[open] .plan-details", "Rows, from iperform.").text
    assert "Its warrior is in the caller's team." in told
    assert "\nFROM leads\nLEFT OUTER JOIN warrior" in told
    assert "GUARD" in told


def test_nothing_is_asked_for_unless_it_is_switched_on(page: Browser) -> None:
    assert names(run_query(page, QUERY)) == ["data"]
    assert page.find(SHOWN) == []
    switch(page)
    run_query(page, QUERY)
    page.wait_for(SHOWN)

    switch(page)

    page.wait_until(lambda: page.find(SHOWN) == [], "the plan is gone")
    run_query(page, QUERY)
    asked = sent_plan(page)
    assert asked[-1] is None
    assert asked.count("1") == 1


def test_plan_goes_when_somebody_else_is_viewed(page: Browser) -> None:
    switch(page)
    run_query(page, QUERY)
    page.wait_for(SHOWN)
    open_panel(page)
    view_as(page, "client")

    open_plan(page)

    assert page.find(SHOWN) == []
    run_query(page, QUERY)
    page.wait_for(SHOWN, "Who is in the caller's team")
    page.wait_for(f"{BANNER} button", "Stop viewing").click()
    page.wait_until(lambda: page.find(SHOWN) == [], "the plan is gone")


def test_another_login_has_no_panel_and_asks_for_no_plan(page: Browser) -> None:
    switch(page)
    page.wait_for(".account-status button", "Log out").click()
    page.wait_for("#login-username")
    log_in(page, username="salesperson")
    page.wait_for(".account-status", "SALESPERSON")

    assert page.find("[aria-label='Show Plan']") == []
    assert run_query(page, "{viewer{role") == {"data": {"viewer": {"role": "SALESPERSON"}}}
    assert sent_plan(page)[-1] is None


def test_read_that_failed_says_so(page: Browser) -> None:
    switch(page)
    answer = run_query(page, 'mutation{changeLeadStatus(input:{id:"TGVhZDox",status:"Nonsense"}){lead{id')
    assert names(answer) == ["data", "errors"]
    page.wait_for(SHOWN, "reference engine")
    assert page.wait_for(".plan-read .plan-error").text == "BAD_USER_INPUT"


def test_reads_that_look_the_same_are_one_line(page: Browser) -> None:
    switch(page)
    run_query(page, "{leads(first:3){nodes{files{nodes{name")
    page.wait_for(SHOWN, "4 statements")
    assert lines(page) == ["leads leads", "nodes.files: files 3 times"]
    assert len(page.find(".plan-bar > span")) == 4


def test_everything_to_press_has_a_name(page: Browser) -> None:
    switch(page)
    run_query(page, QUERY)
    page.wait_for(SHOWN)
    assert [found for found in page.find("button, input, summary") if not found.label] == []
