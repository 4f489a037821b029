"""Root lists: each caller gets exactly the rows that the policy gives them, in order, counted, filtered and sorted."""

from __future__ import annotations

import pytest

from tests.access.asking import CALLERS, SHOWN, Asking, row_ids
from tests.oracle.catalogue import ROOT_LISTS
from tests.oracle.evaluate import Order, Where, listed

TYPES = tuple(ROOT_LISTS.values())

FILTERS: tuple[tuple[str, Where], ...] = (
    ("Lead", {"status": {"eq": "Won"}}),
    ("Lead", {"status": {"ne": "Won"}}),
    ("Lead", {"status": {"notIn": ["Won", "Lost"]}}),
    ("Lead", {"not": {"status": {"eq": "Won"}}}),
    ("Lead", {"firmName": {"contains": "TRADERS"}}),
    ("Lead", {"firmName": {"startsWith": "श्री"}}),
    ("Lead", {"reasonForLost": {"isNull": True}, "userCount": {"gte": 3}}),
    ("Lead", {"createdOn": {"gte": "2026-06-30T18:30:00Z", "lt": "2026-10-01T00:00:00+05:30"}}),
    ("Lead", {"or": [{"status": {"eq": "Demo"}}, {"favourite": {"eq": 1}}]}),
    # To one row, in this database and in the other.
    ("Lead", {"warrior": {"user": {"username": {"eq": "warrior"}}}}),
    ("Lead", {"warrior": {"salesperson": {"territory": {"in": ["West", "South"]}}}}),
    ("Lead", {"company": {"state": {"eq": "Gujarat"}}}),
    ("Lead", {"not": {"company": {"state": {"eq": "Gujarat"}}}}),
    ("Lead", {"createdBy": {"username": {"startsWith": "w"}}}),
    # To several rows, of which only visible ones count.
    ("Lead", {"tickets": {"priority": {"eq": "Urgent"}}}),
    ("Lead", {"mails": {"status": {"eq": "opened"}}, "followUps": {"followupStatus": {"eq": "Pending"}}}),
    ("Lead", {"tickets": {"company": {"industry": {"eq": "Textiles"}}}}),
    ("Company", {"leads": {"status": {"eq": "Won"}}}),
    ("Company", {"not": {"leads": {"status": {"eq": "Won"}}}}),
    ("Company", {"tickets": {"priority": {"eq": "Urgent"}}, "active": {"eq": True}}),
    ("Company", {"users": {"active": {"eq": True}}}),
    ("Company", {"leads": {"warrior": {"user": {"username": {"eq": "warrior2"}}}}}),
    ("User", {"email": {"contains": "iperform"}}),
    ("User", {"not": {"email": {"contains": "iperform"}}}),
    ("User", {"email": {"isNull": False}}),
    ("User", {"warrior": {"leads": {"status": {"eq": "Won"}}}}),
    ("User", {"assignedTickets": {"priority": {"eq": "Urgent"}}}),
    ("User", {"clientUser": {"company": {"companyName": {"contains": "krishna"}}}}),
    ("Ticket", {"lead": {"status": {"eq": "Won"}}}),
    ("Ticket", {"leadId": {"isNull": True}}),
    ("Ticket", {"assignedTo": {"username": {"in": ["warrior", "warrior2", "salesperson"]}}}),
    ("Ticket", {"company": {"city": {"isNull": False}}, "comments": {"commentText": {"isNull": False}}}),
    ("Ticket", {"createdBy": {"email": {"contains": "example"}}}),
)

ORDERS: tuple[tuple[str, Order], ...] = (
    ("Lead", [{"field": "STATUS", "direction": "ASC"}, {"field": "CREATED_ON", "direction": "DESC"}]),
    ("Lead", [{"field": "FIRM_NAME", "direction": "DESC"}]),
    ("Lead", [{"field": "WARRIOR_DATABASE_ID", "direction": "ASC"}]),
    ("Lead", [{"field": "COMPANY_COMPANY_NAME", "direction": "ASC"}]),
    ("Lead", [{"field": "COMPANY_CITY", "direction": "DESC"}, {"field": "FIRM_NAME", "direction": "ASC"}]),
    ("Lead", [{"field": "CREATED_BY_EMAIL", "direction": "ASC"}]),
    ("Company", [{"field": "INDUSTRY", "direction": "ASC"}, {"field": "COMPANY_NAME", "direction": "ASC"}]),
    ("User", [{"field": "EMAIL", "direction": "ASC"}]),
    ("User", [{"field": "EMAIL", "direction": "DESC"}, {"field": "USERNAME", "direction": "ASC"}]),
    ("User", [{"field": "SALESPERSON_TERRITORY", "direction": "DESC"}]),
    ("Ticket", [{"field": "LEAD_FIRM_NAME", "direction": "ASC"}]),
    ("Ticket", [{"field": "ASSIGNED_TO_EMAIL", "direction": "DESC"}]),
    (
        "Ticket",
        [{"field": "PRIORITY", "direction": "ASC"}, {"field": "COMPANY_COMPANY_NAME", "direction": "DESC"}],
    ),
)


