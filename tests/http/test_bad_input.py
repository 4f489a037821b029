"""Bad input gets a coded error with a sentence that says what to send instead, never a 5xx, and gives nothing away."""

from __future__ import annotations

import base64
import re
import time
from typing import Any

import httpx
import pytest

from tests.gateways import REQUEST_ID, RunningGateway
from tests.http.asking import ask, errors
from tests.http.bad_input import BAD, CASES, NO_CURSOR, Case, global_id

# What only the log may hold: stacks, exceptions, SQL, places.
LEAKS = re.compile(
    r"Traceback|File \"|\.py\b|[A-Z][a-z]+Error\b|Exception|sqlalchemy|sqlite|aiomysql|pymysql|clickhouse|chdb|asyncio"
    r"|\bSELECT\b|\bFROM\b|\bWHERE\b|127\.0\.0\.1|localhost|/tmp/|/home/|/root/|/usr/|0x[0-9a-f]{6}"
)


# When a link to the embedded store ends stands at its beginning.
LINK_END_BYTES = 8


def _asked(gateway: RunningGateway, case: Case) -> httpx.Response:
    return ask(gateway, case.query, case.variables, token=gateway.login("admin"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_input_is_refused_with_a_code_and_a_sentence(gateway: RunningGateway, case: Case) -> None:
    answer = _asked(gateway, case)
    assert answer.status_code == 200
    (error,) = errors(answer)
    assert error["extensions"] == {"code": case.code, "requestId": REQUEST_ID, "retryable": False}
    assert case.sentence in error["message"]
    assert len(error["message"]) <= 502
    assert not LEAKS.search(error["message"])
    if case.path is not None:
        assert error["path"][: len(case.path)] == case.path
    if "data" not in answer.json():
        assert "path" not in error


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.code == BAD and len(case.query) < 2_000][::5],
    ids=lambda case: case.name,
)
def test_bad_input_is_refused_alike_on_every_estate(every_gateway: RunningGateway, case: Case) -> None:
    (error,) = errors(_asked(every_gateway, case))
    assert (error["extensions"]["code"], case.sentence in error["message"]) == (BAD, True)


def test_what_was_bad_is_not_said_back_at_length(gateway: RunningGateway) -> None:
    fields = " ".join(f"lead{number}" for number in range(2)) + " " + "x" * 5_000
    assert max(len(error["message"]) for error in errors(ask(gateway, f"{{ {fields} }}"))) == 502


def test_many_mistakes_are_told_ten_at_a_time(gateway: RunningGateway) -> None:
    found = errors(ask(gateway, "{" + " ".join(f"nothing{number}" for number in range(100)) + "}"))
    assert len(found) == 11
    assert found[-1]["message"] == "Too many validation errors, error limit reached. Validation aborted."
    assert {error["extensions"]["code"] for error in found} == {"GRAPHQL_VALIDATION_FAILED"}


def test_a_bad_field_costs_itself_alone(gateway: RunningGateway) -> None:
    answer = ask(
        gateway,
        '{ bad: lead(id: "x") { id } good: lead(databaseId: 5006) { databaseId } }',
        token=gateway.login("admin"),
    )
    assert answer.json()["data"] == {"bad": None, "good": {"databaseId": 5006}}
    assert [error["path"] for error in errors(answer)] == [["bad"]]


# --- cursors ------------------------------------------------------------------------------------------------


def _cursor(gateway: RunningGateway, field: str) -> str:
    found: list[dict[str, Any]] = gateway.data(
        f"{{ list: {field} {{ edges {{ cursor }} }} }}", as_user="admin"
    )["list"]["edges"]
    return str(found[-1]["cursor"])


def _after(
    gateway: RunningGateway, cursor: str, *, order: str = "", selection: str = "nodes { id }"
) -> dict[str, Any]:
    query = f"query ($c: String) {{ leads(first: 2, after: $c {order}) {{ {selection} }} }}"
    return gateway.query(query, {"c": cursor}, as_user="admin")


