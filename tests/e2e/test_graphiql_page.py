"""GraphiQL as a person uses it, in a real Chromium that can reach nothing but the gateway itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Protocol

import httpx
import pytest

from tests.e2e.browser import CONTROL, ENTER, Browser, open_browser
from tests.servers.chromium import ChromiumDriver

A_DAY = 86_400_000  # milliseconds
ANSWER_PANE = "__MONACO.editor.getModels().find(model => model.uri.path.endsWith('response.json'))"


class DemoGateway(Protocol):
    """A running `gateway demo`."""

    url: str


@pytest.fixture
def page(demo_gateway: DemoGateway, chromium: ChromiumDriver) -> Iterator[Browser]:
    """GraphiQL, just opened in a browser with an empty profile."""
    with open_browser(chromium) as browser:
        browser.open(f"{demo_gateway.url}/graphql")
        browser.wait_for("#login-username")
        browser.wait_for("section[aria-label='Operation Editor'] .view-line", "__typename")
        yield browser


def log_in(page: Browser, *, username: str = "salesperson", password: str = "demo") -> None:
    page.wait_for("#login-username").type(username)
    page.wait_for("#login-password").type(password + ENTER)


def log_in_as_salesperson(page: Browser) -> None:
    log_in(page)
    page.wait_for(".account-status", "SALESPERSON")


def run_query(page: Browser, query: str) -> dict[str, Any]:
    """Types the query in place of what is there, runs it and returns the answer."""
    page.wait_for("section[aria-label='Operation Editor'] .monaco-editor").click()
    page.press(CONTROL, "a")
    page.type(query)
    return run(page)


def run(page: Browser) -> dict[str, Any]:
    page.run(f"{ANSWER_PANE}.setValue('')")  # so that no earlier answer is taken for this one
    page.press(CONTROL, ENTER)
    return page.wait_until(lambda: shown_answer(page), "an answer is shown")


def shown_answer(page: Browser) -> dict[str, Any] | None:
    """The answer pane's whole text; the page itself holds only the lines in view."""
    text = page.run(f"return {ANSWER_PANE}.getValue()")
    return json.loads(text) if text else None


def open_documentation(page: Browser) -> None:
    page.wait_for("[aria-label='Show Documentation Explorer']").click()


def documented_query_fields(page: Browser) -> str:
    """The documentation explorer's page of the query type."""

    def shown() -> str | None:
        show_query_type(page)
        texts = [found.text for found in page.find(".graphiql-doc-explorer-content")]
        return next((text for text in texts if "Fields" in text), None)

    return page.wait_until(shown, "the fields of the query type are shown")


def show_query_type(page: Browser) -> None:
    """Goes to the page of the query type, where the explorer is at its top: there it begins with each new schema."""
    for link in page.find(".graphiql-doc-explorer-content a"):
        if link.text == "Query":
            link.click()
            return


def authorizations(page: Browser) -> list[str]:
    """The bearer tokens that the page has sent, without repetition, in order."""
    headers = [{name.lower(): value for name, value in one["headers"].items()} for one in page.requested()]
    return list(dict.fromkeys(each["authorization"] for each in headers if "authorization" in each))


def sent_documents(page: Browser) -> list[str]:
    return [one["postData"] for one in page.requested() if "postData" in one]


def test_page_is_served_with_a_policy_that_allows_its_own_origin_only(demo_gateway: DemoGateway) -> None:
    response = httpx.get(f"{demo_gateway.url}/graphql", headers={"accept": "text/html"}, trust_env=False)

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    policy = [directive.strip() for directive in response.headers["content-security-policy"].split(";")]
    assert policy == [
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "worker-src 'self' blob:",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "frame-ancestors 'none'",
    ]


def test_page_works_with_the_network_off_and_asks_no_other_origin(
    page: Browser, demo_gateway: DemoGateway
) -> None:
    log_in_as_salesperson(page)
    open_documentation(page)
    documented_query_fields(page)
    run_query(page, "{viewer{role user{username")

    addresses: list[str] = []

    def has_every_worker() -> bool:
        addresses[:] = [one["url"] for one in page.requested()]
        return all(any(f"/{name}-" in one for one in addresses) for name in ("editor", "graphql", "json"))

    page.wait_until(has_every_worker, "the editors have asked for their workers")
    assert [address for address in addresses if not address.startswith(f"{demo_gateway.url}/")] == []
    assert page.complaints() == []


