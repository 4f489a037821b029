"""Who sees which row, and which columns of it, as the policy says it: plainly, one row at a time.

`Viewer` is one staff user, `PartnerViewer` one partner's token; both are a `Caller`. `evaluate` and the tests ask them.
Which rows a caller sees is one thing, and what their schema is made of another: `lacks` and its like tell of the
latter, from the role, its denials, or the token's scopes.

Where the policy is silent: an inactive salesperson grants nothing and breaks the chain of managers; the `active`
of a warrior's or salesperson's own row counts, not their user's; NULL isn't active; a list's item is an id only as
decimal digits without leading zeros, with spaces or tabs around it; `leads.warrior_id` names a warrior only as
exactly that text, without any space; only `is_deleted = 1` is deleted. What belongs to a deleted lead is ADMIN's to
see unasked: only the lead itself has to be asked for. `data_visibility` is `All` in just these letters, with spaces
or tabs around it, or else a list as the others. A partner company's own `active` is nobody's business here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from copy import copy
from typing import Any

from tests.oracle.catalogue import COMPUTED, Relation, field_of_column, primary_key
from tests.oracle.data import Data, Row

ADMIN, USER, SALESPERSON, WARRIOR, MANAGER = "ADMIN", "USER", "SALESPERSON", "WARRIOR", "MANAGER"
PARTNER = "PARTNER"

WHOLE_ID = re.compile(r"[1-9][0-9]*")

# Columns that no role has, under whichever name the API could show them.
SECRET_COLUMNS = {
    "User": {"password"},
    "UserSession": {"token"},
    "ClientUser": {"forgot_password_token"},
    "Company": {"extractor_settings_token"},
    "DynamicDatabase": {"db_password"},
    "SyncCredential": {"credentials_json"},
}
# How to reach a lead's people: not for a client, for a partner with a scope of its own.
CONTACT_COLUMNS = {
    "Lead": {
        "client_email_id",
        "client_mobile_no",
        "whatsapp_number",
        "integration_first_name",
        "integration_last_name",
        "integration_mobile_no",
        "integration_email_id",
    },
    "WhatsappMessage": {"phone_number"},
    "Mail": {"recipient_email"},
}
# What a lead is worth, and what plans cost: the same.
VALUE_COLUMNS = {"Lead": {"tentative_value", "probability"}, "PricingPlan": {"plan_price"}}
# Columns that somebody at a client company doesn't have.
COLUMNS_NOT_FOR_USER = {
    type_name: CONTACT_COLUMNS.get(type_name, set()) | VALUE_COLUMNS.get(type_name, set())
    for type_name in ("Lead", "WhatsappMessage", "Mail", "PricingPlan")
}
# How to reach a client's people, which staff may know: a partner needs the scope for contacts.
PARTNER_CONTACT_COLUMNS = {"ClientUser": {"mobile_1", "mobile_2"}}
# What a partner's token must allow for a type to be in its schema.
TYPES_OF_SCOPE = {
    "leads:read": {
        *("Lead", "StatusChange", "LeadLog", "FollowUp", "WhatsappMessage", "Mail"),
        *("LeadAnalytics", "LeadStats"),
    },
    "companies:read": {
        *("Company", "ClientUser", "SubcompanySetting", "ReportSetting", "SyncRun", "DataUpdate"),
        *("ErpTransaction", "ErpCustomer", "ErpInvoice", "ErpPurchaseOrder", "ErpSalesVoucher"),
    },
    "tickets:read": {"Ticket", "TicketComment"},
    "users:read": {"User", "Warrior", "Salesperson"},
    "reports:read": {"ReportView"},
    "files:read": {"File"},
}
SCOPE_OF_TYPE = {type_name: scope for scope, types in TYPES_OF_SCOPE.items() for type_name in types}
SCOPES = (
    *TYPES_OF_SCOPE,
    *("leads:contact", "leads:value", "leads:write", "tickets:write", "files:write", "events:read"),
)
# Columns whose value is null on the rows of people who aren't the caller's business.
MASKED_COLUMNS = {"User": {"email"}, "SessionInfo": {"last_login"}}
TYPES_FOR_ADMIN = {"RequestLog", "DynamicDatabase", "SyncCredential"}
TYPES_OF_LEADS = {"StatusChange", "LeadLog", "FollowUp", "WhatsappMessage"}
TYPES_OF_COMPANIES = {"ClientUser", "SyncRun", "SubcompanySetting", "ReportSetting", "DataUpdate"}
TYPES_OF_OWN_CLIENT_USER = {"SavedView", "UserSetting", "CompanySetting"}
# A partner has no account, so these aren't in any token's schema.
TYPES_NOT_FOR_PARTNERS = TYPES_FOR_ADMIN | TYPES_OF_OWN_CLIENT_USER | {"UserSession", "LoginEvent"}
REPORTS = ("followup_activity_report", "salesperson_report")

Denials = frozenset[tuple[str, str]]


def listed_ids(text: str | None) -> set[int]:
    """The ids in a comma-separated list; anything else in it counts for nothing."""
    items = (item.strip(" \t") for item in (text or "").split(","))
    return {int(item) for item in items if WHOLE_ID.fullmatch(item)}


def named_id(text: str | None) -> int | None:
    """The id that a text column holds; None for rubbish."""
    return int(text) if text is not None and WHOLE_ID.fullmatch(text) else None


def denied_fields(permissions: Any) -> Denials:
    """The `Type.field`s that a role's `permissions` take away; anything else in them counts for nothing."""
    listed = permissions.get("deny") if isinstance(permissions, dict) else None
    if isinstance(listed, str):
        listed = [listed]
    names = [item for item in listed if isinstance(item, str)] if isinstance(listed, list) else []
    pairs = [tuple(name.split(".")) for name in names]
    return frozenset((pair[0], pair[1]) for pair in pairs if len(pair) == 2)


