"""Columns: each value is the row's own, masked on the rows of people who aren't the caller's business, or absent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.access.asking import CALLERS, Asking
from tests.oracle.catalogue import ROOT_LISTS, Field, fields_of
from tests.oracle.data import Row
from tests.oracle.evaluate import listed, readable, written
from tests.oracle.rules import COLUMNS_NOT_FOR_USER, SECRET_COLUMNS, Viewer

ROWS = 60
# How a lead's selection and conditions lead to rows of another type.
WAY_FROM_LEAD = {
    "PricingPlan": ("pricePlan", "{ %s }"),
    "WhatsappMessage": ("whatsappMessages", "{ nodes { %s } }"),
    "Mail": ("mails", "{ nodes { %s } }"),
}
JSON_COLUMNS = {"Lead": {"platformId": "platform_id"}}


def shown(viewer: Viewer, type_name: str) -> list[Field]:
    """The fields that the caller's schema has."""
    return [field for field in fields_of(type_name) if not viewer.lacks(type_name, field.column)]


@pytest.mark.parametrize("type_name", ROOT_LISTS.values())
@pytest.mark.parametrize("username", CALLERS)
def test_every_column_holds_the_rows_value_or_its_mask(asking: Asking, username: str, type_name: str) -> None:
    viewer = asking.viewer(username)
    fields, more = shown(viewer, type_name), JSON_COLUMNS.get(type_name, {})
    selection = f"nodes {{ {' '.join([*(field.name for field in fields), *more])} }}"
    got = asking.connection(username, type_name, selection=selection, first=ROWS)

    def expected(row: Row) -> dict[str, Any]:
        values = {
            field.name: written(field.kind, readable(viewer, type_name, row, field.column))
            for field in fields
        }
        return values | {name: row[column] for name, column in more.items()}

    assert got["nodes"] == [expected(row) for row in listed(viewer, type_name)[:ROWS]]


@pytest.mark.parametrize("username", CALLERS)
def test_mail_address_is_masked_on_the_rows_of_others(asking: Asking, username: str) -> None:
    viewer = asking.viewer(username)
    got = asking.connection(username, "User", selection="nodes { databaseId email }", first=500)
    expected = {row["id"]: readable(viewer, "User", row, "email") for row in viewer.seen("User")}
    assert {node["databaseId"]: node["email"] for node in got["nodes"]} == expected
    assert expected[viewer.id] is not None
    assert (None in expected.values()) is (username != "admin")


@pytest.mark.parametrize("username", CALLERS)
def test_last_login_is_masked_on_the_rows_of_others(asking: Asking, username: str) -> None:
    viewer = asking.viewer(username)
    got = asking.connection(username, "User", selection="nodes { databaseId lastLogin }", first=500)
    for node in got["nodes"]:
        info = next(iter(asking.data.where("SessionInfo", "user_id", node["databaseId"])), None)
        readable_here = info is None or not viewer.is_masked("SessionInfo", info, "last_login")
        if not readable_here:
            assert node["lastLogin"] is None
        elif info is not None and info["last_login"] is not None:
            # The tests themselves log in, so it may be later than the generated one.
            assert node["lastLogin"] is not None


@pytest.mark.parametrize("username", CALLERS)
def test_mask_holds_on_every_way_to_a_user(asking: Asking, username: str) -> None:
    viewer = asking.viewer(username)
    query = """{ leads(first: 100) { nodes {
        createdBy { databaseId email } warrior { user { databaseId email } }
        statusHistory(first: 2) { nodes { changedBy { databaseId email } } }
        tickets(first: 2) { nodes { assignedTo { databaseId email } } }
    } } }"""
    found: list[dict[str, Any]] = []

    def collect(value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                collect(item)
        elif isinstance(value, dict):
            if "email" in value:
                found.append(value)
            for item in value.values():
                collect(item)

    collect(asking.data_for(username, query))
    assert found
    for user in found:
        row = asking.data.one("User", user["databaseId"])
        assert row is not None
        assert user["email"] == readable(viewer, "User", row, "email")


@pytest.mark.parametrize("username", CALLERS)
def test_masked_column_answers_no_guess(asking: Asking, username: str) -> None:
    viewer = asking.viewer(username)
    for user in asking.data.rows("User")[:40]:
        where = {"email": {"eq": user["email"]}}
        known = viewer.visible("User", user) and not viewer.is_masked("User", user, "email")
        assert asking.all_ids(username, "User", where) == ([user["id"]] if known else []), user["id"]
    hidden = [user for user in viewer.seen("User") if viewer.is_masked("User", user, "email")]
    by_mail = [user["id"] for user in listed(viewer, "User", order=[{"field": "EMAIL", "direction": "ASC"}])]
    assert by_mail[: len(hidden)] == sorted((user["id"] for user in hidden), reverse=True)


@pytest.mark.parametrize(
    ("type_name", "column"),
    [
        (type_name, column)
        for type_name, columns in COLUMNS_NOT_FOR_USER.items()
        for column in sorted(columns)
    ],
)
def test_column_that_a_client_lacks_is_unknown_to_them(asking: Asking, type_name: str, column: str) -> None:
    field = next(field for field in fields_of(type_name) if field.column == column)
    path, condition = field.name, f"{{{field.name}: {{isNull: true}}}}"
    if type_name in WAY_FROM_LEAD:
        way, below = WAY_FROM_LEAD[type_name]
        path, condition = f"{way} {below % path}", f"{{{way}: {condition}}}"
    prefix = "PRICE_PLAN_" if type_name == "PricingPlan" else ""
    sorted_list = "leads"
    if type_name in ("WhatsappMessage", "Mail"):
        sorted_list = f"lead(databaseId: 1) {{ {way}"
    sorted_end = " }" if sorted_list != "leads" else ""
    for query in (
        f"{{ leads {{ nodes {{ {path} }} }} }}",
        f"{{ leads(where: {condition}) {{ totalCount }} }}",
        f"{{ leads(where: {{not: {{or: [{condition}]}}}}) {{ totalCount }} }}",
        f"{{ {sorted_list}(orderBy: [{{field: {prefix}{field.order}}}]) {{ totalCount }} }}{sorted_end}",
        f"{{ tickets(where: {{lead: {condition}}}) {{ totalCount }} }}",
        f"{{ leadStats(where: {condition}, groupBy: []) {{ count }} }}",
    ):
        refused = asking.gateway.query(query, as_user="client")
        assert refused.get("data") is None, query
        assert {error["extensions"]["code"] for error in refused["errors"]} == {
            "GRAPHQL_VALIDATION_FAILED"
        }, query
        assert "errors" not in asking.gateway.query(query, as_user="warrior"), query


@pytest.mark.parametrize(
    ("type_name", "column"),
    [(type_name, column) for type_name, columns in SECRET_COLUMNS.items() for column in sorted(columns)],
)
def test_secret_column_is_in_nobodys_schema(asking: Asking, type_name: str, column: str) -> None:
    first, *others = column.split("_")
    name = first + "".join(map(str.capitalize, others))
    query = f'{{ node(id: "eA==") {{ ... on {type_name} {{ {name} }} }} }}'
    for username in CALLERS:
        answer = asking.gateway.query(query, as_user=username)
        assert answer.get("data") is None
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}
