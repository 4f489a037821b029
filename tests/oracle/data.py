"""The estate as plain lists of dicts. The rules read it; the tests make it, by hand or from the generator."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from datasources.seed import generate

Row = dict[str, Any]
Tables = dict[str, list[Row]]

# The API's row types, and the table that each is kept in.
TABLE_OF_TYPE = {
    "Lead": "iperform.leads",
    "StatusChange": "iperform.lead_status",
    "LeadLog": "iperform.lead_logs",
    "FollowUp": "iperform.followup_activity",
    "WhatsappMessage": "iperform.whatsapp_messages",
    "Mail": "iperform.iperform_mail",
    "Ticket": "iperform.tickets",
    "TicketComment": "iperform.ticket_communication",
    "User": "iperform.user",
    "Role": "iperform.role",
    "Warrior": "iperform.warrior",
    "Salesperson": "iperform.salesperson",
    "PartnerCompany": "iperform.partner_company",
    "UserSession": "iperform.all_session",
    "LoginEvent": "iperform.login_history",
    "RequestLog": "iperform.logs",
    "SessionInfo": "iperform.session_info",
    "Company": "magenta.company",
    "ClientUser": "magenta.user",
    "ClientUserInfo": "magenta.user_info",
    "PricingPlan": "magenta.pricing_plan",
    "DynamicDatabase": "magenta.dynamic_db",
    "SavedView": "magenta.view_setting",
    "UserSetting": "magenta.user_setting",
    "CompanySetting": "magenta.company_setting",
    "SubcompanySetting": "analytics.extractor.subcompany_settings",
    "ReportSetting": "analytics.extractor.reportwise_settings",
    "SyncRun": "analytics.extractor.sync_history",
    "DataUpdate": "analytics.extractor.data_update",
    "SyncCredential": "analytics.extractor.credentials",
    "MirrorLead": "analytics.iperform_helper.leads",
    "MirrorLog": "analytics.iperform_helper.lead_logs",
    "MirrorStatus": "analytics.iperform_helper.lead_status",
    "MirrorDemo": "analytics.iperform_helper.demo_scheduled_data",
}


class Data:
    """All rows by type, and indexes of them by column, made when they are first asked for."""

    def __init__(self, tables: Tables) -> None:
        self._rows = {name: tables.get(table, []) for name, table in TABLE_OF_TYPE.items()}
        self._indexes: dict[tuple[str, str], dict[Any, list[Row]]] = {}

    def rows(self, type_name: str) -> list[Row]:
        """Every row of a type, visible or not."""
        return self._rows[type_name]

    def where(self, type_name: str, column: str, value: Any) -> list[Row]:
        """The rows whose column has exactly this value; none for None."""
        if value is None:
            return []
        index = self._indexes.get((type_name, column))
        if index is None:
            index = defaultdict(list)
            for row in self._rows[type_name]:
                index[row[column]].append(row)
            self._indexes[type_name, column] = index
        return index.get(value, [])

    def one(self, type_name: str, row_id: Any) -> Row | None:
        """The row with this id."""
        return next(iter(self.where(type_name, "id", row_id)), None)


def generated(leads: int, seed: int, today: date) -> Data:
    """The generator's estate."""
    wanted = set(TABLE_OF_TYPE.values())
    tables: Tables = defaultdict(list)
    for chunk in generate(leads, seed, today).chunks():
        name = f"{chunk.source}.{chunk.table.fullname}"
        if name in wanted:
            tables[name].extend(chunk.rows)
    return Data(tables)
