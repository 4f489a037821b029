"""Changes that a caller must not notice: of rows that they don't see, before as after, of cells that are masked for
them, and of what nobody sees. What is hidden, the oracle says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import count
from typing import Any, Protocol

from sqlalchemy import Table

from datasources.analytics.tables import (
    mirror_lead_logs,
    mirror_lead_status,
    mirror_leads,
    subcompany_settings,
    sync_history,
)
from datasources.iperform.partner_tokens import gateway_partner_tokens
from datasources.iperform.tables import deleted_files, demo_scheduled_data
from datasources.magenta.tables import email_template
from tests.access.backstage import Backstage, Cells
from tests.oracle.catalogue import primary_key, table_of
from tests.oracle.data import Row
from tests.oracle.rules import ADMIN, SECRET_COLUMNS, Caller

_fresh = count(1)
# Downwards from here: a database counts on from the largest key that it has ever had, for rows that others add.
LAST_KEY = 1_500_000_000
RUBBISH = (None, "", " ", ",", "0", "-1", "012", " 7", "१", "7a", "9" * 100, "All", "%", "x' or '1'='1", "\\")

# Texts that may hold what they are not meant for; what a lead's list of salespeople is, the gateway keeps in a table.
TEXTS_OF = {
    "Lead": ("warrior_id", "shared_salesperson_id", "drive_location", "firm_name", "status"),
    "Mail": ("subject", "recipient_email"),
    "Company": ("company_name", "db_schema_name"),
    "Warrior": ("data_visibility",),
    "Salesperson": ("under_salesperson", "territory"),
}
# What a new row must have of its own.
UNIQUE = {
    "Lead": "client_email_id",
    "WhatsappMessage": "message_id",
    "User": "username",
    "ClientUser": "email",
}
# Who works for whom decides what is seen, also by those who don't see the row itself: the rest may change.
ONLY = {
    "Warrior": {"salesperson_id", "created_on"},
    "Salesperson": {"territory", "target_value", "under_salesperson", "manager_id", "created_on"},
}
CHANGED = (
    *("Lead", "Lead", "Lead", "StatusChange", "LeadLog", "FollowUp", "WhatsappMessage", "Mail"),
    *(
        "Ticket",
        "Ticket",
        "TicketComment",
        "Company",
        "Company",
        "ClientUser",
        "User",
        "Warrior",
        "Salesperson",
    ),
    *("PartnerCompany", "UserSession", "LoginEvent", "SavedView", "UserSetting", "CompanySetting"),
    *("RequestLog", "DynamicDatabase"),
)
# Rows that no other row needs.
DELETED = (
    *("StatusChange", "LeadLog", "FollowUp", "WhatsappMessage", "Mail", "TicketComment", "UserSession"),
    *("LoginEvent", "SavedView", "UserSetting", "CompanySetting", "RequestLog", "DynamicDatabase"),
)
OF_LEAD = ("StatusChange", "LeadLog", "FollowUp")
LEFT_BY_LEAD = ("WhatsappMessage", "Mail", "Ticket")


class Choosing(Protocol):
    """Where chance comes from."""

    def number(self, low: int, high: int) -> int:
        """A whole number, both ends included."""

    def one(self, options: Any) -> Any:
        """One of them."""


class HiddenChanges:
    """Makes changes that one caller must not notice."""

    def __init__(self, choice: Choosing, caller: Caller, backstage: Backstage) -> None:
        self._choice, self._caller, self._backstage = choice, caller, backstage

    def make(self, *, with_stores: bool) -> str:
        """Makes one change, and says which. `with_stores` may also change analytics and files."""
        kinds: list[Callable[[], str | None]] = [self._nobodys, self._secret, self._masked]
        if self._caller.role != ADMIN:
            kinds += [self._change, self._insert] * 3 + [self._delete, self._delete_lead, self._token]
            if with_stores:
                kinds += [self._analytics, self._analytics_of_company, self._file]
        made = None
        while made is None:
            made = self._choice.one(kinds)()
        return made

    # --- rows -------------------------------------------------------------------------------------------------

    def _change(self) -> str | None:
        type_name = self._choice.one(CHANGED)
        row = self._hidden(type_name)
        if row is None:
            return None
        key = row[primary_key(type_name)]
        cells = self._shaken(type_name, row)
        self._backstage.update(table_of(type_name), key, cells)
        return f"change {type_name} {key}: {cells}"

    def _insert(self) -> str | None:
        type_name = self._choice.one(CHANGED)
        row = self._hidden(type_name)
        if row is None:
            return None
        cells = self._backstage.row(table_of(type_name), row[primary_key(type_name)])
        assert cells is not None
        number = next(_fresh)
        own: Cells = {primary_key(type_name): LAST_KEY - number}
        if type_name in UNIQUE:
            own[UNIQUE[type_name]] = f"hidden {number}"
        new = {**cells, **self._shaken(type_name, row), **own}
        self._backstage.insert(table_of(type_name), new)
        return f"insert {type_name}: {new}"

    def _delete(self) -> str | None:
        type_name = self._choice.one(DELETED)
        row = self._hidden(type_name)
        if row is None:
            return None
        key = row[primary_key(type_name)]
        self._backstage.delete(table_of(type_name), key)
        return f"delete {type_name} {key}"

    def _delete_lead(self) -> str | None:
        row = self._hidden("Lead")
        if row is None or any(self._caller.data.where(name, "lead_id", row["id"]) for name in LEFT_BY_LEAD):
            return None
        for name in OF_LEAD:
            for below in self._caller.data.where(name, "lead_id", row["id"]):
                self._backstage.delete(table_of(name), below["id"])
        self._backstage.delete(table_of("Lead"), row["id"])
        return f"delete Lead {row['id']}"

    def _hidden(self, type_name: str) -> Row | None:
        rows = self._caller.data.rows(type_name)
        for _ in range(12):
            if not rows:
                return None
            row: Row = self._choice.one(rows)
            if not self._caller.visible(type_name, row, deleted=True):
                return row
        return None

    def _shaken(self, type_name: str, row: Row) -> Cells:
        """New cells for a hidden row, so that it stays hidden."""
        table = table_of(type_name)
        names = ONLY.get(type_name) or {column.name for column in table.columns}
        free = sorted(
            names - {primary_key(type_name), UNIQUE.get(type_name), "user_id", "lead_id", "ticket_id"}
        )
        free += sorted(names & {"lead_id", "ticket_id"})
        typed, raw = dict(row), {}
        for _ in range(self._choice.number(1, 4)):
            name = self._choice.one(free)
            if name in TEXTS_OF.get(type_name, ()) and self._choice.number(0, 1):
                value = given = self._choice.one(RUBBISH)
                if value is None and not table.columns[name].nullable:
                    continue
            else:
                donor = self._choice.one(self._caller.data.rows(type_name))
                cells = self._backstage.row(table, donor[primary_key(type_name)])
                assert cells is not None
                value, given = donor[name], cells[name]
            if not self._caller.visible(type_name, {**typed, name: value}, deleted=True):
                typed[name], raw[name] = value, given
        return raw or self._as_it_is(table, row[primary_key(type_name)], free[0])

    def _as_it_is(self, table: Table, key: Any, name: str) -> Cells:
        cells = self._backstage.row(table, key)
        assert cells is not None
        return {name: cells[name]}

    # --- cells ------------------------------------------------------------------------------------------------

    def _secret(self) -> str:
        type_name = self._choice.one([name for name in SECRET_COLUMNS if name != "SyncCredential"])
        (column,) = SECRET_COLUMNS[type_name]
        row = self._choice.one(self._caller.data.rows(type_name))
        key = row[primary_key(type_name)]
        self._backstage.update(table_of(type_name), key, {column: f"secret {next(_fresh)}"})
        return f"secret {type_name}.{column} of {key}"

    def _masked(self) -> str | None:
        type_name, column, key = self._choice.one(
            (("User", "email", "id"), ("SessionInfo", "last_login", "user_id"))
        )
        row = self._choice.one(self._caller.data.rows(type_name))
        user = self._caller.data.one("User", row[key])
        if user is None or not self._caller.is_masked(type_name, row, column):
            return None
        value = f"hidden{next(_fresh)}@example.in" if column == "email" else "2001-02-03 04:05:06"
        self._backstage.update(table_of(type_name), row[key], {column: value})
        return f"masked {type_name}.{column} of {row[key]}"

    # --- what nobody sees, or ADMIN alone -----------------------------------------------------------------------

    def _nobodys(self) -> str:
        number = next(_fresh)
        lead = self._choice.one(self._caller.data.rows("Lead"))["id"]
        person = self._choice.one(self._caller.data.rows("User"))["id"]
        rows: Mapping[Table, Cells] = {
            email_template: {"template_name": f"hidden {number}", "template_body": "nobody's"},
            deleted_files: {
                "user_id": person,
                "deleted_file": f"hidden {number}",
                "file_path": f"leads/{lead}/x",
            },
            demo_scheduled_data: {"lead_id": lead},
        }
        table = self._choice.one(list(rows))
        self._backstage.insert(table, {"id": LAST_KEY - number, **rows[table]})
        return f"insert {table.name} {rows[table]}"

    def _token(self) -> str:
        number = next(_fresh)
        partner = self._choice.one(self._caller.data.rows("PartnerCompany"))["id"]
        cells = {
            "id": LAST_KEY - number,
            "partner_company_id": partner,
            "name": f"hidden {number}",
            "prefix": f"ipgw_hidden{number}",
            "token_hash": "sha256:0",
            "scopes": "leads:read",
            "cost_per_minute": 1,
            "created_on": "2026-01-01 00:00:00",
            "expires_at": "2030-01-01 00:00:00",
        }
        self._backstage.insert(gateway_partner_tokens, cells)
        return f"insert a token of partner {partner}"

    # --- other stores -------------------------------------------------------------------------------------------

    def _analytics(self) -> str | None:
        lead = self._hidden("Lead")
        if lead is None:
            return None
        mark, number, when = self._mark(), next(_fresh), datetime(2099, 1, 1)
        seen = self._choice.one(self._caller.data.rows("Lead"))
        company = {"company_id": seen["company_id"]}
        rows: Mapping[Table, tuple[str, Cells]] = {
            # The mirror says that the lead is somebody else's, which decides nothing.
            mirror_leads: (
                "client_email_id",
                {
                    "id": lead["id"],
                    **company,
                    "status": "Won",
                    "warrior_id": seen["warrior_id"],
                    "version": when,
                },
            ),
            mirror_lead_logs: (
                "activity_details",
                {"id": number, "lead_id": lead["id"], **company, "activity_type": "Call", "logged_on": when},
            ),
            mirror_lead_status: (
                "reason_for_change",
                {"id": number, "lead_id": lead["id"], "status": "Won", "changed_on": when},
            ),
        }
        table = self._choice.one(list(rows))
        column, cells = rows[table]
        self._backstage.insert_analytics(table, {**cells, column: mark}, mark=column)
        return f"insert {table.fullname} {cells}"

    def _analytics_of_company(self) -> str | None:
        company = self._hidden("Company")
        if company is None:
            return None
        mark, when, of = self._mark(), datetime(2099, 1, 1), {"company_id": company["id"]}
        runs = {**of, "report_name": mark, "sync_date": when, "status": "x", "records_processed": 1}
        firms = {
            **of,
            "id": LAST_KEY - next(_fresh),
            "subcompany_name": mark,
            "enabled": True,
            "created_on": when,
        }
        if self._choice.number(0, 1):
            self._backstage.insert_analytics(sync_history, runs, mark="report_name")
            return f"insert a sync run of company {company['id']}"
        self._backstage.insert_analytics(subcompany_settings, firms, mark="subcompany_name")
        return f"insert a subcompany of company {company['id']}"

    def _file(self) -> str | None:
        type_name, place = self._choice.one(
            (("Lead", "leads"), ("Company", "companies"), ("Ticket", "tickets"))
        )
        row = self._hidden(type_name)
        if row is None or self._backstage.folder is None:
            return None
        key = f"{place}/{row['id']}/{self._mark()}.txt"
        self._backstage.put_file(key)
        return f"put {key}"

    @staticmethod
    def _mark() -> str:
        return f"hidden-{next(_fresh)}"
