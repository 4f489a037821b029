"""The oracle itself, against tiny hand-made estates and answers worked out by hand from the policy."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.oracle.catalogue import RELATIONS, fields_of
from tests.oracle.data import Data, Row
from tests.oracle.evaluate import asks_for_deleted, in_order, lead_stats, listed, page
from tests.oracle.rules import Caller, Viewer, listed_ids, named_id

ROLES = {1: "ADMIN", 2: "USER", 3: "SALESPERSON", 4: "WARRIOR", 5: "MANAGER"}


def estate(**tables: list[Row]) -> Data:
    """An estate with the five roles, and with every column of a row that isn't given as None."""
    roles = [
        {"id": number, "role_name": name, "permissions": None, "view_list": "b, a" if number == 3 else None}
        for number, name in ROLES.items()
    ]
    names = {"magenta_user": "magenta.user"}
    filled: dict[str, list[Row]] = {"iperform.role": roles}
    for name, rows in tables.items():
        database = (
            "magenta" if name in ("company", "user_setting", "view_setting", "pricing_plan") else "iperform"
        )
        table = names.get(name, f"{database}.{name}")
        filled[table] = [COLUMNS[name] | row for row in rows]
    return Data(filled)


def nulls(type_name: str, *more: str) -> Row:
    """A row of a type in which everything is None."""
    return dict.fromkeys([*(field.column for field in fields_of(type_name)), *more])


COLUMNS: dict[str, Row] = {
    "user": nulls("User", "created_by", "changed_by") | {"active": True},
    "leads": nulls("Lead", "warrior_id", "shared_salesperson_id", "created_by", "changed_by")
    | {"is_deleted": 0},
    "warrior": nulls("Warrior") | {"active": True},
    "salesperson": nulls("Salesperson") | {"active": True},
    "tickets": nulls("Ticket", "assigned_to", "created_by"),
    "ticket_communication": nulls("TicketComment", "commented_by"),
    "lead_status": nulls("StatusChange", "changed_by"),
    "iperform_mail": nulls("Mail"),
    "whatsapp_messages": nulls("WhatsappMessage"),
    "partner_company": nulls("PartnerCompany"),
    "all_session": nulls("UserSession"),
    "company": nulls("Company"),
    "magenta_user": nulls("ClientUser", "created_by") | {"active": True},
    "user_setting": nulls("UserSetting"),
    "view_setting": nulls("SavedView"),
}


def user(number: int, role: int, **more: Any) -> Row:
    return {"id": number, "username": f"u{number}", "email": f"u{number}@x", "role_id": role, **more}


def ids(viewer: Caller, type_name: str) -> list[int]:
    return sorted(viewer.ids(type_name))


# --- lists of ids -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", {12}),
        ("1,2", {1, 2}),
        (" 1 ,\t2,,x,3 ", {1, 2, 3}),
        ("1 2", set()),
        ("02,+2,2.0,-2,2x,0x2,2e0", set()),
        ("٢,２", set()),
        ("0", set()),
        ("2;3", set()),
        ("", set()),
        (None, set()),
    ],
)
def test_list_holds_whole_ids_only(text: str | None, expected: set[int]) -> None:
    assert listed_ids(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", 5),
        (" 5", None),
        ("5 ", None),
        ("05", None),
        ("5,6", None),
        ("٥", None),
        ("", None),
        (None, None),
    ],
)
def test_text_names_a_warrior_only_as_its_plain_id(text: str | None, expected: int | None) -> None:
    assert named_id(text) == expected


# --- the policy's terms -----------------------------------------------------------------------------------

PYRAMID: list[Row] = [
    {"id": 1, "user_id": 10},
    {"id": 2, "user_id": 11, "manager_id": 1},
    {"id": 3, "user_id": 12, "manager_id": 2, "active": False},
    {"id": 4, "user_id": 13, "manager_id": 3},
    {"id": 5, "user_id": 14, "manager_id": 2},
    {"id": 6, "user_id": 15, "manager_id": 5, "active": None},
    {"id": 7, "user_id": 16},
]


def test_team_goes_down_at_any_depth_and_stops_at_the_inactive() -> None:
    data = estate(user=[user(10, 5), user(16, 5)], salesperson=PYRAMID)
    assert Viewer(data, 10).sales() == {1}
    assert Viewer(data, 10).team() == {1, 2, 5}
    assert Viewer(data, 16).team() == {7}