@pytest.mark.parametrize("type_name", TYPES)
@pytest.mark.parametrize("username", CALLERS)
def test_list_holds_exactly_the_visible_rows_newest_first(
    asking: Asking, username: str, type_name: str
) -> None:
    expected = row_ids(listed(asking.viewer(username), type_name))
    assert expected
    assert asking.all_ids(username, type_name) == expected
    assert asking.count(username, type_name) == len(expected)


@pytest.mark.parametrize(
    ("type_name", "one", "other"),
    [
        ("Lead", "manager", "manager2"),
        ("Lead", "salesperson", "salesperson2"),
        ("Lead", "warrior", "warrior2"),
        ("Ticket", "manager", "manager2"),
        ("Ticket", "salesperson", "salesperson2"),
        ("Ticket", "warrior", "warrior2"),
        ("Company", "warrior", "warrior2"),
    ],
)
def test_two_owners_have_rows_that_the_other_lacks(
    asking: Asking, type_name: str, one: str, other: str
) -> None:
    ones, others = set(asking.all_ids(one, type_name)), set(asking.all_ids(other, type_name))
    assert ones == asking.viewer(one).ids(type_name)
    assert others == asking.viewer(other).ids(type_name)
    assert ones - others
    assert others - ones


@pytest.mark.parametrize("place", range(len(FILTERS)), ids=lambda place: f"{FILTERS[place][0]}-{place}")
def test_filter_finds_exactly_the_visible_rows_that_match(asking: Asking, place: int) -> None:
    type_name, where = FILTERS[place]
    for username in CALLERS:
        expected = row_ids(listed(asking.viewer(username), type_name, where))
        assert asking.start_of(username, type_name, where) == (expected[:SHOWN], len(expected)), username


@pytest.mark.parametrize("place", range(len(ORDERS)), ids=lambda place: f"{ORDERS[place][0]}-{place}")
def test_order_sorts_by_what_the_caller_may_read(asking: Asking, place: int) -> None:
    type_name, order = ORDERS[place]
    for username in CALLERS:
        expected = row_ids(listed(asking.viewer(username), type_name, order=order))
        found = asking.start_of(username, type_name, order=order)
        assert found == (expected[:SHOWN], len(expected)), username


@pytest.mark.parametrize("username", CALLERS)
def test_deleted_lead_is_listed_for_admin_alone_and_when_asked_for(asking: Asking, username: str) -> None:
    where = {"isDeleted": {"eq": 1}}
    expected = row_ids(listed(asking.viewer(username), "Lead", where))
    assert bool(expected) is (username == "admin")
    assert asking.all_ids(username, "Lead", where) == expected
    assert asking.count(username, "Lead", where) == len(expected)


@pytest.mark.parametrize("username", CALLERS)
def test_naming_is_deleted_anywhere_in_a_filter_brings_deleted_leads_to_admin_alone(
    asking: Asking, username: str
) -> None:
    for where in (
        {"isDeleted": {"gte": 0}},
        {"not": {"isDeleted": {"eq": 0}}},
        {"or": [{"isDeleted": {"eq": 1}}, {"status": {"eq": "Won"}}]},
    ):
        expected = len(listed(asking.viewer(username), "Lead", where))
        assert asking.count(username, "Lead", where) == expected, where
    where = {"leads": {"isDeleted": {"eq": 1}}}
    expected = len(listed(asking.viewer(username), "Company", where))
    assert asking.count(username, "Company", where) == expected


@pytest.mark.parametrize("username", CALLERS)
def test_filter_by_anothers_rows_finds_nothing(asking: Asking, username: str) -> None:
    viewer = asking.viewer(username)
    hidden = [row["id"] for row in asking.data.rows("Lead") if row["id"] not in viewer.ids("Lead")]
    assert hidden
    for start in range(0, len(hidden), 400):
        batch = hidden[start : start + 400]
        assert asking.count(username, "Lead", {"databaseId": {"in": batch}}) == 0