@pytest.mark.parametrize(
    "foreign",
    [
        "leads(first: 2, orderBy: [{field: FIRM_NAME}])",
        "leads(first: 2, orderBy: [{field: FIRM_NAME, direction: DESC}])",
        'leads(first: 2, where: {status: {eq: "New"}})',
        "tickets(first: 2)",
    ],
)
@pytest.mark.parametrize("selection", ["nodes { id }", "totalCount", "totalCount pageInfo { endCursor }"])
def test_the_cursor_of_another_list_is_refused(gateway: RunningGateway, foreign: str, selection: str) -> None:
    (error,) = _after(gateway, _cursor(gateway, foreign), selection=selection)["errors"]
    assert (error["extensions"]["code"], error["message"], error["path"]) == (BAD, NO_CURSOR, ["leads"])


def test_a_list_is_counted_whole_whatever_its_cursor_and_nothing_else_is_read(
    gateway: RunningGateway,
) -> None:
    cursor, token = _cursor(gateway, "leads(first: 2)"), gateway.login("admin")
    counts = []
    for after in ("null", f'"{cursor}"', '"abc"'):
        with gateway.counted() as statements:
            answer = ask(gateway, f"{{ leads(after: {after}) {{ totalCount }} }}", token=token).json()
        read = [statement.text for statement in statements if "FROM leads" in statement.text]
        counts.append((len(read), (answer["data"] or {}).get("leads")))
    assert counts[0] == counts[1] == (1, counts[0][1])
    assert counts[2] == (0, None)


def test_the_cursor_of_another_parents_list_fits_no_root_list(gateway: RunningGateway) -> None:
    nested = gateway.data(
        "{ tickets(first: 1) { nodes { comments(first: 1) { edges { cursor } } } } }", as_user="admin"
    )
    cursors = [edge["cursor"] for node in nested["tickets"]["nodes"] for edge in node["comments"]["edges"]]
    for cursor in [*cursors, global_id("Lead:5006")]:
        assert _after(gateway, cursor)["errors"][0]["message"] == NO_CURSOR


ORDER = ", orderBy: [{field: FIRM_NAME}, {field: CREATED_ON}]"


@pytest.mark.parametrize("order", ["", ORDER])
def test_a_cursor_with_any_one_letter_edited_is_refused(gateway: RunningGateway, order: str) -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    whole = gateway.data(f"{{ leads(first: 50 {order}) {{ edges {{ cursor }} }} }}", as_user="admin")[
        "leads"
    ]["edges"]
    # Of every length, as the last letter of some holds bits that stand for nothing.
    cursors = {len(edge["cursor"]) % 4: edge["cursor"] for edge in whole}
    for cursor in cursors.values():
        assert "errors" not in _after(gateway, cursor, order=order)
        edits = [
            cursor[:place] + letters[(letters.index(letter) + step) % 64] + cursor[place + 1 :]
            for place, letter in enumerate(cursor)
            for step in (1, 32)
        ]
        edits += [
            cursor + "=",
            cursor + "A",
            cursor[:-1],
            cursor[1:],
            " " + cursor,
            cursor + "\n",
            cursor + cursor,
        ]
        # In one request, an alias each: a bad page costs all of them, so each list is asked for by itself.
        for edited in edits:
            (error,) = _after(gateway, edited, order=order)["errors"]
            assert (error["extensions"]["code"], error["message"]) == (BAD, NO_CURSOR)


def test_a_cursor_carries_no_authority(gateway: RunningGateway) -> None:
    cursor = _cursor(gateway, "leads(first: 2)")
    query = "query ($c: String) { leads(first: 500, after: $c) { nodes { databaseId } } }"
    own = gateway.data("{ leads(first: 500) { nodes { databaseId } } }", as_user="warrior")["leads"]["nodes"]
    after = gateway.data(query, {"c": cursor}, as_user="warrior")["leads"]["nodes"]
    assert [node for node in after if node not in own] == []


