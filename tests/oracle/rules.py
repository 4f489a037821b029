"""Who sees which row, and which columns of it, as the policy says it: plainly, one row at a time.

`Viewer` is one staff user. `evaluate` and the tests ask it.

Where the policy is silent: an inactive salesperson grants nothing and breaks the chain of managers; the `active`
of a warrior's or salesperson's own row counts, not their user's; NULL isn't active; a list's item is an id only as
decimal digits without leading zeros, with spaces or tabs around it; `leads.warrior_id` names a warrior only as
exactly that text, without any space; only `is_deleted = 1` is deleted. What belongs to a deleted lead is ADMIN's to
see unasked: only the lead itself has to be asked for.
"""

from __future__ import annotations

import re
from typing import Any

from tests.oracle.data import Data, Row

ADMIN, USER, SALESPERSON, WARRIOR, MANAGER = "ADMIN", "USER", "SALESPERSON", "WARRIOR", "MANAGER"

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
# Columns that somebody at a client company doesn't have.
COLUMNS_NOT_FOR_USER = {
    "Lead": {
        "client_email_id",
        "client_mobile_no",
        "whatsapp_number",
        "integration_first_name",
        "integration_last_name",
        "integration_mobile_no",
        "integration_email_id",
        "tentative_value",
        "probability",
    },
    "PricingPlan": {"plan_price"},
}
# Columns whose value is null on the rows of people who aren't the caller's business.
MASKED_COLUMNS = {"User": {"email"}, "SessionInfo": {"last_login"}}
TYPES_FOR_ADMIN = {"RequestLog", "DynamicDatabase", "SyncCredential"}
TYPES_OF_LEADS = {"StatusChange", "LeadLog", "FollowUp", "WhatsappMessage"}
TYPES_OF_COMPANIES = {"ClientUser", "SyncRun", "SubcompanySetting", "ReportSetting", "DataUpdate"}
TYPES_OF_OWN_CLIENT_USER = {"SavedView", "UserSetting", "CompanySetting"}


def listed_ids(text: str | None) -> set[int]:
    """The ids in a comma-separated list; anything else in it counts for nothing."""
    items = (item.strip(" \t") for item in (text or "").split(","))
    return {int(item) for item in items if WHOLE_ID.fullmatch(item)}


def named_id(text: str | None) -> int | None:
    """The id that a text column holds; None for rubbish."""
    return int(text) if text is not None and WHOLE_ID.fullmatch(text) else None


def is_deleted(lead: Row) -> bool:
    return bool(lead["is_deleted"] == 1)


