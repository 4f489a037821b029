"""The oracle's partner callers, against a tiny hand-made estate and answers worked out by hand from the policy."""

from __future__ import annotations

import pytest

from tests.oracle.answer import BAD_INPUT, INVALID, refusal
from tests.oracle.catalogue import Relation, relation_of
from tests.oracle.data import Data, Row
from tests.oracle.evaluate import listed
from tests.oracle.operation import Arguments, Ask, Operation
from tests.oracle.rules import SCOPES, PartnerViewer, is_all, listed_ids
from tests.oracle.schema import schema_of
from tests.oracle.test_rules import CLIENTS, SALESPEOPLE, STAFF, estate, ids

# Partner 1 has warriors 40 to 44, of users 4 and 7; partner 2 has warrior 45.
WARRIORS: list[Row] = [
    {"id": 40, "user_id": 4, "salesperson_id": 2, "partner_company_id": 1, "data_visibility": "All"},
    {"id": 41, "user_id": 7, "salesperson_id": 12, "partner_company_id": 1, "data_visibility": "3, 5,x"},
    {"id": 42, "user_id": 7, "partner_company_id": 1, "data_visibility": None},
    {"id": 43, "user_id": 7, "partner_company_id": 1, "data_visibility": "All", "active": False},
    {"id": 44, "user_id": 7, "partner_company_id": 1, "data_visibility": "all"},
    {"id": 45, "user_id": 6, "partner_company_id": 2, "data_visibility": " All\t"},
    {"id": 46, "user_id": 6, "data_visibility": "All"},
]
LEADS: list[Row] = [
    {"id": 1, "company_id": 9, "warrior_id": "40"},
    {"id": 2, "company_id": 3, "warrior_id": "41"},
    {"id": 3, "company_id": 4, "warrior_id": "41"},
    {"id": 4, "company_id": 3, "warrior_id": "42"},
    {"id": 5, "company_id": 3, "warrior_id": "43"},
    {"id": 6, "company_id": 3, "warrior_id": "44"},
    {"id": 7, "company_id": 3, "warrior_id": "45"},
    {"id": 8, "company_id": 3, "warrior_id": "46"},
    {"id": 9, "company_id": 9, "warrior_id": "40", "is_deleted": 1},
    {"id": 10, "company_id": 9, "warrior_id": " 40"},
    {"id": 11, "company_id": 9, "shared_salesperson_id": "2"},
    {"id": 12, "company_id": 33, "warrior_id": "41"},
    {"id": 13, "company_id": 5, "warrior_id": "41"},
]
BESIDES: dict[str, list[Row]] = {
    "user": STAFF,
    "salesperson": SALESPEOPLE,
    "warrior": WARRIORS,
    "magenta_user": CLIENTS,
    "leads": LEADS,
    "partner_company": [{"id": 1}, {"id": 2}, {"id": 3}],
}


def partner(number: int = 1, *scopes: str, **tables: list[Row]) -> PartnerViewer:
    """A token of partner `number`, with all scopes where none is given."""
    return PartnerViewer(estate(**{**BESIDES, **tables}), number, scopes or SCOPES)


def relation(type_name: str, name: str) -> Relation:
    found = relation_of(type_name, name)
    assert found is not None
    return found


# --- rows -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "expected"), [(1, [1, 2, 13]), (2, [7]), (3, [])])
def test_lead_is_a_partners_by_an_active_warrior_and_its_visibility(number: int, expected: list[int]) -> None:
    assert ids(partner(number), "Lead") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("All", True),
        (" All ", True),
        ("\tAll", True),
        ("all", False),
        ("ALL", False),
        ("All,3", False),
        ("All.", False),
        ("", False),
        (None, False),
    ],
)
def test_visibility_is_all_only_in_just_these_letters(text: str | None, expected: bool) -> None:
    assert is_all(text) is expected
    assert listed_ids("All,3") == {3}


def test_deleted_lead_is_never_a_partners() -> None:
    assert listed(partner(), "Lead", {"isDeleted": {"eq": 1}}) == []


def test_rows_do_not_depend_on_scopes() -> None:
    assert ids(partner(1, "users:read"), "Lead") == [1, 2, 13]
    whole = partner()
    assert whole.with_scopes(("leads:read",)).seen("Lead") is whole.seen("Lead")


