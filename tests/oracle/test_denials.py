"""What a role's `permissions` take away from its schema, worked out by hand from the policy."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oracle.data import Data
from tests.oracle.rules import Viewer, denied_fields
from tests.oracle.schema import Schema, schema_of
from tests.oracle.test_rules import TEAM, estate


def viewer(number: int, *denied: str, role: int | None = None) -> Viewer:
    """User `number` of the team, with these denials of their role, or of another role."""
    data: Data = estate(**TEAM)
    user = data.one("User", number)
    assert user is not None
    for row in data.rows("Role"):
        if row["id"] == (role or user["role_id"]):
            row["permissions"] = {"deny": list(denied)}
    return Viewer(data, number)


def schema(*denied: str) -> Schema:
    """ADMIN's schema with these denials."""
    return schema_of(viewer(1, *denied))


@pytest.mark.parametrize(
    ("permissions", "expected"),
    [
        ({"deny": ["Lead.status", "User.email"]}, {("Lead", "status"), ("User", "email")}),
        ({"deny": ["Lead", "a.b.c", 7, None]}, set()),
        ({"deny": "Lead.status"}, {("Lead", "status")}),
        ({"allow": ["Lead.status"]}, set()),
        ("Lead.status", set()),
        (None, set()),
    ],
)
def test_denials_are_names_of_fields(permissions: Any, expected: set[tuple[str, str]]) -> None:
    assert denied_fields(permissions) == expected


def test_denied_column_is_gone_in_every_use() -> None:
    denied = schema("Lead.status")
    assert "status" not in denied.cells("Lead")
    assert "status" not in denied.columns("Lead")
    assert "STATUS" not in denied.orders("Lead")
    assert "LEAD_STATUS" not in denied.orders("Ticket")
    assert "LEAD_LEAD_STATUS" in denied.orders("Ticket")
    assert "STATUS" not in denied.groups
    assert "status" in denied.cells("Ticket")


@pytest.mark.parametrize(
    ("denied", "groups"),
    [
        ("Lead.industry", ["STATUS", "SOURCE", "COMPANY", "WARRIOR", "MONTH"]),
        ("Lead.createdOn", ["STATUS", "INDUSTRY", "SOURCE", "COMPANY", "WARRIOR"]),
        ("Lead.companyId", ["STATUS", "INDUSTRY", "SOURCE", "WARRIOR", "MONTH"]),
        ("Lead.company", ["STATUS", "INDUSTRY", "SOURCE", "COMPANY", "WARRIOR", "MONTH"]),
        ("Lead.warriorId", ["STATUS", "INDUSTRY", "SOURCE", "COMPANY", "WARRIOR", "MONTH"]),
    ],
)
def test_group_goes_with_its_column(denied: str, groups: list[str]) -> None:
    assert schema(denied).groups == groups


def test_aggregates_go_with_their_column() -> None:
    assert schema("Lead.tentativeValue").statistics == ["group", "count", "probabilityAverage"]
    assert schema("Lead.probability").statistics == [
        *("group", "count", "tentativeValueSum", "tentativeValueTotal")
    ]
    assert schema("LeadStats.tentativeValueSum").statistics == [
        *("group", "count", "tentativeValueTotal", "probabilityAverage")
    ]


def test_relation_by_a_denied_column_is_gone_from_both_ends() -> None:
    denied = schema("Lead.companyId")
    assert "company" not in denied.relations("Lead")
    assert "leads" not in denied.relations("Company")
    assert not denied.has_field("LeadStats", "company")
    assert not any(name.startswith("COMPANY_") for name in denied.orders("Lead"))
    assert "company" in denied.relations("Ticket")


def test_denied_relation_goes_alone() -> None:
    denied = schema("Lead.company")
    assert "company" not in denied.relations("Lead")
    assert not any(name.startswith("COMPANY_") for name in denied.orders("Lead") if name != "COMPANY_ID")
    assert "companyId" in denied.columns("Lead")
    assert "COMPANY_ID" in denied.orders("Lead")
    assert "leads" in denied.relations("Company")
    assert denied.has_field("LeadStats", "company")


def test_field_that_is_worked_out_goes_with_its_column() -> None:
    assert "role" not in schema("User.roleId").cells("User")
    assert "roleId" in schema("User.role").columns("User")
    assert not schema("Lead.driveLocation").has_field("Lead", "files")
    assert "mobile1" not in schema("ClientUser.mobile1").cells("ClientUser")
    assert "mobile2" in schema("ClientUser.mobile1").cells("ClientUser")
    assert "lastLogin" not in schema("User.lastLogin").cells("User")


def test_root_field_can_be_denied() -> None:
    assert "leads" not in schema("Query.leads").lists
    assert "leads" in schema("Query.leads").relations("Company")
    assert "lead" in schema("Query.leads").singles


def test_names_that_are_not_there_change_nothing_and_nothing_is_widened() -> None:
    plain, denied = (
        schema(),
        schema("Lead.nothing", "Nothing.status", "Lead.Status", " Lead.status", "*.status"),
    )
    assert denied.cells("Lead") == plain.cells("Lead")
    assert viewer(5, "Lead.status").lacks("Lead", "tentative_value")
    assert viewer(1, "User.email").lacks("User", "password")


def test_denials_are_of_the_role_alone() -> None:
    assert viewer(3, "Lead.status").lacks("Lead", "status")
    assert not viewer(3, "Lead.status", role=5).lacks("Lead", "status")


def test_rows_do_not_depend_on_denials() -> None:
    denied = viewer(3, "Lead.companyId", "Lead.warrior", "Lead.databaseId")
    assert denied.ids("Lead") == viewer(3).ids("Lead")