class Viewer:
    """A staff user, and what they may see. The sets are worked out once, from the data alone."""

    def __init__(self, data: Data, user_id: int) -> None:
        self.data = data
        self.id = user_id
        user = data.one("User", user_id)
        if user is None or user["active"] is not True:
            raise ValueError(f"user {user_id} isn't there or isn't active")
        role = data.one("Role", user["role_id"])
        assert role is not None
        self.role: str = role["role_name"]
        self.view_list: str | None = role["view_list"]
        self.client_user_id: int | None = user["user_id"]
        self._seen: dict[str, list[Row]] = {}
        self._ids: dict[str, set[Any]] = {}
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

    def visible(self, type_name: str, row: Row, *, deleted: bool = False) -> bool:
        """Whether the caller sees the row; `deleted` asks for soft-deleted leads."""
        if type_name == "Lead":
            return self._sees_lead(row, deleted=deleted)
        rules = (self._sees_by_lead, self._sees_in_directory, self._sees_as_own)
        for rule in rules:
            answer = rule(type_name, row)
            if answer is not None:
                return answer
        raise ValueError(f"the policy says nothing of {type_name}")

    def _sees_by_lead(self, type_name: str, row: Row) -> bool | None:
        """The rows that belong to leads, tickets and companies; None for a row of another kind."""
        if type_name in TYPES_OF_LEADS:
            return self.role == ADMIN or self._sees_of_lead(row)
        if type_name in TYPES_OF_COMPANIES:
            return row["company_id"] in self.ids("Company")
        match type_name:
            case "Mail":
                mine = row["lead_id"] is None and row["user_id"] == self.id
                return self.role == ADMIN or mine or self._sees_of_lead(row)
            case "Ticket":
                return self._sees_ticket(row)
            case "TicketComment":
                return row["ticket_id"] in self.ids("Ticket")
        return None

    def _sees_in_directory(self, type_name: str, row: Row) -> bool | None:
        """People, their firms, and what goes with them; None for a row of another kind."""
        match type_name:
            case "Company":
                return self._sees_company(row)
            case "User":
                return self._sees_user(row)
            case "Warrior" | "Salesperson":
                return row["user_id"] in self.ids("User")
            case "PartnerCompany":
                partners = {warrior["partner_company_id"] for warrior in self.seen("Warrior")}
                return self.role != USER or row["id"] in partners
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
            return self.role == ADMIN or row["user_id"] == self.id
        return None

    def seen(self, type_name: str) -> list[Row]:
        """Every row of the type that the caller sees, without soft-deleted leads."""
        if type_name not in self._seen:
            rows = self.data.rows(type_name)
            self._seen[type_name] = [row for row in rows if self.visible(type_name, row)]
        return self._seen[type_name]

    def ids(self, type_name: str) -> set[Any]:
        """The ids of `seen`."""
        if type_name not in self._ids:
            self._ids[type_name] = {row["id"] for row in self.seen(type_name)}
        return self._ids[type_name]

    def _sees_lead(self, lead: Row, *, deleted: bool) -> bool:
        if is_deleted(lead):
            return self.role == ADMIN and deleted
        if self.role == ADMIN:
            return True
        if self.role == USER:
            return self._own_company(lead["company_id"])
        if named_id(lead["warrior_id"]) in self._owners:
            return True
        return bool(listed_ids(lead["shared_salesperson_id"]) & self._sharers)

    def _sees_of_lead(self, row: Row) -> bool:
        return row["lead_id"] is not None and row["lead_id"] in self.ids("Lead")

    def _sees_ticket(self, ticket: Row) -> bool:
        if self.role == ADMIN or self._sees_of_lead(ticket):
            return True
        if self.id in (ticket["assigned_to"], ticket["created_by"]):
            return True
        if self.role == USER:
            return self._own_company(ticket["company_id"])
        return self.role == MANAGER and ticket["assigned_to"] in self._below

    def _sees_company(self, company: Row) -> bool:
        if self.role == ADMIN or (self.role == USER and self._own_company(company["id"])):
            return True
        return any(
            row["id"] in self.ids("Lead") for row in self.data.where("Lead", "company_id", company["id"])
        ) or any(
            row["id"] in self.ids("Ticket") for row in self.data.where("Ticket", "company_id", company["id"])
        )

    def _sees_user(self, user: Row) -> bool:
        if self.role != USER or user["id"] == self.id:
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

    def lacks(self, type_name: str, column: str) -> bool:
        """Whether the caller's schema is without the column."""
        if column in SECRET_COLUMNS.get(type_name, ()):
            return True
        return self.role == USER and column in COLUMNS_NOT_FOR_USER.get(type_name, ())

    def is_masked(self, type_name: str, row: Row, column: str) -> bool:
        """Whether the column of a visible row is null for the caller, whatever it holds."""
        if column not in MASKED_COLUMNS.get(type_name, ()):
            return False
        user_id = row["id"] if type_name == "User" else row["user_id"]
        return not (self.role == ADMIN or user_id == self.id or user_id in self._below)

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
        """Whether the role's `view_list` names the report; ADMIN has all."""
        named = {item.strip() for item in (self.view_list or "").split(",")}
        return self.role == ADMIN or name in named