def test_typed_query_is_answered_for_the_account_that_logged_in(page: Browser) -> None:
    log_in_as_salesperson(page)

    answer = run_query(page, "{viewer{role user{username")

    assert answer == {"data": {"viewer": {"role": "SALESPERSON", "user": {"username": "salesperson"}}}}


def test_wrong_password_is_refused_in_the_words_of_the_server(
    page: Browser, demo_gateway: DemoGateway
) -> None:
    document = 'mutation{login(username:"salesperson",password:"wrong"){expiresAt}}'
    refusal = httpx.post(f"{demo_gateway.url}/graphql", json={"query": document}, trust_env=False).json()

    log_in(page, password="wrong")

    assert page.wait_for(".login-message", ".").text == refusal["errors"][0]["message"]
    assert "Log in to see the schema" in page.page_text()
    assert authorizations(page) == []


def test_demo_account_logs_in_with_one_click_and_another_takes_its_place(page: Browser) -> None:
    page.wait_for("[aria-label^='Log in as salesperson']").click()
    page.wait_for(".account-status", "SALESPERSON")
    page.wait_for("[aria-label^='Log in as admin']").click()
    page.wait_for(".account-status", "ADMIN")

    answer = run_query(page, "{viewer{role")

    assert answer == {"data": {"viewer": {"role": "ADMIN"}}}


def test_example_opens_with_its_variables_in_a_tab_of_its_own_and_is_answered(
    page: Browser, demo_gateway: DemoGateway
) -> None:
    configuration = httpx.get(f"{demo_gateway.url}/graphiql/config.json", trust_env=False).json()
    example = configuration["examples"][0]
    log_in_as_salesperson(page)

    page.wait_for(".example-list button", example["name"]).click()
    page.wait_until(lambda: len(page.find(".graphiql-tab")) == 2, "there are two tabs")
    answer = run(page)

    assert "errors" not in answer
    assert answer["data"]
    sent = json.loads(sent_documents(page)[-1])
    assert sent["query"] == example["query"]
    assert sent.get("variables") == example["variables"]


def test_every_example_is_offered(page: Browser, demo_gateway: DemoGateway) -> None:
    configuration = httpx.get(f"{demo_gateway.url}/graphiql/config.json", trust_env=False).json()

    names = [name.text for name in page.find(".example-name")]

    assert names == [example["name"] for example in configuration["examples"]]


def test_schema_in_the_documentation_is_that_of_the_account(page: Browser) -> None:
    open_documentation(page)
    before = documented_query_fields(page)
    page.wait_for(".account-status button", "Log in").click()
    log_in_as_salesperson(page)
    open_documentation(page)
    page.wait_for(".graphiql-doc-explorer-content", "LeadConnection")
    after = documented_query_fields(page)

    assert "leads(" not in before
    assert "leads(" in after


def test_tokens_and_passwords_are_kept_in_no_storage(page: Browser, demo_gateway: DemoGateway) -> None:
    log_in_as_salesperson(page)
    run_query(page, '{viewer{role} a:__type(name:"password hunter2"){name')
    page.run("window.stored = new Promise(resolve => setTimeout(resolve, 1500))")  # GraphiQL stores late
    page.run("return window.stored")

    [authorization] = authorizations(page)
    token = authorization.removeprefix("Bearer ")
    stored = page.run("return JSON.stringify([{...localStorage}, {...sessionStorage}, location.href])")
    assert len(token) > 20
    assert token not in stored
    assert "hunter2" not in stored
    assert "demo" not in stored.replace(demo_gateway.url, "")
    assert page.cookies() == []
    assert page.run("return indexedDB.databases().then(found => found.length)") == 0


def test_reload_keeps_the_query_and_forgets_the_login(page: Browser, demo_gateway: DemoGateway) -> None:
    log_in_as_salesperson(page)
    run_query(page, "{viewer{role")
    stored = "JSON.stringify({...sessionStorage}).includes('viewer')"
    page.wait_until(lambda: page.run(f"return {stored}"), "the query is stored")

    page.open(f"{demo_gateway.url}/graphql")

    page.wait_for("section[aria-label='Operation Editor'] .view-line", "{viewer{role}}")
    assert "Log in to see the schema" in page.page_text()