def test_cycle_neither_hangs_nor_widens_a_team() -> None:
    loop: list[Row] = [
        {"id": 1, "user_id": 10, "manager_id": 3},
        {"id": 2, "user_id": 11, "manager_id": 1},
        {"id": 3, "user_id": 12, "manager_id": 2},
        {"id": 4, "user_id": 13, "manager_id": 4},
    ]
    data = estate(user=[user(10, 5), user(13, 5)], salesperson=loop)
    assert Viewer(data, 10).team() == {1, 2, 3}
    assert Viewer(data, 13).team() == {4}


def test_warriors_are_those_below_and_those_listed_if_active() -> None:
    data = estate(
        user=[user(10, 3)],
        salesperson=[{"id": 2, "user_id": 10, "under_salesperson": "7, 8,x"}, {"id": 12, "user_id": 99}],
        warrior=[
            {"id": 5, "user_id": 20, "salesperson_id": 2},
            {"id": 6, "user_id": 20, "salesperson_id": 2, "active": False},
            {"id": 7, "user_id": 20, "salesperson_id": 12},
            {"id": 8, "user_id": 20, "active": None},
            {"id": 77, "user_id": 20, "salesperson_id": 12},
        ],
    )
    assert Viewer(data, 10).warriors({2}) == {5, 7}


def test_client_company_is_that_of_an_active_client_user() -> None:
    data = estate(
        user=[user(1, 2, user_id=100), user(2, 2, user_id=101), user(3, 2)],
        magenta_user=[
            {"id": 100, "company_id": 3},
            {"id": 101, "company_id": 3, "active": None},
        ],
    )
    assert [Viewer(data, number).client_company() for number in (1, 2, 3)] == [3, None, None]


def test_inactive_user_is_nobody() -> None:
    data = estate(user=[user(1, 1, active=False), user(2, 1, active=None)])
    for number in (1, 2, 3):
        with pytest.raises(ValueError, match="isn't active"):
            Viewer(data, number)


# --- leads ------------------------------------------------------------------------------------------------

STAFF = [user(1, 1), user(2, 5), user(3, 3), user(4, 4), user(5, 2, user_id=100), user(6, 3), user(7, 4)]
SALESPEOPLE: list[Row] = [
    {"id": 1, "user_id": 2},
    {"id": 2, "user_id": 3, "manager_id": 1},
    {"id": 12, "user_id": 6},
]
WARRIORS: list[Row] = [
    {"id": 30, "user_id": 4, "salesperson_id": 2},
    {"id": 31, "user_id": 7, "salesperson_id": 12},
    {"id": 32, "user_id": 4, "salesperson_id": 12, "active": False},
    {"id": 33, "user_id": 7, "salesperson_id": 1},
]
CLIENTS: list[Row] = [{"id": 100, "company_id": 3}]
LEADS: list[Row] = [
    {"id": 1, "company_id": 3, "warrior_id": "30"},
    {"id": 2, "company_id": 4, "warrior_id": "31"},
    {"id": 3, "company_id": 4, "warrior_id": "32"},
    {"id": 4, "company_id": 4, "warrior_id": "33"},
    {"id": 5, "company_id": 4, "warrior_id": " 30"},
    {"id": 6, "company_id": 3, "shared_salesperson_id": "12"},
    {"id": 7, "company_id": 4, "shared_salesperson_id": "x, 2 "},
    {"id": 8, "company_id": 4, "shared_salesperson_id": "1"},
    {"id": 9, "company_id": 3, "warrior_id": "30", "is_deleted": 1},
    {"id": 10, "company_id": 9, "warrior_id": "30", "is_deleted": None},
    {"id": 11, "company_id": 4, "warrior_id": "30", "is_deleted": 2},
]
TEAM: dict[str, list[Row]] = {
    "user": STAFF,
    "salesperson": SALESPEOPLE,
    "warrior": WARRIORS,
    "magenta_user": CLIENTS,
    "leads": LEADS,
}


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1, [1, 2, 3, 4, 5, 6, 7, 8, 10, 11]),
        (2, [1, 4, 7, 8, 10, 11]),
        (3, [1, 7, 10, 11]),
        (4, [1, 10, 11]),
        (5, [1, 6]),
        (6, [2, 6]),
        (7, [2, 4]),
    ],
)
def test_lead_is_visible_to_its_owners(number: int, expected: list[int]) -> None:
    assert ids(Viewer(estate(**TEAM), number), "Lead") == expected


