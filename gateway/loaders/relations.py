"""Every relation of the estate, declared once: a pair of columns, walked in both directions.

Read by the schema's types, which give the directions their names, and by nothing that knows databases apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Table

from datasources.analytics import tables as analytics
from datasources.iperform import tables as iperform
from datasources.iperform.partner_tokens import gateway_partner_tokens
from datasources.magenta import tables as magenta
from gateway.auth.crossing import table_of


@dataclass(frozen=True, slots=True)
class Direction:
    """From a row that holds `source` to the rows whose `target` is equal to it."""

    source: Column[Any]
    target: Column[Any]

    @property
    def table(self) -> Table:
        """The table that one arrives at."""
        return table_of(self.target)


@dataclass(frozen=True, slots=True)
class Relation:
    """`many` names a row by the `one` column of its table; `one` is unique unless a comment says otherwise."""

    many: Column[Any]
    one: Column[Any]

    @property
    def up(self) -> Direction:
        """From one of many to the one."""
        return Direction(self.many, self.one)

    @property
    def down(self) -> Direction:
        """From the one to the many."""
        return Direction(self.one, self.many)


_i, _m, _a = iperform, magenta, analytics

LEAD_COMPANY = Relation(_i.leads.c.company_id, _m.company.c.id)
LEAD_PRICE_PLAN = Relation(_i.leads.c.price_plan_id, _m.pricing_plan.c.id)
LEAD_CRM_PRICE_PLAN = Relation(_i.leads.c.crm_price_plan_id, _m.pricing_plan.c.id)
LEAD_WARRIOR = Relation(_i.leads.c.warrior_id, _i.warrior.c.id)
LEAD_CREATED_BY = Relation(_i.leads.c.created_by, _i.user.c.id)
LEAD_CHANGED_BY = Relation(_i.leads.c.changed_by, _i.user.c.id)

STATUS_CHANGE_LEAD = Relation(_i.lead_status.c.lead_id, _i.leads.c.id)
STATUS_CHANGE_CHANGED_BY = Relation(_i.lead_status.c.changed_by, _i.user.c.id)
LEAD_LOG_LEAD = Relation(_i.lead_logs.c.lead_id, _i.leads.c.id)
LEAD_LOG_COMPANY = Relation(_i.lead_logs.c.company_id, _m.company.c.id)
LEAD_LOG_LOGGED_BY = Relation(_i.lead_logs.c.logged_by, _i.user.c.id)
FOLLOW_UP_LEAD = Relation(_i.followup_activity.c.lead_id, _i.leads.c.id)
FOLLOW_UP_SALESPERSON = Relation(_i.followup_activity.c.salesperson_id, _i.salesperson.c.id)
FOLLOW_UP_WARRIOR = Relation(_i.followup_activity.c.warrior_id, _i.warrior.c.id)
WHATSAPP_MESSAGE_LEAD = Relation(_i.whatsapp_messages.c.lead_id, _i.leads.c.id)
WHATSAPP_MESSAGE_COMPANY = Relation(_i.whatsapp_messages.c.company_id, _m.company.c.id)
MAIL_LEAD = Relation(_i.iperform_mail.c.lead_id, _i.leads.c.id)
MAIL_USER = Relation(_i.iperform_mail.c.user_id, _i.user.c.id)

TICKET_LEAD = Relation(_i.tickets.c.lead_id, _i.leads.c.id)
TICKET_COMPANY = Relation(_i.tickets.c.company_id, _m.company.c.id)
TICKET_ASSIGNED_TO = Relation(_i.tickets.c.assigned_to, _i.user.c.id)
TICKET_CREATED_BY = Relation(_i.tickets.c.created_by, _i.user.c.id)
COMMENT_TICKET = Relation(_i.ticket_communication.c.ticket_id, _i.tickets.c.id)
COMMENT_COMMENTED_BY = Relation(_i.ticket_communication.c.commented_by, _i.user.c.id)

USER_ROLE = Relation(_i.user.c.role_id, _i.role.c.id)
USER_CLIENT_USER = Relation(_i.user.c.user_id, _m.user.c.id)
USER_CREATED_BY = Relation(_i.user.c.created_by, _i.user.c.id)
USER_CHANGED_BY = Relation(_i.user.c.changed_by, _i.user.c.id)
# A user may have several rows in these; the relation from the user takes the one with the lowest id.
WARRIOR_USER = Relation(_i.warrior.c.user_id, _i.user.c.id)
SALESPERSON_USER = Relation(_i.salesperson.c.user_id, _i.user.c.id)
SESSION_INFO_USER = Relation(_i.session_info.c.user_id, _i.user.c.id)
SESSION_USER = Relation(_i.all_session.c.user_id, _i.user.c.id)
LOGIN_USER = Relation(_i.login_history.c.user_id, _i.user.c.id)
REQUEST_LOG_USER = Relation(_i.logs.c.user_id, _i.user.c.id)
REQUEST_LOG_COMPANY = Relation(_i.logs.c.company_id, _m.company.c.id)
WARRIOR_SALESPERSON = Relation(_i.warrior.c.salesperson_id, _i.salesperson.c.id)
WARRIOR_PARTNER_COMPANY = Relation(_i.warrior.c.partner_company_id, _i.partner_company.c.id)
SALESPERSON_MANAGER = Relation(_i.salesperson.c.manager_id, _i.salesperson.c.id)
PARTNER_COMPANY_COMPANY = Relation(_i.partner_company.c.company_id, _m.company.c.id)
PARTNER_TOKEN_COMPANY = Relation(gateway_partner_tokens.c.partner_company_id, _i.partner_company.c.id)
PARTNER_TOKEN_CREATED_BY = Relation(gateway_partner_tokens.c.created_by, _i.user.c.id)

CLIENT_USER_COMPANY = Relation(_m.user.c.company_id, _m.company.c.id)
CLIENT_USER_CREATED_BY = Relation(_m.user.c.created_by, _i.user.c.id)
CLIENT_USER_INFO = Relation(_m.user_info.c.user_id, _m.user.c.id)
VIEW_SETTING_USER = Relation(_m.view_setting.c.user_id, _m.user.c.id)
USER_SETTING_USER = Relation(_m.user_setting.c.user_id, _m.user.c.id)
COMPANY_SETTING_COMPANY = Relation(_m.company_setting.c.company_id, _m.company.c.id)
COMPANY_SETTING_USER = Relation(_m.company_setting.c.user_id, _m.user.c.id)
DYNAMIC_DATABASE_COMPANY = Relation(_m.dynamic_db.c.company_id, _m.company.c.id)

SYNC_RUN_COMPANY = Relation(_a.sync_history.c.company_id, _m.company.c.id)
SYNC_CREDENTIAL_COMPANY = Relation(_a.credentials.c.company_id, _m.company.c.id)
SUBCOMPANY_SETTING_COMPANY = Relation(_a.subcompany_settings.c.company_id, _m.company.c.id)
REPORT_SETTING_COMPANY = Relation(_a.reportwise_settings.c.company_id, _m.company.c.id)
DATA_UPDATE_COMPANY = Relation(_a.data_update.c.company_id, _m.company.c.id)
