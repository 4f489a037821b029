"""The API's names of columns and relations, written by hand from the contract. `evaluate` and the tests read it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cache

from sqlalchemy import JSON, Boolean, Date, DateTime, Integer, Numeric, Table

from datasources.analytics.tables import metadata as analytics
from datasources.iperform.tables import metadata as iperform
from datasources.magenta.tables import metadata as magenta
from tests.oracle.data import TABLE_OF_TYPE


class Kind(Enum):
    """What a field's filter is called, and how its values are written."""

    INT = "IntFilter"
    BOOLEAN = "BooleanFilter"
    DATETIME = "DateTimeFilter"
    DATE = "DateFilter"
    DECIMAL = "DecimalFilter"
    STRING = "StringFilter"
    # No filter of rows has these: reports have numbers, JSON is not filtered, a role is told by its name.
    FLOAT = "Float"
    JSON = "JSON"
    ROLE = "Role"


@dataclass(frozen=True)
class Field:
    """A column under its name in a selection, a `where`, and an `orderBy`."""

    name: str
    column: str
    order: str
    kind: Kind


@dataclass(frozen=True)
class Elsewhere:
    """A field whose column is in a row of another table that names this row; neither filtered nor sorted."""

    name: str
    column: str
    table: str
    key: str
    kind: Kind
    # The column here that the key there is equal to.
    local: str = "id"


@dataclass(frozen=True)
class Relation:
    """How rows of one type name rows of another: `column` here equals `target_column` there."""

    name: str
    column: str
    target: str
    target_column: str
    many: bool
    # The column here is text, and names a row only as the plain decimal text of its id.
    text: bool = False
    sortable: bool = True

    @property
    def order(self) -> str:
        return "".join(f"_{letter}" if letter.isupper() else letter.upper() for letter in self.name)


METADATA = {"iperform": iperform, "magenta": magenta, "analytics": analytics}

# Columns that are no field: secrets, and ids that are shown as a relation only.
NOT_FIELDS = {
    "Lead": {"warrior_id", "shared_salesperson_id", "created_by", "changed_by"},
    "StatusChange": {"changed_by"},
    "LeadLog": {"logged_by"},
    "Ticket": {"assigned_to", "created_by"},
    "TicketComment": {"commented_by"},
    "User": {"password", "created_by", "changed_by"},
    "UserSession": {"token"},
    "Company": {"extractor_settings_token"},
    "ClientUser": {"forgot_password_token", "created_by"},
    "DynamicDatabase": {"db_password"},
    "SyncCredential": {"credentials_json"},
    "RequestLog": {"request_body", "response_body"},
}
PRIMARY_KEYS = {"UserSession": "id_session"}


def to_one(name: str, column: str, target: str, target_column: str = "id", **more: bool) -> Relation:
    return Relation(name, column, target, target_column, False, **more)


def to_many(name: str, target: str, target_column: str, column: str = "id") -> Relation:
    return Relation(name, column, target, target_column, True)