def test_deleted_lead_is_visible_to_admin_alone_when_asked_for() -> None:
    data = estate(**TEAM)
    lead = data.one("Lead", 9)
    assert lead is not None
    assert [Viewer(data, number).visible("Lead", lead, deleted=True) for number in (1, 2, 3, 4, 5)] == [
        True,
        False,
        False,
        False,
        False,
    ]
    assert not Viewer(data, 1).visible("Lead", lead)
    deleted = {"isDeleted": {"eq": 1}}
    assert [row["id"] for row in listed(Viewer(data, 1), "Lead", deleted)] == [9]
    assert listed(Viewer(data, 2), "Lead", deleted) == []
    assert 9 not in [row["id"] for row in listed(Viewer(data, 1), "Lead", {"status": {"isNull": True}})]


def test_condition_asks_for_deleted_leads_by_naming_the_column_on_them() -> None:
    assert asks_for_deleted({"or": [{"not": {"isDeleted": {"eq": 0}}}]})
    assert not asks_for_deleted({"company": {"leads": {"isDeleted": {"eq": 1}}}})
    assert not asks_for_deleted(None)


# --- rows of leads, tickets, companies --------------------------------------------------------------------


def test_rows_of_a_lead_follow_it() -> None:
    changes = [{"id": 1, "lead_id": 1}, {"id": 2, "lead_id": 2}, {"id": 3, "lead_id": 9}]
    messages = [{"id": 1, "lead_id": 1}, {"id": 2}]
    data = estate(**TEAM, lead_status=changes, whatsapp_messages=messages)
    assert [ids(Viewer(data, number), "StatusChange") for number in (1, 3, 6)] == [[1, 2, 3], [1], [2]]
    assert [ids(Viewer(data, number), "WhatsappMessage") for number in (1, 3, 6)] == [[1, 2], [1], []]


def test_mail_without_a_lead_is_its_own_users() -> None:
    mails = [
        {"id": 1, "lead_id": 1, "user_id": 6},
        {"id": 2, "lead_id": 2, "user_id": 3},
        {"id": 3, "user_id": 3},
        {"id": 4, "user_id": 6},
    ]
    data = estate(**TEAM, iperform_mail=mails)
    assert [ids(Viewer(data, number), "Mail") for number in (1, 3, 6)] == [[1, 2, 3, 4], [1, 3], [2, 4]]


TICKETS: list[Row] = [
    {"id": 1, "lead_id": 1, "company_id": 3},
    {"id": 2, "lead_id": 2, "company_id": 4},
    {"id": 3, "company_id": 5, "assigned_to": 4},
    {"id": 4, "company_id": 3, "created_by": 6},
    {"id": 5, "company_id": 6, "assigned_to": 3},
    {"id": 6, "company_id": 7, "created_by": 4},
    {"id": 7, "lead_id": 9, "company_id": 8},
]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1, [1, 2, 3, 4, 5, 6, 7]),
        (2, [1, 3, 5]),
        (3, [1, 5]),
        (4, [1, 3, 6]),
        (5, [1, 4]),
        (6, [2, 4]),
        (7, [2]),
    ],
)
def test_ticket_is_visible_by_its_lead_its_people_or_its_company(number: int, expected: list[int]) -> None:
    data = estate(
        **TEAM,
        tickets=TICKETS,
        ticket_communication=[{"id": row["id"], "ticket_id": row["id"]} for row in TICKETS],
    )
    assert ids(Viewer(data, number), "Ticket") == expected
    assert ids(Viewer(data, number), "TicketComment") == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [(1, list(range(3, 11))), (3, [3, 4, 6, 9]), (4, [3, 4, 5, 7, 9]), (5, [3]), (6, [3, 4])],
)
def test_company_is_visible_by_a_lead_or_ticket_of_it(number: int, expected: list[int]) -> None:
    companies = [{"id": company} for company in range(3, 11)]
    data = estate(**TEAM, tickets=TICKETS, company=companies)
    assert ids(Viewer(data, number), "Company") == expected