def test_logging_out_ends_the_session_on_the_server_and_clears_what_was_shown(
    page: Browser, demo_gateway: DemoGateway
) -> None:
    log_in_as_salesperson(page)
    assert run_query(page, "{viewer{role") == {"data": {"viewer": {"role": "SALESPERSON"}}}
    [authorization] = authorizations(page)

    page.wait_for(".account-status button", "Log out").click()
    page.wait_for(".account-status button", "Log in")
    page.wait_until(lambda: shown_answer(page) is None, "the answer is gone")
    page.wait_until(lambda: any("logout" in sent for sent in sent_documents(page)), "the server was told")

    def is_refused() -> bool:
        response = httpx.post(
            f"{demo_gateway.url}/graphql",
            json={"query": "{__typename}"},
            headers={"authorization": authorization},
            trust_env=False,
        )
        return "errors" in response.json()

    page.wait_until(is_refused, "the token is refused")
    run_query(page, "{__typename")
    assert authorizations(page) == [authorization]
    assert page.requested()[-1]["headers"].keys().isdisjoint({"authorization", "Authorization"})


def test_token_about_to_expire_is_renewed_before_the_next_request(page: Browser) -> None:
    log_in_as_salesperson(page)
    run_query(page, "{viewer{role")
    [first] = authorizations(page)

    page.run(f"const now = Date.now; Date.now = () => now() + {A_DAY}")
    answer = run_query(page, "{viewer{user{username")

    assert answer == {"data": {"viewer": {"user": {"username": "salesperson"}}}}
    assert [used for used in authorizations(page) if used != first] != []
    assert len([sent for sent in sent_documents(page) if "refreshSession" in sent]) == 1


def test_session_ended_elsewhere_is_said_in_words(page: Browser, demo_gateway: DemoGateway) -> None:
    log_in_as_salesperson(page)
    run_query(page, "{viewer{role")
    [authorization] = authorizations(page)
    httpx.post(
        f"{demo_gateway.url}/graphql",
        json={"query": "mutation{logout}"},
        headers={"authorization": authorization},
        trust_env=False,
    ).raise_for_status()

    def is_told() -> bool:
        run_query(page, "{viewer{role")
        return "Your session has ended" in page.page_text()

    page.wait_until(is_told, "the page says that the session has ended")
    assert "Please log in again." in page.wait_for(".login-message").text
    page.wait_for(".account-status button", "Log in")


def test_form_and_buttons_have_names_for_a_screen_reader(page: Browser) -> None:
    [username] = page.find("#login-username")
    [password] = page.find("#login-password")

    assert (username.label, password.label) == ("Username", "Password")
    nameless = [button for button in page.find("button") if not button.label]
    assert nameless == []


def test_login_needs_only_the_keyboard(page: Browser) -> None:
    page.wait_for("#login-username").click()
    page.type("salesperson\ue004demo")
    page.press(ENTER)

    page.wait_for(".account-status", "SALESPERSON")


@pytest.mark.parametrize(("scheme", "is_dark"), [("light", False), ("dark", True)])
def test_page_and_editors_follow_the_theme_of_the_system(page: Browser, scheme: str, is_dark: bool) -> None:
    opposite = "light" if is_dark else "dark"
    for value in (opposite, scheme):
        page.devtools(
            "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": value}]
        )

    page.wait_until(
        lambda: (page.find(".monaco-editor.vs-dark") != []) == is_dark, "the editors have changed"
    )
    colour = "getComputedStyle(document.querySelector('.start-panel')).color"
    [red, green, blue] = page.run(f"return {colour}.match(/\\d+/g).slice(0, 3).map(Number)")
    assert (red + green + blue > 384) == is_dark  # light text on a dark page


def test_prettify_lays_out_the_query(page: Browser) -> None:
    log_in_as_salesperson(page)
    run_query(page, "{viewer{role")

    page.wait_for("[aria-label^='Prettify query']").click()

    def lines() -> list[str]:
        shown = page.find("section[aria-label='Operation Editor'] .view-line")
        return [line.text.replace("\u00a0", " ").strip() for line in shown]

    page.wait_until(lambda: lines()[:5] == ["{", "viewer {", "role", "}", "}"], "the query is laid out")
