"""Who may see which rows and columns: the access contract, stated once. Deny is the default.

`ROWS` has one entry for each table that anybody may see, `COLUMNS` one for each column that isn't free to whoever
sees its row, `SECRETS` the columns that nobody sees by any path. A table without an entry has no row for anybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, literal, true

from datasources.analytics import tables as analytics
from datasources.iperform import tables as iperform
from datasources.magenta import tables as magenta
from datasources.model import EVERYTHING, Among, Filter, ListsAny, Match, Not, Related, all_of, any_of
from gateway.auth.company_tables import COMPANY_TABLES
from gateway.auth.policy import ColumnPolicy, Policies, RowPolicy, RowRule, always
from gateway.auth.roles import EMPLOYEES, KNOWN, STAFF, Caller
from gateway.auth.scope import Scope

leads, tickets, user = iperform.leads, iperform.tickets, iperform.user
warrior, salesperson = iperform.warrior, iperform.salesperson
company, client_user = magenta.company, magenta.user


def visible(column: Column[Any], target: Column[Any], policy: RowPolicy) -> RowRule:
    """Rows whose `column` names, by `target`, a row that `policy` lets the caller see."""
    return lambda scope: Related(column, target, policy.filter(scope), EVERYTHING)


def follows(table: Table, column: Column[Any], target: Column[Any], policy: RowPolicy) -> RowPolicy:
    """A table whose rows are visible where the row that they belong to is; ADMIN sees also those of no row."""
    rule = visible(column, target, policy)
    return RowPolicy(table, {caller: always if caller is Caller.ADMIN else rule for caller in policy.rules})


def own(table: Table, column: Column[Any], *, key: str) -> RowPolicy:
    """A table whose rows belong to one user; `key` names the id in the principal that `column` holds."""

    def rule(scope: Scope) -> Filter:
        return Among(column, _one(getattr(scope.principal, key)))

    return RowPolicy(table, {caller: always if caller is Caller.ADMIN else rule for caller in STAFF})


def _one(value: int | None) -> frozenset[int]:
    return frozenset() if value is None else frozenset({value})


# --- leads, and what hangs below them -----------------------------------------------------------------------

LIVE_LEADS = Not(Among(leads.c.is_deleted, frozenset({1})))


def _led_by(warriors: Iterable[int]) -> Filter:
    # leads.warrior_id is text: ids are bound as text, or the database converts each row and loses the index.
    return Among(leads.c.warrior_id, frozenset(str(id_) for id_ in warriors))


def _shared_with(salespeople: frozenset[int]) -> Filter:
    return ListsAny(leads.c.shared_salesperson_id, salespeople)


def _leads_of_manager(scope: Scope) -> Filter:
    return all_of(LIVE_LEADS, any_of(_led_by(scope.team_warriors), _shared_with(scope.team)))


def _leads_of_salesperson(scope: Scope) -> Filter:
    return all_of(LIVE_LEADS, any_of(_led_by(scope.sales_warriors), _shared_with(scope.sales)))


def _leads_of_warrior(scope: Scope) -> Filter:
    return all_of(LIVE_LEADS, _led_by(scope.own_warriors))


def _leads_of_client(scope: Scope) -> Filter:
    return all_of(LIVE_LEADS, Among(leads.c.company_id, _one(scope.client_company)))


LEADS = RowPolicy(
    leads,
    {
        # A deleted lead is ADMIN's when asked for: reads of leads leave it out unless they say `isDeleted`.
        Caller.ADMIN: always,
        Caller.MANAGER: _leads_of_manager,
        Caller.SALESPERSON: _leads_of_salesperson,
        Caller.WARRIOR: _leads_of_warrior,
        Caller.USER: _leads_of_client,
    },
)


def of_lead(table: Table) -> RowPolicy:
    """A table whose rows are visible where their lead is."""
    return follows(table, table.c.lead_id, leads.c.id, LEADS)


def _mails(scope: Scope) -> Filter:
    mail = iperform.iperform_mail
    to_oneself = all_of(Match(mail.c.lead_id.is_(None)), Among(mail.c.user_id, _one(scope.principal.user_id)))
    return any_of(visible(mail.c.lead_id, leads.c.id, LEADS)(scope), to_oneself)


MAILS = RowPolicy(
    iperform.iperform_mail, {caller: always if caller is Caller.ADMIN else _mails for caller in LEADS.rules}
)


# --- tickets ------------------------------------------------------------------------------------------------


def _tickets(scope: Scope) -> Filter:
    own_id = _one(scope.principal.user_id)
    return any_of(
        visible(tickets.c.lead_id, leads.c.id, LEADS)(scope),
        Among(tickets.c.assigned_to, own_id),
        Among(tickets.c.created_by, own_id),
    )


def _tickets_of_manager(scope: Scope) -> Filter:
    return any_of(_tickets(scope), Among(tickets.c.assigned_to, scope.team_users))


def _tickets_of_client(scope: Scope) -> Filter:
    return any_of(_tickets(scope), Among(tickets.c.company_id, _one(scope.client_company)))


TICKETS = RowPolicy(
    tickets,
    {
        Caller.ADMIN: always,
        Caller.MANAGER: _tickets_of_manager,
        Caller.SALESPERSON: _tickets,
        Caller.WARRIOR: _tickets,
        Caller.USER: _tickets_of_client,
    },
)


# --- companies, and what hangs below them -------------------------------------------------------------------


def _companies(scope: Scope) -> Filter:
    return any_of(
        visible(company.c.id, leads.c.company_id, LEADS)(scope),
        visible(company.c.id, tickets.c.company_id, TICKETS)(scope),
    )


def _companies_of_client(scope: Scope) -> Filter:
    return any_of(_companies(scope), Among(company.c.id, _one(scope.client_company)))


COMPANIES = RowPolicy(
    company,
    {
        Caller.ADMIN: always,
        Caller.MANAGER: _companies,
        Caller.SALESPERSON: _companies,
        Caller.WARRIOR: _companies,
        Caller.USER: _companies_of_client,
    },
)

CLIENT_USERS = follows(client_user, client_user.c.company_id, company.c.id, COMPANIES)


def of_company(table: Table) -> RowPolicy:
    """A table whose rows are visible where their company is."""
    return follows(table, table.c.company_id, company.c.id, COMPANIES)


# --- the staff directory ------------------------------------------------------------------------------------


def _active(table: Table) -> Filter:
    # An inactive row grants nothing, also not the sight of whose row it is.
    return Match(table.c.active.is_(true()))


def _warriors_of_visible_leads(scope: Scope) -> Filter:
    return all_of(_active(warrior), visible(warrior.c.id, leads.c.warrior_id, LEADS)(scope))


def _users_of_client(scope: Scope) -> Filter:
    """Oneself, and the warriors of visible leads and those warriors' salespeople."""
    warriors = _warriors_of_visible_leads(scope)
    of_theirs = Related(salesperson.c.id, warrior.c.salesperson_id, warriors, EVERYTHING)
    their_salespeople = all_of(_active(salesperson), of_theirs)
    return any_of(
        Among(user.c.id, _one(scope.principal.user_id)),
        Related(user.c.id, warrior.c.user_id, warriors, EVERYTHING),
        Related(user.c.id, salesperson.c.user_id, their_salespeople, EVERYTHING),
    )