# --- input that is unusual, and good ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "matches"),
    [
        ("null", "all"),
        ("{}", "all"),
        ("{and: []}", "all"),
        ("{and: {}}", "all"),
        ("{or: []}", "none"),
        ("{or: [{}]}", "all"),
        ("{not: {}}", "none"),
        ("{not: {or: []}}", "all"),
        ("{status: {}}", "all"),
        ("{databaseId: {in: []}}", "none"),
        ("{databaseId: {notIn: []}}", "all"),
        ('{firmName: {eq: "\\u0000"}}', "none"),
        ("{databaseId: {gt: 2147483647}}", "none"),
        ("{databaseId: {gte: -2147483648}}", "all"),
        ('{createdOn: {lt: "0002-01-01T00:00:00Z"}}', "none"),
        ('{createdOn: {gt: "9998-12-31T23:59:59-23:59"}}', "none"),
        ('{planExpiryDate: {gt: "9999-12-31"}}', "none"),
        ('{planExpiryDate: {lt: "0001-01-01"}}', "none"),
        (
            '{warrior: {salesperson: {targetValue: {gt: "-99999999999999999999999999999999999999999999.5"}}}}',
            "some",
        ),
        ('{warrior: {salesperson: {targetValue: {gt: "1E40"}}}}', "none"),
    ],
)
def test_conditions_at_the_edges_match_all_or_nothing(
    every_gateway: RunningGateway, where: str, matches: str
) -> None:
    query = f"{{ all: leads {{ totalCount }} some: leads(where: {where}) {{ totalCount }} }}"
    data = every_gateway.data(query, as_user="admin")
    every, found = data["all"]["totalCount"], data["some"]["totalCount"]
    assert found == {"all": every, "none": 0}.get(matches, found)
    assert matches != "some" or 0 < found <= every


@pytest.mark.parametrize(("page", "more"), [("first: 0", (True, False)), ("last: 0", (False, True))])
def test_an_empty_page_says_where_it_lies(
    gateway: RunningGateway, page: str, more: tuple[bool, bool]
) -> None:
    parts = "totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
    leads = gateway.data(f"{{ leads({page}) {{ {parts} }} }}", as_user="admin")["leads"]
    assert leads["nodes"] == []
    assert leads["totalCount"] > 4_000
    assert leads["pageInfo"] == {
        "hasNextPage": more[0],
        "hasPreviousPage": more[1],
        "startCursor": None,
        "endCursor": None,
    }


def test_five_hundred_aliases_of_a_list_are_answered(gateway: RunningGateway) -> None:
    query = "{" + " ".join(f"a{number}: leads(first: 1) {{ nodes {{ id }} }}" for number in range(500)) + "}"
    data = gateway.data(query, as_user="salesperson")
    assert len(data) == 500
    assert len({str(leads) for leads in data.values()}) == 1


@pytest.mark.parametrize(
    ("definitions", "seconds", "variables"),
    [
        ("", "null", {}),
        ("query ($s: Int)", "$s", {"s": None}),
        ("query ($s: Int)", "$s", {}),
        ("query ($s: Int = null)", "$s", {}),
    ],
)
def test_a_link_of_no_time_lasts_as_long_as_one_of_which_nothing_is_said(
    gateway: RunningGateway, definitions: str, seconds: str, variables: dict[str, Any]
) -> None:
    links = f"odd: url(expiresIn: {seconds}) usual: url"
    query = (
        f"{definitions} {{ leads(first: 100) {{ nodes {{ files(first: 1) {{ nodes {{ {links} }} }} }} }} }}"
    )
    nodes = gateway.data(query, variables, as_user="admin")["leads"]["nodes"]
    files = [file for node in nodes for file in node["files"]["nodes"]]
    assert files
    for file in files:
        # Signed side by side, they may fall into two seconds.
        assert abs(_end_of(file["odd"]) - _end_of(file["usual"])) <= 1
        assert abs(_end_of(file["odd"]) - time.time() - 300) < 30


def _end_of(link: str) -> int:
    """When a link to the embedded store ends, which it begins with."""
    sealed = link.rpartition("/")[2].partition(".")[0]
    return int.from_bytes(base64.urlsafe_b64decode(sealed + "==")[:LINK_END_BYTES], "big")


@pytest.mark.parametrize("seconds", ["0", "-1", "604801", "2147483647"])
def test_a_link_of_an_impossible_time_is_refused(gateway: RunningGateway, seconds: str) -> None:
    query = f"{{ leads(first: 100) {{ nodes {{ files(first: 1) {{ nodes {{ url(expiresIn: {seconds}) }} }} }} }} }}"
    found = errors(ask(gateway, query, token=gateway.login("admin")))
    assert {(error["extensions"]["code"], error["message"]) for error in found} == {
        (BAD, "`expiresIn` is in seconds, from 1 to 604800.")
    }