def test_client_without_leads_sees_their_company_and_its_people() -> None:
    data = estate(**{**TEAM, "leads": []}, company=[{"id": 3}, {"id": 4}])
    assert ids(Viewer(data, 5), "Company") == [3]
    assert ids(Viewer(data, 5), "ClientUser") == [100]
    assert ids(Viewer(data, 3), "ClientUser") == []


def test_client_sees_the_people_of_their_leads_and_staff_sees_everybody() -> None:
    data = estate(
        **TEAM,
        partner_company=[{"id": 1}, {"id": 2}],
    )
    client, salesperson = Viewer(data, 5), Viewer(data, 3)
    # Lead 1 is of warrior 30 (user 4), who works for salesperson 2 (user 3).
    assert ids(client, "User") == [3, 4, 5]
    assert ids(client, "Warrior") == [30, 32]
    assert ids(client, "Salesperson") == [2]
    assert ids(client, "PartnerCompany") == []
    assert ids(salesperson, "User") == [1, 2, 3, 4, 5, 6, 7]
    assert ids(salesperson, "Warrior") == [30, 31, 32, 33]
    assert ids(salesperson, "PartnerCompany") == [1, 2]


def test_inactive_warrior_of_a_lead_shows_a_client_nobody() -> None:
    lead = [{"id": 1, "company_id": 3, "warrior_id": "32"}]
    assert ids(Viewer(estate(**{**TEAM, "leads": lead}), 5), "User") == [5]


def test_client_sees_the_partner_of_a_warrior_they_see() -> None:
    warriors = [{**WARRIORS[0], "partner_company_id": 2}, *WARRIORS[1:]]
    data = estate(**{**TEAM, "warrior": warriors}, partner_company=[{"id": 1}, {"id": 2}])
    assert ids(Viewer(data, 5), "PartnerCompany") == [2]


def test_settings_and_sessions_are_ones_own() -> None:
    data = estate(
        **TEAM,
        user_setting=[{"id": 1, "user_id": 100}, {"id": 2, "user_id": 5}],
        view_setting=[{"id": 1, "user_id": 100}, {"id": 2, "user_id": 5}],
        all_session=[{"id_session": 1, "user_id": 5}, {"id_session": 2, "user_id": 4}],
    )
    client, warrior, admin = Viewer(data, 5), Viewer(data, 4), Viewer(data, 1)
    assert [ids(viewer, "UserSetting") for viewer in (client, warrior, admin)] == [[1], [], [1, 2]]
    assert [ids(viewer, "SavedView") for viewer in (client, warrior, admin)] == [[1], [], [1, 2]]
    assert [
        [row["id_session"] for row in viewer.seen("UserSession")] for viewer in (client, warrior, admin)
    ] == [
        [1],
        [2],
        [1, 2],
    ]


def test_mail_address_is_for_oneself_admin_and_those_above() -> None:
    data = estate(**TEAM)

    def readable(number: int) -> list[int]:
        viewer = Viewer(data, number)
        return [row["id"] for row in viewer.seen("User") if not viewer.is_masked("User", row, "email")]

    assert readable(1) == [1, 2, 3, 4, 5, 6, 7]
    assert readable(2) == [2, 3, 4, 7]
    assert readable(3) == [3, 4]
    assert readable(4) == [4]
    assert readable(5) == [5]
    assert readable(6) == [6, 7]


def test_client_lacks_contact_and_value_columns_and_everybody_the_secrets() -> None:
    data = estate(**TEAM)
    client, warrior = Viewer(data, 5), Viewer(data, 4)
    assert client.lacks("Lead", "client_email_id")
    assert client.lacks("Lead", "tentative_value")
    assert client.lacks("PricingPlan", "plan_price")
    assert not client.lacks("Lead", "client_first_name")
    assert not warrior.lacks("Lead", "tentative_value")
    assert warrior.lacks("User", "password")


def test_report_is_for_roles_whose_view_list_names_it() -> None:
    data = estate(**TEAM)
    assert [Viewer(data, number).sees_report("a") for number in (1, 3, 4)] == [True, True, False]
    assert not Viewer(data, 3).sees_report("ab")


# --- lists ------------------------------------------------------------------------------------------------

