"""The addresses beside `/graphql`: health, metrics, GraphiQL and its files, links to files."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.http.page import FOLDER
from tests.gateways import RunningGateway, running
from tests.http.asking import send


def test_the_process_lives(gateway: RunningGateway) -> None:
    answer = gateway.client.get("/livez")
    assert (answer.status_code, answer.text) == (200, "alive\n")


def test_readiness_says_each_sources_state_and_version(every_gateway: RunningGateway) -> None:
    answer = every_gateway.client.get("/readyz")
    state = answer.json()
    assert (answer.status_code, state["ready"]) == (200, True)
    assert list(state["sources"]) == ["iperform", "magenta", "analytics", "files", "events"]
    assert all(source["ready"] and source["version"] for source in state["sources"].values())
    names = {"embedded": "SQLite", "mariadb": "MariaDB", "mysql": "MySQL"}
    assert state["sources"]["iperform"]["version"].startswith(names[every_gateway.name])


def test_readiness_without_iperform_is_503_and_names_no_host(gateway: RunningGateway) -> None:
    away = replace(gateway.settings, iperform_dsn="mysql+aiomysql://somebody:secret@127.0.0.1:1/iperform")
    with running(away, "away") as started:
        answer = started.client.get("/readyz")
        assert answer.status_code == 503
        assert (answer.json()["ready"], answer.json()["sources"]["iperform"]) == (False, {"ready": False})
        assert not re.search("127.0.0.1|secret|somebody", answer.text)
        assert started.client.get("/livez").status_code == 200
        assert (
            started.query('mutation { login(username: "a", password: "b") { accessToken } }')["errors"][0][
                "extensions"
            ]["code"]
            == "SOURCE_UNAVAILABLE"
        )


def test_metrics_count_requests_by_route_and_statements_by_source(gateway: RunningGateway) -> None:
    gateway.data("{ leads(first: 1) { nodes { id } } }", as_user="admin")
    gateway.client.get("/made-up-by-a-client")
    gateway.client.get("/files/a-secret-token")
    text = gateway.client.get("/metrics").text
    assert 'gateway_request_seconds_count{route="/graphql",status="200"}' in text
    assert 'gateway_request_seconds_count{route="other",status="404"}' in text
    assert 'gateway_statement_seconds_count{source="iperform"}' in text
    assert "made-up" not in text
    assert "a-secret-token" not in text


@pytest.mark.parametrize("address", ["/", "/graphiql", "/graphiql/"])
def test_the_root_leads_to_graphiql(gateway: RunningGateway, address: str) -> None:
    answer = gateway.client.get(address)
    assert (answer.status_code, answer.headers["location"]) == (307, "/graphql")


def test_a_browser_gets_graphiql_with_nothing_from_elsewhere(gateway: RunningGateway) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    answer = send(gateway, "GET", headers={"accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["vary"] == "accept"
    assert not re.search(r"""(src|href)=["'](https?:)?//""", answer.text)
    for place in re.findall(r"""(?:src|href)=["']([^"']+)""", answer.text):
        assert gateway.client.get(place).status_code == 200, place


def test_a_browser_with_a_query_in_the_address_gets_its_answer(gateway: RunningGateway) -> None:
    answer = send(
        gateway, "GET", address="/graphql?query={__typename}", headers={"accept": "text/html,*/*;q=0.8"}
    )
    assert answer.json() == {"data": {"__typename": "Query"}}


def test_all_files_of_graphiql_are_served(gateway: RunningGateway) -> None:
    names = sorted(path.name for path in Path(FOLDER).iterdir())
    assert {"index.html", "icon.svg"} <= set(names)
    assert {gateway.client.get(f"/graphiql/{name}").status_code for name in names} == {200}


@pytest.mark.parametrize(
    "address",
    ["/graphiql/nothing.js", "/graphiql/%2e%2e/page.py", "/graphiql/..%2fpage.py", "/nothing"],
)
def test_what_is_no_file_of_graphiql_is_404(gateway: RunningGateway, address: str) -> None:
    assert gateway.client.get(address).status_code == 404


def test_the_page_learns_of_accounts_in_a_demo_alone(gateway: RunningGateway) -> None:
    config = gateway.client.get("/graphiql/config.json").json()
    assert [account["username"] for account in config["demoAccounts"]] == [
        "admin",
        "manager",
        "salesperson",
        "warrior",
        "client",
    ]
    assert (config["demoPassword"], len(config["examples"])) == ("demo", 8)
    with running(replace(gateway.settings, demo=False), "no demo") as started:
        config = started.client.get("/graphiql/config.json").json()
    assert (config["demoAccounts"], config["demoPassword"]) == ([], None)


@pytest.mark.parametrize(
    "token", ["", "x", "a.b", "%2e%2e/iperform.sqlite", "%00", "x" * 5_000, "é", "a/b/c"]
)
def test_a_link_that_never_was_is_404(gateway: RunningGateway, token: str) -> None:
    answer = gateway.client.get(f"/files/{token}")
    assert (answer.status_code, answer.text) == (404, "This link has ended, or never was.\n")


def test_a_file_is_a_download_from_a_stranger(gateway: RunningGateway) -> None:
    query = "{ leads(first: 200) { nodes { files(first: 1) { nodes { name size url(expiresIn: 60) } } } } }"
    leads = gateway.data(query, as_user="admin")["leads"]["nodes"]
    file = next(file for lead in leads for file in lead["files"]["nodes"])
    link = file["url"][file["url"].index("/files/") :]
    answer = gateway.client.get(link)
    assert (answer.status_code, len(answer.content)) == (200, file["size"])
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    for edited in (
        link[:-1] + ("A" if link[-1] != "A" else "B"),
        link[:-1],
        link + "A",
        link.replace("/files/", "/files/A"),
    ):
        assert gateway.client.get(edited).status_code == 404
