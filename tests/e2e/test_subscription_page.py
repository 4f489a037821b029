"""Subscriptions in GraphiQL over a real WebSocket, in a real Chromium: shown, stopped, renewed, cut and resumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.e2e.browser import CONTROL, ENTER, Browser, open_browser
from tests.e2e.test_graphiql_page import (
    ANSWER_PANE,
    DemoGateway,
    log_in,
    run,
    run_query,
    sent_documents,
    shown_answer,
)
from tests.e2e.test_view_as_page import open_panel, view_as
from tests.gateways import RunningGateway, running
from tests.live.clock import Clock
from tests.outages.proxy import NONE, End, Fault, Proxy, proxied
from tests.servers.chromium import ChromiumDriver

BAR = ".live-bar:not([hidden])"
# The lead of the example: ADMIN, the manager, the salesperson and the warrior of the demo see it.
LEAD = "TGVhZDo0MzI4"
Change = Callable[..., None]
SHORT = 10  # seconds that an access token is good, where it has to be renewed while a test looks on


@contextmanager
def opened(chromium: ChromiumDriver, url: str, username: str) -> Iterator[Browser]:
    """GraphiQL with somebody logged in."""
    with open_browser(chromium) as browser:
        browser.open(f"{url}/graphql")
        enter(browser, username)
        yield browser


def enter(page: Browser, username: str) -> None:
    page.wait_for("section[aria-label='Operation Editor'] .view-line", "__typename")
    log_in(page, username=username)
    page.wait_for(".account-status", username)


@pytest.fixture
def page(demo_gateway: DemoGateway, chromium: ChromiumDriver) -> Iterator[Browser]:
    """GraphiQL with the manager logged in."""
    with opened(chromium, demo_gateway.url, "manager") as browser:
        yield browser


@pytest.fixture
def proxy(demo_gateway: DemoGateway) -> Iterator[Proxy]:
    """What the connections of a page go through that is opened at its port."""
    with proxied(urlsplit(demo_gateway.url).port or 0) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def change(demo_gateway: DemoGateway) -> Iterator[Change]:
    """Another program, in which the manager gives the lead of the example these statuses, one after the other."""
    login = 'mutation { login(username: "manager", password: "demo") { accessToken } }'
    document = "mutation($i: ChangeLeadStatusInput!) { changeLeadStatus(input: $i) { lead { status } } }"
    with httpx.Client(base_url=demo_gateway.url, timeout=60, trust_env=False) as client:
        granted = client.post("/graphql", json={"query": login}).json()["data"]["login"]
        client.headers["authorization"] = f"Bearer {granted['accessToken']}"

        def changed(*statuses: str) -> None:
            for status in statuses:
                asked = {"query": document, "variables": {"i": {"id": LEAD, "status": status}}}
                answer = client.post("/graphql", json=asked).json()
                assert answer == {"data": {"changeLeadStatus": {"lead": {"status": status}}}}

        yield changed


def open_example(page: Browser, name: str) -> None:
    before = len(page.find(".graphiql-tab"))
    page.wait_for(".example-list button", name).click()
    page.wait_until(lambda: len(page.find(".graphiql-tab")) == before + 1, "the example is open")


def follow(page: Browser) -> None:
    """Runs the subscription that is in the editor, and notes all that is shown from now on."""
    page.run(f"{ANSWER_PANE}.setValue('')")
    page.run(
        f"const pane = {ANSWER_PANE}; window.shown = []; window.listening?.dispose();"
        "const note = () => pane.getValue() && window.shown.push(JSON.parse(pane.getValue()));"
        "window.listening = pane.onDidChangeContent(note)"
    )
    page.press(CONTROL, ENTER)
    page.wait_for(BAR, "waiting for the first event")


def follow_example(page: Browser) -> None:
    open_example(page, "Follow status changes")
    follow(page)


def type_document(page: Browser, document: str) -> None:
    page.wait_for("section[aria-label='Operation Editor'] .monaco-editor").click()
    page.press(CONTROL, "a")
    page.type(document)


def statuses(page: Browser) -> list[str]:
    """The new status of each event that was shown, in order."""
    shown: list[dict[str, Any]] = page.run("return window.shown")
    return [answer["data"]["leadStatusChanged"]["status"] for answer in shown]


def stop(page: Browser) -> None:
    page.wait_for(".graphiql-execute-button").click()
    page.wait_until(lambda: page.find(BAR) == [], "nothing is followed any more")


def sockets(page: Browser) -> list[str]:
    """The address of each WebSocket so far."""
    return [one["url"] for one in page.requested() if one["url"].startswith("ws")]


def test_a_change_in_a_second_tab_is_shown_in_the_first_one_and_none_after_it_was_stopped(
    page: Browser, demo_gateway: DemoGateway, change: Change
) -> None:
    change("New")
    follow_example(page)
    first = page.tab()
    page.open_tab(f"{demo_gateway.url}/graphql")
    enter(page, "salesperson")
    open_example(page, "Change a status")
    answer = run(page)
    assert answer["data"]["changeLeadStatus"]["lead"]["status"] == "Qualified"

    page.show_tab(first)
    page.wait_for(BAR, "1 event so far")

    shown = shown_answer(page)
    assert shown is not None
    event = shown["data"]["leadStatusChanged"]
    assert list(event) == ["cursor", "previousStatus", "status", "changedOn", "changedBy", "lead"]
    assert (event["previousStatus"], event["status"]) == ("New", "Qualified")
    assert event["changedBy"] == {"username": "salesperson"}
    assert (event["lead"]["databaseId"], event["lead"]["status"]) == (4328, "Qualified")
    stop(page)
    change("Demo")
    # By then whoever followed would have been told, too: the socket is gone.
    follow(page)
    change("Trial")
    page.wait_until(lambda: statuses(page) == ["Trial"], "what comes after it was run again is shown")
    assert sockets(page) == [f"{demo_gateway.url.replace('http', 'ws')}/graphql"] * 2
    assert page.complaints() == []


def test_stopping_before_the_first_event_closes_the_socket(page: Browser) -> None:
    follow_example(page)
    page.run(
        "window.closing = []; const close = WebSocket.prototype.close;"
        "WebSocket.prototype.close = function (...given) { window.closing.push(given); close.apply(this, given) }"
    )

    stop(page)

    assert page.run("return window.closing") == [[1000]]


def test_a_cut_stream_says_so_and_goes_on_without_a_gap(
    proxy: Proxy, chromium: ChromiumDriver, change: Change
) -> None:
    change("New")
    with opened(chromium, f"http://127.0.0.1:{proxy.port}", "warrior") as page:
        follow_example(page)
        change("Qualified")
        page.wait_until(lambda: statuses(page) == ["Qualified"], "the first event is shown")
        proxy.misbehave(Fault(through=0, end=End.RESET))
        change("Demo", "Proposal")
        told = page.wait_for(BAR, "was cut").text
        assert told == "The connection was cut (code 1006). Connecting again, to go on after the last event …"
        change("Trial")
        proxy.misbehave(NONE)

        told = page.wait_for(BAR, "4 events so far").text

        assert told == (
            "Live: 4 events so far. It was cut 1 time and went on after the last event; nothing is missing."
        )
        assert statuses(page) == ["Qualified", "Demo", "Proposal", "Trial"]


def test_a_stream_that_is_cut_before_its_first_event_misses_nothing(
    proxy: Proxy, chromium: ChromiumDriver, change: Change
) -> None:
    change("New")
    with opened(chromium, f"http://127.0.0.1:{proxy.port}", "warrior") as page:
        follow_example(page)
        proxy.misbehave(Fault(through=0, end=End.RESET))
        change("Qualified", "Demo")
        page.wait_for(BAR, "was cut")
        proxy.misbehave(NONE)

        page.wait_for(BAR, "2 events so far")

        assert statuses(page) == ["Qualified", "Demo"]


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (
            "subscription{leadStatusChanged{cursor status",
            "run it again with this text as the argument `after`: {cursor} "
            "- with `after: $after` the page does that by itself.",
        ),
        (
            "subscription($after:String){leadStatusChanged(after:$after){status",
            "a subscription needs `cursor` among the fields of its event, and the argument `after: $after`.",
        ),
    ],
    ids=["no variable", "no cursor"],
)
def test_a_stream_that_cannot_go_on_says_what_is_missing(
    proxy: Proxy, chromium: ChromiumDriver, change: Change, document: str, told: str
) -> None:
    change("New")
    with opened(chromium, f"http://127.0.0.1:{proxy.port}", "manager") as page:
        type_document(page, document)
        follow(page)
        change("Qualified")
        page.wait_for(BAR, "1 event so far")
        shown = shown_answer(page)
        assert shown is not None
        cursor = shown["data"]["leadStatusChanged"].get("cursor", "")
        proxy.misbehave(Fault(through=0, end=End.RESET))
        change("Demo")

        page.wait_until(lambda: page.find(BAR) == [], "it has ended")

        answer = shown_answer(page)
        assert answer == {
            "errors": [
                {
                    "message": "The stream was cut (code 1006): what has happened since then is missing here. "
                    f"To go on without a gap, {told.replace('{cursor}', cursor)}"
                }
            ]
        }


def test_a_stream_outlives_its_access_token_on_the_same_socket(
    gateway: RunningGateway, chromium: ChromiumDriver
) -> None:
    clock = Clock()
    settings = replace(gateway.settings, access_token_seconds=SHORT)
    with (
        running(settings, "short tokens", live=clock) as short,
        opened(chromium, short.url, "admin") as page,
    ):
        type_document(page, "subscription($after:String){leadStatusChanged(after:$after){cursor")
        follow(page)

        def renewals() -> int:
            return len([sent for sent in sent_documents(page) if "refreshSession" in sent])

        # Each after half of the time: by then the token with which the socket was opened is long over.
        page.wait_until(lambda: renewals() >= 3, "the session was renewed three times", patience=60)
        sent = clock.tick("still here")

        page.wait_for(BAR, "1 event so far")
        assert page.run("return window.shown") == [sent]
        assert len(sockets(page)) == 1


def test_logging_out_stops_what_was_followed(page: Browser, change: Change) -> None:
    change("New")
    follow_example(page)
    change("Qualified")
    page.wait_for(BAR, "1 event so far")

    page.wait_for(".account-status button", "Log out").click()

    page.wait_until(lambda: page.find(BAR) == [], "nothing is followed any more")
    assert shown_answer(page) is None


def test_another_tab_of_graphiql_gets_no_events_of_the_first(page: Browser) -> None:
    follow_example(page)

    open_example(page, "Who am I")

    page.wait_until(lambda: page.find(BAR) == [], "nothing is followed any more")


def test_nobody_follows_without_an_account_or_as_somebody_else(
    demo_gateway: DemoGateway, chromium: ChromiumDriver
) -> None:
    document = "subscription{leadStatusChanged{cursor"
    with opened(chromium, demo_gateway.url, "admin") as page:
        open_panel(page)
        view_as(page, "warrior")
        told = "While you view as somebody else there are no subscriptions: stop viewing first."
        assert run_query(page, document) == {"errors": [{"message": told}]}
        page.wait_for(".account-status button", "Log out").click()
        page.wait_for(".login-form button", "Log in")

        assert run_query(page, document) == {
            "errors": [{"message": "Log in first: only an account can follow what happens."}]
        }
        assert sockets(page) == []