PLAIN: list[Row] = [
    {"id": 1, "status": "Won", "firm_name": "Éclair", "probability": 10, "company_id": 3, "warrior_id": "30"},
    {
        "id": 2,
        "status": "won",
        "firm_name": "eclair",
        "probability": None,
        "company_id": 4,
        "warrior_id": "31",
    },
    {"id": 3, "status": None, "firm_name": None, "probability": 30, "company_id": 99, "warrior_id": " 30"},
    {"id": 4, "status": "Won ", "firm_name": "Zed", "probability": 20, "company_id": 4, "warrior_id": "30"},
]


def plain() -> Viewer:
    companies = [{"id": 3, "company_name": "Three", "city": "Pune"}, {"id": 4, "company_name": "Four"}]
    return Viewer(estate(**{**TEAM, "leads": PLAIN}, company=companies, tickets=TICKETS[1:2]), 1)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (None, [4, 3, 2, 1]),
        ({"status": {"eq": "Won"}}, [1]),
        ({"status": {"ne": "Won"}}, [4, 2]),
        ({"not": {"status": {"eq": "Won"}}}, [4, 3, 2]),
        ({"not": {"status": {"ne": "Won"}}}, [3, 1]),
        ({"status": {"in": ["Won", "won"]}}, [2, 1]),
        ({"status": {"notIn": ["Won", "won"]}}, [4]),
        ({"status": {"isNull": True}}, [3]),
        ({"status": {"isNull": False}}, [4, 2, 1]),
        ({"status": {"lt": "Won "}}, [1]),
        ({"status": {"contains": "WON"}}, [4, 2, 1]),
        ({"firmName": {"startsWith": "ÉC"}}, [1]),
        ({"firmName": {"startsWith": "EC"}}, [2]),
        ({"firmName": {"contains": "%"}}, []),
        ({"probability": {"gte": 10, "lt": 30}}, [4, 1]),
        ({"probability": {"lte": 10}}, [1]),
        ({"or": [{"probability": {"gt": 20}}, {"status": {"eq": "won"}}]}, [3, 2]),
        ({"and": [{"probability": {"gte": 10}}, {"companyId": {"eq": 4}}]}, [4]),
        ({"company": {"city": {"isNull": True}}}, [4, 2]),
        ({"company": {}}, [4, 2, 1]),
        ({"not": {"company": {"city": {"eq": "Pune"}}}}, [4, 3, 2]),
        ({"warrior": {"salesperson": {"user": {"username": {"eq": "u3"}}}}}, [4, 1]),
        ({"tickets": {"databaseId": {"eq": 2}}}, [2]),
        ({"tickets": {}}, [2]),
    ],
)
def test_condition_has_two_truth_values(where: dict[str, Any] | None, expected: list[int]) -> None:
    assert [row["id"] for row in listed(plain(), "Lead", where)] == expected


def test_relation_looks_only_at_rows_that_the_caller_sees() -> None:
    data = estate(**TEAM, company=[{"id": 3}, {"id": 4}])
    both = {"leads": {"warrior": {"databaseId": {"in": [30, 31]}}}}
    assert [row["id"] for row in listed(Viewer(data, 1), "Company", both)] == [4, 3]
    # The salesperson of warrior 31 sees company 3 by a shared lead, not by the lead of warrior 30.
    assert [row["id"] for row in listed(Viewer(data, 6), "Company", both)] == [4]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ([("STATUS", "ASC")], [3, 1, 4, 2]),
        ([("STATUS", "DESC")], [2, 4, 1, 3]),
        ([("COMPANY_ID", "ASC")], [1, 4, 2, 3]),
        ([("COMPANY_ID", "DESC"), ("PROBABILITY", "ASC")], [3, 2, 4, 1]),
        ([("COMPANY_CITY", "ASC")], [4, 3, 2, 1]),
        ([("COMPANY_CITY", "DESC")], [1, 4, 3, 2]),
        ([("WARRIOR_DATABASE_ID", "ASC")], [3, 4, 1, 2]),
        ([("DATABASE_ID", "ASC")], [1, 2, 3, 4]),
    ],
)
def test_nulls_are_lowest_and_the_newest_first_at_the_end(
    order: list[tuple[str, str]], expected: list[int]
) -> None:
    terms = [{"field": name, "direction": direction} for name, direction in order]
    assert [row["id"] for row in listed(plain(), "Lead", order=terms)] == expected