USERS = RowPolicy(user, {**dict.fromkeys(EMPLOYEES, always), Caller.USER: _users_of_client})


def as_their_user(table: Table) -> RowPolicy:
    """A table whose rows are visible where their user is."""
    rule = visible(table.c.user_id, user.c.id, USERS)
    return RowPolicy(table, {caller: rule if caller is Caller.USER else always for caller in USERS.rules})


def _partners_of_client(scope: Scope) -> Filter:
    return Related(
        iperform.partner_company.c.id, warrior.c.partner_company_id, WARRIORS.filter(scope), EVERYTHING
    )


WARRIORS = as_their_user(warrior)
PARTNER_COMPANIES = RowPolicy(
    iperform.partner_company, {**dict.fromkeys(EMPLOYEES, always), Caller.USER: _partners_of_client}
)


def admin_only(table: Table) -> RowPolicy:
    """A table whose rows only ADMIN sees."""
    return RowPolicy(table, {Caller.ADMIN: always})


ROWS = (
    LEADS,
    of_lead(iperform.lead_status),
    of_lead(iperform.lead_logs),
    of_lead(iperform.followup_activity),
    of_lead(iperform.whatsapp_messages),
    MAILS,
    TICKETS,
    follows(iperform.ticket_communication, iperform.ticket_communication.c.ticket_id, tickets.c.id, TICKETS),
    COMPANIES,
    CLIENT_USERS,
    follows(magenta.user_info, magenta.user_info.c.user_id, client_user.c.id, CLIENT_USERS),
    USERS,
    WARRIORS,
    as_their_user(salesperson),
    # Where a user can be seen, so can the row that counts their logins; `last_login` is masked below.
    as_their_user(iperform.session_info),
    PARTNER_COMPANIES,
    RowPolicy(magenta.pricing_plan, dict.fromkeys(KNOWN, always)),
    # Only its name shows, as `User.role`; what a role may do is told to its own people by `Viewer`.
    RowPolicy(iperform.role, dict.fromkeys(KNOWN, always)),
    own(magenta.view_setting, magenta.view_setting.c.user_id, key="client_user_id"),
    own(magenta.user_setting, magenta.user_setting.c.user_id, key="client_user_id"),
    own(magenta.company_setting, magenta.company_setting.c.user_id, key="client_user_id"),
    own(iperform.all_session, iperform.all_session.c.user_id, key="user_id"),
    own(iperform.login_history, iperform.login_history.c.user_id, key="user_id"),
    admin_only(iperform.logs),
    admin_only(magenta.dynamic_db),
    admin_only(analytics.credentials),
    of_company(analytics.sync_history),
    of_company(analytics.subcompany_settings),
    of_company(analytics.reportwise_settings),
    of_company(analytics.data_update),
    *map(of_company, COMPANY_TABLES),
    follows(analytics.mirror_leads, analytics.mirror_leads.c.id, leads.c.id, LEADS),
    of_lead(analytics.mirror_lead_logs),
    of_lead(analytics.mirror_lead_status),
    of_lead(analytics.mirror_demo_scheduled_data),
)


