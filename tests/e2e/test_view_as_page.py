"""An ADMIN views as somebody else in GraphiQL, and asks why they see a row, in a real Chromium."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from gateway.resolvers.ids import encode_id
from tests.e2e.browser import ENTER, Browser, open_browser
from tests.e2e.test_graphiql_page import (
    DemoGateway,
    documented_query_fields,
    log_in,
    open_documentation,
    run_query,
    sent_documents,
    show_query_type,
    shown_answer,
)
from tests.http.test_view_as import READ_ONLY
from tests.servers.chromium import ChromiumDriver

BANNER = ".view-banner:not([hidden])"


@pytest.fixture
def page(demo_gateway: DemoGateway, chromium: ChromiumDriver) -> Iterator[Browser]:
    """GraphiQL with the administrator logged in."""
    with open_browser(chromium) as browser:
        browser.open(f"{demo_gateway.url}/graphql")
        browser.wait_for("section[aria-label='Operation Editor'] .view-line", "__typename")
        log_in(browser, username="admin")
        browser.wait_for(".account-status", "ADMIN")
        yield browser


def open_panel(page: Browser) -> None:
    page.wait_for("[aria-label='Show View as']").click()
    page.wait_for("#access-title")


def view_as(page: Browser, name: str) -> None:
    page.wait_for("#subject-name").type(name)
    page.wait_for(f"[aria-label^='View as {name},']").click()
    page.wait_for(BANNER, f"Viewing as {name}")


def sent_as(page: Browser) -> list[str | None]:
    """The `X-View-As` of each request with a document, in order."""
    asked = [one for one in page.requested() if "postData" in one]
    return [{name.lower(): value for name, value in one["headers"].items()}.get("x-view-as") for one in asked]


def ask(demo_gateway: DemoGateway, query: str, username: str) -> dict[str, Any]:
    """The data that somebody gets without the page."""
    address = f"{demo_gateway.url}/graphql"
    login = f'mutation {{ login(username: "{username}", password: "demo") {{ accessToken }} }}'
    token = httpx.post(address, json={"query": login}, trust_env=False).json()["data"]["login"]["accessToken"]
    headers = {"authorization": f"Bearer {token}"}
    data: dict[str, Any] = httpx.post(
        address, json={"query": query}, headers=headers, trust_env=False
    ).json()["data"]
    return data


def test_query_is_answered_as_the_chosen_user_under_a_banner(page: Browser) -> None:
    open_panel(page)
    view_as(page, "salesperson")

    answer = run_query(page, "{viewer{role user{username")

    assert answer == {"data": {"viewer": {"role": "SALESPERSON", "user": {"username": "salesperson"}}}}
    assert sent_as(page)[-1] == f"user:{encode_id('User', 3)}"
    assert "read-only" in page.wait_for(BANNER).text
    assert page.complaints() == []


def test_documentation_is_that_of_the_subject_and_then_ones_own_again(page: Browser) -> None:
    open_panel(page)
    view_as(page, "client")
    open_documentation(page)
    documented_query_fields(page)
    shown = "document.querySelector('.graphiql-doc-explorer-content').innerText"

    def shows_the_clients() -> bool:
        # That of the administrator may still be there.
        show_query_type(page)
        return bool(page.run(f"return {shown}.includes('leads(') && !{shown}.includes('explainAccess')"))

    page.wait_until(shows_the_clients, "the client's schema is shown")
    page.wait_for(f"{BANNER} button", "Stop viewing").click()
    page.wait_until(lambda: page.find(BANNER) == [], "the banner is gone")

    def shows_what_only_admin_has() -> bool:
        show_query_type(page)
        return bool(page.run(f"return {shown}.includes('explainAccess')"))

    page.wait_until(shows_what_only_admin_has, "one's own schema is shown")


def test_change_is_refused_in_the_words_of_the_server(page: Browser) -> None:
    open_panel(page)
    view_as(page, "manager")

    answer = run_query(page, "mutation{logout")

    assert answer["errors"][0]["message"] == READ_ONLY
    assert run_query(page, "{viewer{role") == {"data": {"viewer": {"role": "MANAGER"}}}


def test_stopping_clears_the_answer_and_asks_as_oneself(page: Browser) -> None:
    open_panel(page)
    view_as(page, "warrior")
    run_query(page, "{viewer{role")

    page.wait_for(".chosen-subject button", "Stop viewing").click()

    page.wait_until(lambda: shown_answer(page) is None, "the answer is gone")
    assert run_query(page, "{viewer{role") == {"data": {"viewer": {"role": "ADMIN"}}}
    assert sent_as(page)[-1] is None


def test_another_login_ends_the_viewing_and_has_no_panel(page: Browser) -> None:
    open_panel(page)
    view_as(page, "warrior")
    page.wait_for(".account-status button", "Log out").click()
    page.wait_for(".login-form button", "Log in")
    page.wait_until(lambda: page.find(BANNER) == [], "the banner is gone")
    log_in(page, username="salesperson")
    page.wait_for(".account-status", "SALESPERSON")

    assert page.find("[aria-label='Show View as']") == []
    assert run_query(page, "{viewer{role") == {"data": {"viewer": {"role": "SALESPERSON"}}}
    assert sent_as(page)[-1] is None


def test_why_shows_the_rows_that_decided(page: Browser, demo_gateway: DemoGateway) -> None:
    first = ask(demo_gateway, "{ leads(first: 1) { nodes { databaseId } } }", "manager")
    lead_id = first["leads"]["nodes"][0]["databaseId"]
    open_panel(page)
    view_as(page, "manager")

    page.wait_for("#why-id").type(f"{lead_id}{ENTER}")

    told = page.wait_for(".explanation", "Visible.").text
    steps = [step.text.split("\n")[0] for step in page.find(".step-list li")]
    assert steps[0] == f"Lead {lead_id}"
    assert steps[-1] == "User 2"
    assert "Through " in told
    asked = json.loads(next(sent for sent in reversed(sent_documents(page)) if "explainAccess" in sent))
    assert asked["variables"] == {"type": "Lead", "id": lead_id, "as": {"user": encode_id("User", 2)}}
    assert sent_as(page)[-1] is None
    assert page.complaints() == []


def test_why_not_says_so_for_each_ground_and_an_unknown_type_in_the_servers_words(page: Browser) -> None:
    open_panel(page)
    view_as(page, "client")
    page.wait_for("#why-id").type(f"1{ENTER}")
    told = page.wait_for(".explanation", "Not visible").text
    assert "ITS_COMPANY" in told
    assert "isn't the caller's" in told
    assert "It is not for USER." in told

    page.wait_for("#why-type").type(f"s{ENTER}")

    assert "is no type of rows" in page.wait_for(".access-panel .login-message", ".").text
    assert page.find(".explanation") == []


def test_name_that_nobody_has_is_said(page: Browser) -> None:
    open_panel(page)
    page.wait_for("#subject-name").type("nobody is called this")
    page.wait_for(".finder-status", "Nobody is called that.")
    nameless = [button for button in page.find("button") if not button.label]
    assert nameless == []


def test_whom_one_viewed_is_kept_in_no_storage(page: Browser) -> None:
    open_panel(page)
    view_as(page, "salesperson")
    run_query(page, "{viewer{role")
    page.run("window.stored = new Promise(resolve => setTimeout(resolve, 1500))")  # GraphiQL stores late
    page.run("return window.stored")
    stored = page.run("return JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert encode_id("User", 3) not in stored
    assert "salesperson" not in stored