def test_masked_column_neither_matches_nor_sorts() -> None:
    viewer = Viewer(estate(**TEAM), 3)

    def found(where: dict[str, Any]) -> list[int]:
        return [row["id"] for row in listed(viewer, "User", where)]

    assert found({"email": {"contains": "@x"}}) == [4, 3]
    assert found({"email": {"isNull": True}}) == []
    assert found({"not": {"email": {"eq": "u4@x"}}}) == [7, 6, 5, 3, 2, 1]
    by_mail = in_order(viewer, "User", viewer.seen("User"), [{"field": "EMAIL", "direction": "ASC"}])
    assert [row["id"] for row in by_mail] == [7, 6, 5, 2, 1, 3, 4]


def test_moments_are_compared_as_instants_and_decimals_as_numbers() -> None:
    leads = [
        {"id": 1, "created_on": datetime(2026, 3, 1, 5, 30)},
        {"id": 2, "created_on": datetime(2026, 3, 1, 5, 29, 59)},
    ]
    people = [{**row, "target_value": Decimal("10.50")} for row in SALESPEOPLE]
    viewer = Viewer(estate(**{**TEAM, "leads": leads, "salesperson": people}), 1)
    assert [row["id"] for row in listed(viewer, "Lead", {"createdOn": {"gte": "2026-03-01T00:00:00Z"}})] == [
        1
    ]
    assert [row["id"] for row in listed(viewer, "Salesperson", {"targetValue": {"eq": "10.5"}})] == [12, 2, 1]


ROWS: list[Row] = [{"id": number} for number in range(10)]


@pytest.mark.parametrize(
    ("arguments", "expected", "has_previous", "has_next"),
    [
        ({"first": 3}, [0, 1, 2], False, True),
        ({"first": 10}, list(range(10)), False, False),
        ({}, list(range(10)), False, False),
        ({"first": 3, "after": 2}, [3, 4, 5], True, True),
        ({"first": 9, "after": 7}, [8, 9], True, False),
        ({"first": 3, "after": 9}, [], True, False),
        ({"last": 3}, [7, 8, 9], True, False),
        ({"last": 3, "before": 5}, [2, 3, 4], True, True),
        ({"last": 9, "before": 3}, [0, 1, 2], False, True),
        ({"first": 2, "after": 1, "before": 8}, [2, 3], True, True),
        ({"first": 9, "after": 1, "before": 4}, [2, 3], True, False),
        ({"last": 9, "after": 1, "before": 4}, [2, 3], False, True),
        ({"last": 1, "after": 1, "before": 4}, [3], True, True),
    ],
)
def test_page_and_its_flags(
    arguments: dict[str, int], expected: list[int], has_previous: bool, has_next: bool
) -> None:
    found = page(
        ROWS,
        first=arguments.get("first"),
        last=arguments.get("last"),
        after=ROWS[arguments["after"]] if "after" in arguments else None,
        before=ROWS[arguments["before"]] if "before" in arguments else None,
    )
    assert [row["id"] for row in found.rows] == expected
    assert (found.has_previous, found.has_next, found.total) == (has_previous, has_next, 10)


def test_groups_are_counted_with_nulls_first_and_text_exact() -> None:
    viewer = plain()
    found = [
        (group.key["STATUS"], group.count, group.probability_average)
        for group in lead_stats(viewer, None, ["STATUS"])
    ]
    assert found == [(None, 1, 30.0), ("Won", 1, 10.0), ("Won ", 1, 20.0), ("won", 1, None)]
    assert [(group.key, group.count) for group in lead_stats(viewer, None, [])] == [({}, 4)]
    by_owner = [(group.key["WARRIOR"], group.count) for group in lead_stats(viewer, None, ["WARRIOR"])]
    assert by_owner == [(None, 1), (30, 2), (31, 1)]
    assert [group.count for group in lead_stats(viewer, {"status": {"eq": "none"}}, [])] == [0]
    assert lead_stats(viewer, {"status": {"eq": "none"}}, ["STATUS"]) == []


def test_every_relation_leads_to_columns_that_are_there() -> None:
    hidden = {"warrior_id", "created_by", "changed_by", "logged_by", "assigned_to", "commented_by"}
    for type_name, relations in RELATIONS.items():
        for relation in relations:
            columns = {field.column for field in fields_of(type_name)} | hidden
            targets = {field.column for field in fields_of(relation.target)} | hidden
            assert relation.column in columns, (type_name, relation.name)
            assert relation.target_column in targets, (type_name, relation.name)