# --- columns ------------------------------------------------------------------------------------------------

SECRETS = (
    user.c.password,
    iperform.all_session.c.token,
    client_user.c.forgot_password_token,
    company.c.extractor_settings_token,
    magenta.dynamic_db.c.db_password,
    analytics.credentials.c.credentials_json,
)


def _oneself_or_below(column: Column[Any]) -> ColumnPolicy:
    """Readable for oneself, for ADMIN, and for managers and salespeople above the user that `column` names."""

    def mask(scope: Scope) -> ColumnElement[bool] | None:
        if scope.caller is Caller.ADMIN:
            return None
        readable = _one(scope.principal.user_id) | scope.team_users
        return column.in_(sorted(readable)) if readable else literal(False)

    return ColumnPolicy(STAFF, mask)


CONTACT = ColumnPolicy(EMPLOYEES)
VALUE = ColumnPolicy(EMPLOYEES)

COLUMNS: dict[Column[Any], ColumnPolicy] = {
    user.c.email: _oneself_or_below(user.c.id),
    iperform.session_info.c.last_login: _oneself_or_below(iperform.session_info.c.user_id),
    leads.c.client_email_id: CONTACT,
    leads.c.client_mobile_no: CONTACT,
    leads.c.whatsapp_number: CONTACT,
    leads.c.integration_first_name: CONTACT,
    leads.c.integration_last_name: CONTACT,
    leads.c.integration_mobile_no: CONTACT,
    leads.c.integration_email_id: CONTACT,
    leads.c.tentative_value: VALUE,
    leads.c.probability: VALUE,
    magenta.pricing_plan.c.plan_price: VALUE,
    analytics.mirror_leads.c.client_email_id: CONTACT,
}

POLICIES = Policies(ROWS, COLUMNS, SECRETS)