RELATIONS: dict[str, tuple[Relation, ...]] = {
    "Lead": (
        to_one("company", "company_id", "Company"),
        to_one("pricePlan", "price_plan_id", "PricingPlan"),
        to_one("crmPricePlan", "crm_price_plan_id", "PricingPlan"),
        to_one("warrior", "warrior_id", "Warrior", text=True),
        to_one("createdBy", "created_by", "User"),
        to_one("changedBy", "changed_by", "User"),
        to_many("statusHistory", "StatusChange", "lead_id"),
        to_many("logs", "LeadLog", "lead_id"),
        to_many("followUps", "FollowUp", "lead_id"),
        to_many("tickets", "Ticket", "lead_id"),
        to_many("whatsappMessages", "WhatsappMessage", "lead_id"),
        to_many("mails", "Mail", "lead_id"),
    ),
    "StatusChange": (to_one("lead", "lead_id", "Lead"), to_one("changedBy", "changed_by", "User")),
    "LeadLog": (
        to_one("lead", "lead_id", "Lead"),
        to_one("company", "company_id", "Company"),
        to_one("loggedBy", "logged_by", "User"),
    ),
    "FollowUp": (
        to_one("lead", "lead_id", "Lead"),
        to_one("salesperson", "salesperson_id", "Salesperson"),
        to_one("warrior", "warrior_id", "Warrior"),
    ),
    "WhatsappMessage": (to_one("lead", "lead_id", "Lead"), to_one("company", "company_id", "Company")),
    "Mail": (to_one("lead", "lead_id", "Lead"), to_one("user", "user_id", "User")),
    "Ticket": (
        to_one("lead", "lead_id", "Lead"),
        to_one("company", "company_id", "Company"),
        to_one("assignedTo", "assigned_to", "User"),
        to_one("createdBy", "created_by", "User"),
        to_many("comments", "TicketComment", "ticket_id"),
    ),
    "TicketComment": (
        to_one("ticket", "ticket_id", "Ticket"),
        to_one("commentedBy", "commented_by", "User"),
    ),
    "Company": (
        to_many("users", "ClientUser", "company_id"),
        to_many("leads", "Lead", "company_id"),
        to_many("tickets", "Ticket", "company_id"),
        to_many("syncRuns", "SyncRun", "company_id"),
        to_many("subcompanySettings", "SubcompanySetting", "company_id"),
        to_many("reportSettings", "ReportSetting", "company_id"),
        to_many("dataUpdates", "DataUpdate", "company_id"),
        to_many("databases", "DynamicDatabase", "company_id"),
        to_many("syncCredentials", "SyncCredential", "company_id"),
        to_many("settings", "CompanySetting", "company_id"),
    ),
    "ClientUser": (
        to_one("company", "company_id", "Company"),
        to_one("createdBy", "created_by", "User"),
        to_one("staffUser", "id", "User", "user_id", sortable=False),
        to_many("savedViews", "SavedView", "user_id"),
        to_many("settings", "UserSetting", "user_id"),
        to_many("companySettings", "CompanySetting", "user_id"),
    ),
    "User": (
        to_one("warrior", "id", "Warrior", "user_id"),
        to_one("salesperson", "id", "Salesperson", "user_id"),
        to_one("clientUser", "user_id", "ClientUser"),
        to_one("createdBy", "created_by", "User", sortable=False),
        to_one("changedBy", "changed_by", "User", sortable=False),
        to_many("createdUsers", "User", "created_by"),
        to_many("createdLeads", "Lead", "created_by"),
        to_many("statusChanges", "StatusChange", "changed_by"),
        to_many("leadLogs", "LeadLog", "logged_by"),
        to_many("mails", "Mail", "user_id"),
        to_many("assignedTickets", "Ticket", "assigned_to"),
        to_many("createdTickets", "Ticket", "created_by"),
        to_many("ticketComments", "TicketComment", "commented_by"),
        to_many("requestLogs", "RequestLog", "user_id"),
    ),
    "Warrior": (
        to_one("user", "user_id", "User"),
        to_one("salesperson", "salesperson_id", "Salesperson"),
        to_one("partnerCompany", "partner_company_id", "PartnerCompany"),
        Relation("leads", "id", "Lead", "warrior_id", True, text=True),
        to_many("followUps", "FollowUp", "warrior_id"),
    ),
    "Salesperson": (
        to_one("user", "user_id", "User"),
        to_one("manager", "manager_id", "Salesperson", sortable=False),
        to_many("reports", "Salesperson", "manager_id"),
        to_many("warriors", "Warrior", "salesperson_id"),
        to_many("followUps", "FollowUp", "salesperson_id"),
    ),
    "PartnerCompany": (
        to_one("company", "company_id", "Company"),
        to_many("warriors", "Warrior", "partner_company_id"),
    ),
    "PricingPlan": (
        to_many("leads", "Lead", "price_plan_id"),
        to_many("crmLeads", "Lead", "crm_price_plan_id"),
    ),
    "SavedView": (to_one("user", "user_id", "ClientUser"),),
    "UserSetting": (to_one("user", "user_id", "ClientUser"),),
    "CompanySetting": (
        to_one("company", "company_id", "Company"),
        to_one("user", "user_id", "ClientUser"),
    ),
    "UserSession": (to_one("user", "user_id", "User"),),
    "LoginEvent": (to_one("user", "user_id", "User"),),
    "RequestLog": (to_one("user", "user_id", "User"), to_one("company", "company_id", "Company")),
    "DynamicDatabase": (to_one("company", "company_id", "Company"),),
    "SyncRun": (to_one("company", "company_id", "Company"),),
    "SubcompanySetting": (to_one("company", "company_id", "Company"),),
    "ReportSetting": (to_one("company", "company_id", "Company"),),
    "DataUpdate": (to_one("company", "company_id", "Company"),),
    "SyncCredential": (to_one("company", "company_id", "Company"),),
}
ELSEWHERE: dict[str, tuple[Elsewhere, ...]] = {
    "ClientUser": (
        Elsewhere("firstName", "first_name", "ClientUserInfo", "user_id", Kind.STRING),
        Elsewhere("lastName", "last_name", "ClientUserInfo", "user_id", Kind.STRING),
        Elsewhere("mobile1", "mobile_1", "ClientUserInfo", "user_id", Kind.STRING),
        Elsewhere("mobile2", "mobile_2", "ClientUserInfo", "user_id", Kind.STRING),
        Elsewhere("birthdate", "user_birthdate", "ClientUserInfo", "user_id", Kind.DATE),
        Elsewhere("anniversaryDate", "user_anniversary_date", "ClientUserInfo", "user_id", Kind.DATE),
    ),
    "User": (
        Elsewhere("lastLogin", "last_login", "SessionInfo", "user_id", Kind.DATETIME),
        Elsewhere("noOfLogins", "no_of_logins", "SessionInfo", "user_id", Kind.INT),
        Elsewhere("role", "role_name", "Role", "id", Kind.ROLE, local="role_id"),
    ),
}
# What isn't a column itself, but worked out from one.
COMPUTED: tuple[tuple[tuple[str, str], frozenset[tuple[str, str]]], ...] = (
    (("User", "role_id"), frozenset({("User", "role")})),
    (("Lead", "drive_location"), frozenset({("Lead", "files")})),
    (("Lead", "company_id"), frozenset({("LeadStats", "company")})),
    (("Lead", "probability"), frozenset({("LeadStats", "probabilityAverage")})),
    (
        ("Lead", "tentative_value"),
        frozenset({("LeadStats", "tentativeValueSum"), ("LeadStats", "tentativeValueTotal")}),
    ),
)
GROUP_COLUMNS = {
    "STATUS": "status",
    "INDUSTRY": "industry",
    "SOURCE": "source",
    "COMPANY": "company_id",
    "WARRIOR": "warrior_id",
    "MONTH": "created_on",
}
# The rows that have no id of their own, so no order that the contract tells.
WITHOUT_ID = {"SyncRun", "ReportSetting", "DataUpdate", "SyncCredential"}
# The root fields of one row.
ROOT_SINGLES = {
    "lead": "Lead",
    "statusChange": "StatusChange",
    "leadLog": "LeadLog",
    "followUp": "FollowUp",
    "whatsappMessage": "WhatsappMessage",
    "mail": "Mail",
    "ticket": "Ticket",
    "ticketComment": "TicketComment",
    "company": "Company",
    "clientUser": "ClientUser",
    "pricingPlan": "PricingPlan",
    "user": "User",
    "warrior": "Warrior",
    "salesperson": "Salesperson",
    "partnerCompany": "PartnerCompany",
    "savedView": "SavedView",
    "userSetting": "UserSetting",
    "companySetting": "CompanySetting",
    "subcompanySetting": "SubcompanySetting",
    "dynamicDatabase": "DynamicDatabase",
}
ROOT_LISTS = {"leads": "Lead", "companies": "Company", "users": "User", "tickets": "Ticket"}