def is_deleted(lead: Row) -> bool:
    return bool(lead["is_deleted"] == 1)


class Caller:
    """Somebody who asks, and what they may see. The sets are worked out once, from the data alone."""

    role: str
    # The id of the staff user; a partner has none.
    id: int | None = None
    client_user_id: int | None = None
    denials: Denials = frozenset()

    def __init__(self, data: Data) -> None:
        self.data = data
        self._seen: dict[str, list[Row]] = {}
        self._ids: dict[str, set[Any]] = {}
        self._places: dict[str, set[int]] = {}

    # --- rows ---------------------------------------------------------------------------------------------

    def visible(self, type_name: str, row: Row, *, deleted: bool = False) -> bool:
        """Whether the caller sees the row; `deleted` asks for soft-deleted leads."""
        if type_name == "Lead":
            if is_deleted(row):
                return self.role == ADMIN and deleted
            return self._owns_lead(row)
        rules = (self._sees_by_lead, self._sees_in_directory, self._sees_as_own)
        for rule in rules:
            answer = rule(type_name, row)
            if answer is not None:
                return answer
        raise ValueError(f"the policy says nothing of {type_name}")

    def seen(self, type_name: str) -> list[Row]:
        """Every row of the type that the caller sees, without soft-deleted leads."""
        if type_name not in self._seen:
            rows = self.data.rows(type_name)
            self._seen[type_name] = [row for row in rows if self.visible(type_name, row)]
        return self._seen[type_name]

    def sees(self, type_name: str, row: Row) -> bool:
        """The same as `visible`, without soft-deleted leads, from what is worked out already."""
        if type_name not in self._places:
            self._places[type_name] = {id(one) for one in self.seen(type_name)}
        return id(row) in self._places[type_name]

    def ids(self, type_name: str) -> set[Any]:
        """The ids of `seen`."""
        if type_name not in self._ids:
            key = primary_key(type_name)
            self._ids[type_name] = {row[key] for row in self.seen(type_name)}
        return self._ids[type_name]

    def _owns_lead(self, lead: Row) -> bool:
        """Whether a lead that isn't deleted is the caller's to see."""
        raise NotImplementedError

    def _sees_by_lead(self, type_name: str, row: Row) -> bool | None:
        """The rows that belong to leads, tickets and companies; None for a row of another kind."""
        if type_name in TYPES_OF_LEADS:
            return self.role == ADMIN or self._sees_of_lead(row)
        if type_name in TYPES_OF_COMPANIES:
            return row["company_id"] in self.ids("Company")
        match type_name:
            case "Mail":
                mine = row["lead_id"] is None and self.id is not None and row["user_id"] == self.id
                return self.role == ADMIN or mine or self._sees_of_lead(row)
            case "Ticket":
                return self._sees_of_lead(row) or self._owns_ticket(row)
            case "TicketComment":
                return row["ticket_id"] in self.ids("Ticket")
        return None

    def _sees_in_directory(self, type_name: str, row: Row) -> bool | None:
        """People, their firms, and what goes with them; None for a row of another kind."""
        match type_name:
            case "Company":
                return self._owns_company(row) or self._sees_something_of(row)
            case "User":
                return self._sees_user(row)
            case "Warrior" | "Salesperson":
                return row["user_id"] in self.ids("User")
            case "PartnerCompany":
                return self._owns_partner(row) or row["id"] in self._partners_of_warriors()
            case "PricingPlan":
                return True
        return None

    def _sees_as_own(self, type_name: str, row: Row) -> bool | None:
        """What is one's own, or ADMIN's; None for a row of another kind."""
        if type_name in TYPES_FOR_ADMIN:
            return self.role == ADMIN
        if type_name in TYPES_OF_OWN_CLIENT_USER:
            own = row["user_id"] is not None and row["user_id"] == self.client_user_id
            return self.role == ADMIN or own
        if type_name in ("UserSession", "LoginEvent"):
            return self.role == ADMIN or (self.id is not None and row["user_id"] == self.id)
        return None

    def _sees_of_lead(self, row: Row) -> bool:
        return row["lead_id"] is not None and row["lead_id"] in self.ids("Lead")

    def _owns_ticket(self, ticket: Row) -> bool:
        """Whether a ticket is the caller's to see whatever its lead is."""
        raise NotImplementedError

    def _owns_company(self, company: Row) -> bool:
        """Whether a company is the caller's to see without a lead or ticket of it."""
        raise NotImplementedError

    def _owns_partner(self, partner: Row) -> bool:
        """Whether a partner company is the caller's to see without a warrior of it."""
        raise NotImplementedError

    def _sees_something_of(self, company: Row) -> bool:
        return any(
            row["id"] in self.ids(type_name)
            for type_name in ("Lead", "Ticket")
            for row in self.data.where(type_name, "company_id", company["id"])
        )

    def _sees_user(self, user: Row) -> bool:
        if self.role not in (USER, PARTNER) or user["id"] == self.id:
            return True
        return user["id"] in self._users_of_leads()

    def _users_of_leads(self) -> set[int]:
        """The users who are the warrior, or that warrior's salesperson, of a visible lead."""
        if "of leads" not in self._ids:
            found: set[int] = set()
            for lead in self.seen("Lead"):
                warrior = self.data.one("Warrior", named_id(lead["warrior_id"]))
                if warrior is None or not warrior["active"]:
                    continue
                found.add(warrior["user_id"])
                salesperson = self.data.one("Salesperson", warrior["salesperson_id"])
                if salesperson is not None and salesperson["active"]:
                    found.add(salesperson["user_id"])
            self._ids["of leads"] = found
        return self._ids["of leads"]

    def _partners_of_warriors(self) -> set[int]:
        """The partner companies of the visible warriors."""
        if "of warriors" not in self._ids:
            self._ids["of warriors"] = {warrior["partner_company_id"] for warrior in self.seen("Warrior")}
        return self._ids["of warriors"]

    # --- the caller's schema --------------------------------------------------------------------------------

    def lacks_type(self, type_name: str) -> bool:
        """Whether the caller's schema is without the type."""
        return self.role != ADMIN and type_name in TYPES_FOR_ADMIN

    def lacks(self, type_name: str, column: str) -> bool:
        """Whether the caller's schema is without the column: its field, its condition, its order, its group."""
        if column in SECRET_COLUMNS.get(type_name, ()) or self.lacks_type(type_name):
            return True
        return self._denies_column(type_name, column) or self._may_not_read(type_name, column)

    def lacks_field(self, type_name: str, name: str) -> bool:
        """Whether the caller's schema is without a field that is no column and no relation."""
        denied = ((type_name, name) in self.denials) or self.lacks_type(type_name)
        return denied or any(
            self.lacks(*column) for column, fields in COMPUTED if (type_name, name) in fields
        )

    def lacks_relation(self, type_name: str, relation: Relation) -> bool:
        """Whether the caller's schema is without the relation: its field, its condition, its orders."""
        if self.lacks_type(type_name) or self.lacks_type(relation.target):
            return True
        if (type_name, relation.name) in self.denials:
            return True
        # Without its primary key a row could not be told apart: denying that takes only the field away.
        ends = ((type_name, relation.column), (relation.target, relation.target_column))
        return any(self._denies_column(*end) for end in ends if end[1] != "id")

    def _may_not_read(self, type_name: str, column: str) -> bool:
        """Whether the caller may never read the column."""
        raise NotImplementedError

    def _denies_column(self, type_name: str, column: str) -> bool:
        return bool(self.denials) and (type_name, field_of_column(type_name, column)) in self.denials

    def is_masked(self, type_name: str, row: Row, column: str) -> bool:
        """Whether the column of a visible row is null for the caller, whatever it holds."""
        if column not in MASKED_COLUMNS.get(type_name, ()):
            return False
        return not self._knows_user(row["id"] if type_name == "User" else row["user_id"])

    def _knows_user(self, user_id: int) -> bool:
        """Whether a user's mail address and last login are the caller's to read."""
        raise NotImplementedError

    # --- reports ------------------------------------------------------------------------------------------

    def sees_report(self, name: str) -> bool:
        """Whether the caller has the named report; saved views are `reports`' business."""
        raise NotImplementedError