def test_ticket_is_a_partners_by_its_lead_alone() -> None:
    tickets: list[Row] = [
        {"id": 1, "lead_id": 1, "company_id": 8},
        {"id": 2, "lead_id": 4, "company_id": 9},
        {"id": 3, "company_id": 9},
        {"id": 4, "company_id": 9, "assigned_to": 4, "created_by": 4},
    ]
    comments = [{"id": ticket["id"], "ticket_id": ticket["id"]} for ticket in tickets]
    companies = [{"id": company} for company in (3, 4, 5, 8, 9, 33)]
    caller = partner(tickets=tickets, ticket_communication=comments, company=companies)
    assert ids(caller, "Ticket") == [1]
    assert ids(caller, "TicketComment") == [1]
    # Of leads 1, 2 and 13, and of ticket 1.
    assert ids(caller, "Company") == [3, 5, 8, 9]
    assert ids(caller, "ClientUser") == [100]


def test_mail_is_a_partners_by_its_lead_alone() -> None:
    mails: list[Row] = [{"id": 1, "lead_id": 1}, {"id": 2, "lead_id": 4}, {"id": 3, "user_id": 4}, {"id": 4}]
    assert ids(partner(iperform_mail=mails), "Mail") == [1]


def test_people_are_the_warriors_of_visible_leads_and_their_salespeople() -> None:
    caller = partner()
    # Warriors 40 and 41 are users 4 and 7; their salespeople 2 and 12 are users 3 and 6.
    assert ids(caller, "User") == [3, 4, 6, 7]
    assert ids(caller, "Salesperson") == [2, 12]
    assert ids(caller, "Warrior") == [40, 41, 42, 43, 44, 45, 46]
    # Warrior 45 is user 6, who is a salesperson of a visible lead, so partner 2 is seen as well.
    assert ids(caller, "PartnerCompany") == [1, 2]
    assert ids(partner(3), "User") == []
    assert ids(partner(3), "PartnerCompany") == [3]


def test_nothing_of_an_account_is_a_partners() -> None:
    own: list[Row] = [{"id": 1, "user_id": None}, {"id": 2, "user_id": 100}]
    sessions: list[Row] = [{"id_session": 1, "user_id": None}, {"id_session": 2, "user_id": 4}]
    caller = partner(user_setting=own, view_setting=own, all_session=sessions)
    assert [caller.seen(name) for name in ("UserSetting", "SavedView", "UserSession")] == [[], [], []]


# --- masks and columns ------------------------------------------------------------------------------------


def test_mail_address_and_last_login_are_masked_on_every_row() -> None:
    caller = partner()
    assert all(caller.is_masked("User", row, "email") for row in caller.data.rows("User"))
    assert caller.is_masked("SessionInfo", {"user_id": 4}, "last_login")
    assert not caller.is_masked("User", caller.seen("User")[0], "username")
    assert listed(caller, "User", {"email": {"isNull": False}}) == []


CONTACTS = (
    ("Lead", "client_email_id"),
    ("Lead", "whatsapp_number"),
    ("Lead", "integration_mobile_no"),
    ("WhatsappMessage", "phone_number"),
    ("Mail", "recipient_email"),
    ("ClientUser", "mobile_1"),
    ("ClientUser", "mobile_2"),
)
VALUES = (("Lead", "tentative_value"), ("Lead", "probability"), ("PricingPlan", "plan_price"))
TYPES = ("leads:read", "companies:read", "tickets:read", "users:read", "reports:read", "files:read")


@pytest.mark.parametrize(
    ("scopes", "contacts", "values"),
    [
        (TYPES, False, False),
        ((*TYPES, "leads:contact"), True, False),
        ((*TYPES, "leads:value"), False, True),
        (SCOPES, True, True),
    ],
)
def test_contacts_and_values_need_scopes_of_their_own(
    scopes: tuple[str, ...], contacts: bool, values: bool
) -> None:
    caller = partner(1, *scopes)
    assert {caller.lacks(*column) for column in CONTACTS} == {not contacts}
    assert {caller.lacks(*column) for column in VALUES} == {not values}
    assert ("tentativeValueSum" in schema_of(caller).statistics) is values
    assert ("probabilityAverage" in schema_of(caller).statistics) is values
    assert not caller.lacks("Lead", "client_first_name")
    assert caller.lacks("User", "password")