def table_of(type_name: str) -> Table:
    """The table that the type's rows are kept in."""
    source, _, name = TABLE_OF_TYPE[type_name].partition(".")
    return METADATA[source].tables[name]


def primary_key(type_name: str) -> str:
    """The column that every order ends in."""
    return PRIMARY_KEYS.get(type_name, "id")


@cache
def fields_of(type_name: str) -> tuple[Field, ...]:
    """The fields that can be selected, filtered and sorted; a column of JSON can't."""
    hidden = NOT_FIELDS.get(type_name, set())
    return tuple(
        _field(type_name, column.name, _kind(column.type))
        for column in table_of(type_name).columns
        if column.name not in hidden and not isinstance(column.type, JSON)
    )


@cache
def json_fields_of(type_name: str) -> tuple[Field, ...]:
    """The fields that hold JSON: they can be selected only."""
    return tuple(
        _field(type_name, column.name, Kind.JSON)
        for column in table_of(type_name).columns
        if column.name not in NOT_FIELDS.get(type_name, set()) and isinstance(column.type, JSON)
    )


@cache
def field_of_column(type_name: str, column: str) -> str | None:
    """The field that shows a column of the type; None where none does."""
    if column in NOT_FIELDS.get(type_name, ()):
        return None
    elsewhere = (one.name for one in ELSEWHERE.get(type_name, ()) if one.column == column)
    return next(elsewhere, None) or _field(type_name, column, Kind.STRING).name


def relation_of(type_name: str, name: str) -> Relation | None:
    """The relation of this name."""
    return next((relation for relation in RELATIONS.get(type_name, ()) if relation.name == name), None)


def _field(type_name: str, column: str, kind: Kind) -> Field:
    if column == primary_key(type_name):
        return Field("databaseId", column, "DATABASE_ID", kind)
    first, *others = column.split("_")
    return Field(first + "".join(map(str.capitalize, others)), column, column.upper(), kind)


def _kind(column_type: object) -> Kind:
    for python_type, kind in (
        (Boolean, Kind.BOOLEAN),
        (Integer, Kind.INT),
        (DateTime, Kind.DATETIME),
        (Date, Kind.DATE),
        (Numeric, Kind.DECIMAL),
    ):
        if isinstance(column_type, python_type):
            return kind
    return Kind.STRING