class Viewer(Caller):
    """A staff user."""

    def __init__(self, data: Data, user_id: int) -> None:
        super().__init__(data)
        self.id: int = user_id
        user = data.one("User", user_id)
        if user is None or user["active"] is not True:
            raise ValueError(f"user {user_id} isn't there or isn't active")
        role = data.one("Role", user["role_id"])
        assert role is not None
        self.role = role["role_name"]
        self.denials = denied_fields(role["permissions"])
        self.view_list: str | None = role["view_list"]
        self.client_user_id = user["user_id"]
        self._owners = self._owning_warriors()
        self._sharers = self._sharing_salespeople()
        self._below = self._users_below()

    # --- the policy's terms -------------------------------------------------------------------------------

    def sales(self) -> set[int]:
        """sales(u)"""
        return {
            row["id"] for row in self.data.rows("Salesperson") if row["active"] and row["user_id"] == self.id
        }

    def team(self) -> set[int]:
        """team(u)"""
        team = self.sales()
        while True:
            below = {
                row["id"]
                for row in self.data.rows("Salesperson")
                if row["active"] and row["manager_id"] in team and row["id"] not in team
            }
            if not below:
                return team
            team |= below

    def warriors(self, salespeople: set[int]) -> set[int]:
        """warriors(S)"""
        listed: set[int] = set()
        for row in self.data.rows("Salesperson"):
            if row["id"] in salespeople and row["active"]:
                listed |= listed_ids(row["under_salesperson"])
        return {
            row["id"]
            for row in self.data.rows("Warrior")
            if row["active"] and (row["salesperson_id"] in salespeople or row["id"] in listed)
        }

    def client_company(self) -> int | None:
        """client company(u)"""
        row = self.data.one("ClientUser", self.client_user_id)
        return row["company_id"] if row is not None and row["active"] else None

    # --- rows ---------------------------------------------------------------------------------------------

    def _owns_lead(self, lead: Row) -> bool:
        if self.role == ADMIN:
            return True
        if self.role == USER:
            return self._own_company(lead["company_id"])
        if named_id(lead["warrior_id"]) in self._owners:
            return True
        return bool(listed_ids(lead["shared_salesperson_id"]) & self._sharers)

    def _owns_ticket(self, ticket: Row) -> bool:
        if self.role == ADMIN or self.id in (ticket["assigned_to"], ticket["created_by"]):
            return True
        if self.role == USER:
            return self._own_company(ticket["company_id"])
        return self.role == MANAGER and ticket["assigned_to"] in self._below

    def _owns_company(self, company: Row) -> bool:
        return self.role == ADMIN or (self.role == USER and self._own_company(company["id"]))

    def _owns_partner(self, partner: Row) -> bool:
        return self.role != USER

    def _own_company(self, company_id: int | None) -> bool:
        return company_id is not None and company_id == self.client_company()

    def _owning_warriors(self) -> set[int]:
        """The warriors whose leads the caller sees."""
        if self.role == MANAGER:
            return self.warriors(self.team())
        if self.role == SALESPERSON:
            return self.warriors(self.sales())
        if self.role == WARRIOR:
            rows = self.data.rows("Warrior")
            return {row["id"] for row in rows if row["active"] and row["user_id"] == self.id}
        return set()

    def _sharing_salespeople(self) -> set[int]:
        """The salespeople with whom a lead must be shared for the caller to see it."""
        if self.role == MANAGER:
            return self.team()
        return self.sales() if self.role == SALESPERSON else set()

    # --- columns ------------------------------------------------------------------------------------------

    def _may_not_read(self, type_name: str, column: str) -> bool:
        return self.role == USER and column in COLUMNS_NOT_FOR_USER.get(type_name, ())

    def _knows_user(self, user_id: int) -> bool:
        return self.role == ADMIN or user_id == self.id or user_id in self._below

    def _users_below(self) -> set[int]:
        """The users of the salespeople and warriors of the caller's team, if the caller has one by role."""
        if self.role not in (MANAGER, SALESPERSON):
            return set()
        team = self.team()
        warriors = self.warriors(team)
        salespeople = {row["user_id"] for row in self.data.rows("Salesperson") if row["id"] in team}
        return salespeople | {row["user_id"] for row in self.data.rows("Warrior") if row["id"] in warriors}

    # --- reports ------------------------------------------------------------------------------------------

    def sees_report(self, name: str) -> bool:
        """Whether the role's `view_list` names the report; ADMIN has all. Saved views are `reports`' business."""
        named = {item.strip() for item in (self.view_list or "").split(",")}
        return self.role == ADMIN or name in named