@pytest.mark.parametrize(
    ("scope", "types"),
    [
        (
            "leads:read",
            {"Lead", "StatusChange", "LeadLog", "FollowUp", "WhatsappMessage", "Mail", "LeadStats"},
        ),
        (
            "companies:read",
            {"Company", "ClientUser", "SyncRun", "SubcompanySetting", "ErpInvoice", "DataUpdate"},
        ),
        ("tickets:read", {"Ticket", "TicketComment"}),
        ("users:read", {"User", "Warrior", "Salesperson"}),
        ("reports:read", {"ReportView"}),
        ("files:read", {"File"}),
    ],
)
def test_types_need_their_scope(scope: str, types: set[str]) -> None:
    alone, without = partner(1, scope), partner(1, *(one for one in SCOPES if one != scope))
    assert {one for one in types if alone.lacks_type(one)} == set()
    assert {one for one in types if without.lacks_type(one)} == types


def test_types_of_no_scope_are_there_for_all_or_for_none() -> None:
    for caller in (partner(), partner(1, "events:read")):
        assert not caller.lacks_type("PricingPlan")
        assert not caller.lacks_type("PartnerCompany")
        for type_name in ("UserSetting", "SavedView", "CompanySetting", "UserSession", "RequestLog"):
            assert caller.lacks_type(type_name)


def test_relation_needs_the_scopes_of_both_its_ends() -> None:
    caller = partner(1, "leads:read")
    assert list(schema_of(caller).relations("Lead")) == [
        *("pricePlan", "crmPricePlan", "statusHistory", "logs", "followUps", "whatsappMessages", "mails")
    ]
    assert caller.lacks_relation("Company", relation("Company", "leads"))
    assert "companyId" in schema_of(caller).columns("Lead")
    assert list(schema_of(caller).lists) == ["leads"]
    assert "COMPANY_CITY" not in schema_of(caller).orders("Lead")
    assert "COMPANY_CITY" in schema_of(partner()).orders("Lead")


# --- reports ----------------------------------------------------------------------------------------------


def test_partner_has_every_named_report_with_the_scope() -> None:
    assert partner().sees_report("salesperson_report")
    assert not partner().sees_report("another_report")
    assert not partner(1, "leads:read").sees_report("salesperson_report")


# --- refusals ---------------------------------------------------------------------------------------------


def list_of(name: str, type_name: str, *below: Ask, literal: bool = True, **given: object) -> Operation:
    types = {"where": f"{type_name}Where", "orderBy": f"[{type_name}Order!]"}
    asked = Ask(name, (Ask("nodes", below),), None, Arguments(dict(given), types, literal))
    return Operation((asked,))


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (list_of("leads", "Lead", Ask("databaseId")), None),
        (list_of("leads", "Lead", Ask("clientEmailId")), INVALID),
        (list_of("leads", "Lead", Ask("warrior", (Ask("databaseId"),))), INVALID),
        (list_of("leads", "Lead", Ask("id"), where={"not": {"probability": {"isNull": True}}}), INVALID),
        (list_of("leads", "Lead", Ask("id"), where={"or": [{"company": {}}]}, literal=False), BAD_INPUT),
        (list_of("leads", "Lead", Ask("id"), orderBy=[{"field": "PRICE_PLAN_PLAN_PRICE"}]), INVALID),
        (list_of("leads", "Lead", Ask("id"), orderBy=[{"field": "PRICE_PLAN_PLAN_NAME"}]), None),
        (list_of("tickets", "Ticket", Ask("id")), INVALID),
        (Operation((Ask("viewer", (Ask("user", (Ask("id"),)),)),)), INVALID),
        (Operation((Ask("reportViews", (Ask("name"),)),)), INVALID),
    ],
)
def test_what_the_scopes_leave_out_is_refused(operation: Operation, expected: str | None) -> None:
    assert refusal(schema_of(partner(1, "leads:read")), operation) == expected


def test_estate_without_partners_shows_nothing() -> None:
    assert ids(PartnerViewer(Data({}), 1), "Lead") == []