class PartnerViewer(Caller):
    """A partner's token: rows by the company that it was issued for, and a schema by its scopes."""

    role = PARTNER

    def __init__(self, data: Data, partner_company_id: int, scopes: Iterable[str] = SCOPES) -> None:
        super().__init__(data)
        self.partner_company_id = partner_company_id
        self.scopes = frozenset(scopes)
        self._companies_of_warrior = self._shown_companies()

    def with_scopes(self, scopes: Iterable[str]) -> PartnerViewer:
        """Another token of the same company, which sees the same rows."""
        other = copy(self)
        other.scopes = frozenset(scopes)
        return other

    def _shown_companies(self) -> dict[int, set[int] | None]:
        """Of which companies the leads of the partner's active warriors are shown; None for all."""
        return {
            row["id"]: None if is_all(row["data_visibility"]) else listed_ids(row["data_visibility"])
            for row in self.data.rows("Warrior")
            if row["active"] and row["partner_company_id"] == self.partner_company_id
        }

    def _owns_lead(self, lead: Row) -> bool:
        warrior = named_id(lead["warrior_id"])
        if warrior is None or warrior not in self._companies_of_warrior:
            return False
        companies = self._companies_of_warrior[warrior]
        return companies is None or lead["company_id"] in companies

    def _owns_ticket(self, ticket: Row) -> bool:
        return False

    def _owns_company(self, company: Row) -> bool:
        return False

    def _owns_partner(self, partner: Row) -> bool:
        return bool(partner["id"] == self.partner_company_id)

    def lacks_type(self, type_name: str) -> bool:
        """Whether the token's scopes leave the type out."""
        scope = SCOPE_OF_TYPE.get(type_name)
        return type_name in TYPES_NOT_FOR_PARTNERS or (scope is not None and scope not in self.scopes)

    def _may_not_read(self, type_name: str, column: str) -> bool:
        contacts = CONTACT_COLUMNS.get(type_name, set()) | PARTNER_CONTACT_COLUMNS.get(type_name, set())
        if column in contacts:
            return "leads:contact" not in self.scopes
        return column in VALUE_COLUMNS.get(type_name, ()) and "leads:value" not in self.scopes

    def _knows_user(self, user_id: int) -> bool:
        return False

    def sees_report(self, name: str) -> bool:
        """Every named report, with the scope for reports."""
        return "reports:read" in self.scopes and name in REPORTS


def is_all(visibility: str | None) -> bool:
    """Whether a warrior's `data_visibility` stands for all companies."""
    return visibility is not None and visibility.strip(" \t") == "All"
