"""Who may see and do what: the access contract, stated once. Deny is the default.

`ROWS` has one entry for each table that anybody may see, `COLUMNS` one for each column that isn't free to whoever
sees its row, `SECRETS` the columns that nobody sees by any path, `WRITES` the operations that change rows, `FIELDS` the
other operations and whatever else is neither a row nor a column, `OBJECTS` the types that are no rows, and `UNSEEN` the
tables that nobody sees. A table, type, operation or computed field that is in none of them stops the start-up.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, literal, true

from datasources.analytics import tables as analytics
from datasources.iperform import tables as iperform
from datasources.iperform.idempotency_keys import gateway_idempotency_keys
from datasources.iperform.lead_sharing import gateway_lead_sharing, shared_with
from datasources.iperform.partner_tokens import gateway_partner_tokens
from datasources.iperform.ticket_changes import gateway_ticket_changes
from datasources.magenta import tables as magenta
from datasources.model import Among, Filter, Match, Not, all_of, any_of
from gateway.auth.audience import Grant
from gateway.auth.company_tables import COMPANY_TABLES
from gateway.auth.policy import (
    ColumnPolicy,
    Every,
    Follows,
    Ground,
    Held,
    Kind,
    Mask,
    Owner,
    Policies,
    RowPolicy,
    WritePolicy,
)
from gateway.auth.roles import (
    COMPANIES_READ,
    EMPLOYEES,
    EVENTS_READ,
    EVERYBODY,
    FILES_READ,
    KNOWN,
    LEADS_CONTACT,
    LEADS_READ,
    LEADS_VALUE,
    LEADS_WRITE,
    REPORTS_READ,
    STAFF,
    TICKETS_READ,
    USERS_READ,
    Caller,
)
from gateway.auth.scope import Scope

leads, tickets, user = iperform.leads, iperform.tickets, iperform.user
warrior, salesperson = iperform.warrior, iperform.salesperson
company, client_user = magenta.company, magenta.user

Grounds = tuple[Ground, ...]

ADMIN_SEES_ALL: Grounds = (Every("ADMIN sees every row."),)
EMPLOYEES_SEE_ALL: dict[Caller, Grounds] = dict.fromkeys(
    EMPLOYEES, (Every("Everybody who works for the company sees every row."),)
)


def follows(
    table: Table, column: Column[Any], target: Column[Any], policy: RowPolicy, *, by: str
) -> RowPolicy:
    """A table whose rows are visible where the row that they belong to is; ADMIN sees also those of no row."""
    ground: Grounds = (Follows(f"ITS_{by}", f"Its {by.lower()} is visible.", column, target, policy),)
    rules = {caller: ADMIN_SEES_ALL if caller is Caller.ADMIN else ground for caller in policy.rules}
    return RowPolicy(table=table, owner=policy.owner, rules=rules, scopes=policy.scopes)


def own(table: Table, column: Column[Any], kind: Kind, ids: Callable[[Scope], frozenset[int]]) -> RowPolicy:
    """A table whose rows belong to one user."""
    ground: Grounds = (Held("ONES_OWN", "It is the caller's own.", column, kind, ids),)
    rules = {caller: ADMIN_SEES_ALL if caller is Caller.ADMIN else ground for caller in STAFF}
    return RowPolicy(table=table, owner=Owner.ONESELF, rules=rules)


def anybody(table: Table) -> RowPolicy:
    """A table whose rows every known caller sees."""
    rules = dict.fromkeys(KNOWN, (Every("Every caller sees every row."),))
    return RowPolicy(table=table, owner=Owner.ANYBODY, rules=rules)


def admin_only(table: Table) -> RowPolicy:
    """A table whose rows only ADMIN sees."""
    return RowPolicy(table=table, owner=Owner.ADMIN, rules={Caller.ADMIN: ADMIN_SEES_ALL})


def _active(table: Table) -> Filter:
    # An inactive row grants nothing, also not the sight of whose row it is.
    return Match(table.c.active.is_(true()))


# --- leads, and what hangs below them -----------------------------------------------------------------------

LIVE_LEADS = Not(Among(leads.c.is_deleted, frozenset({1})))


def _led_by(says: str, warriors: Callable[[Scope], frozenset[int]]) -> Held:
    return Held("ITS_WARRIOR", says, leads.c.warrior_id, Kind.WARRIOR, warriors)


def _shared(says: str, salespeople: Callable[[Scope], frozenset[int]]) -> Held:
    def rows(scope: Scope) -> Filter:
        return shared_with(salespeople(scope))

    return Held("SHARED", says, leads.c.shared_salesperson_id, Kind.SALESPERSON, salespeople, rows)


def _of_limited_warriors(scope: Scope) -> Filter:
    """Leads of a partner's warriors whose `data_visibility` names companies: of those companies only."""
    return any_of(
        *[
            all_of(
                Among(leads.c.warrior_id, frozenset(map(str, warriors))),
                Among(leads.c.company_id, companies),
            )
            for companies, warriors in scope.limited_warriors.items()
        ]
    )


LEADS = RowPolicy(
    table=leads,
    owner=Owner.LEAD,
    scopes=frozenset({LEADS_READ}),
    # A deleted lead is ADMIN's when asked for: reads of leads leave it out unless they say `isDeleted`.
    guard=LIVE_LEADS,
    guard_says="It is deleted: only ADMIN sees it, and only when asking for it.",
    rules={
        Caller.ADMIN: ADMIN_SEES_ALL,
        Caller.MANAGER: (
            _led_by("Its warrior is in the caller's team.", lambda scope: scope.team_warriors),
            _shared("It is shared with somebody of the caller's team.", lambda scope: scope.team),
        ),
        Caller.SALESPERSON: (
            _led_by("Its warrior is the caller's.", lambda scope: scope.sales_warriors),
            _shared("It is shared with the caller.", lambda scope: scope.sales),
        ),
        Caller.WARRIOR: (_led_by("The caller is its warrior.", lambda scope: scope.own_warriors),),
        Caller.USER: (
            Held(
                "ITS_COMPANY",
                "Its company is the caller's.",
                leads.c.company_id,
                Kind.COMPANY,
                lambda scope: scope.company,
            ),
        ),
        Caller.PARTNER: (
            _led_by("Its warrior works for the partner, who sees all.", lambda scope: scope.open_warriors),
            Held(
                "ITS_WARRIOR_AND_COMPANY",
                "Its warrior works for the partner, who sees what is of its company.",
                leads.c.warrior_id,
                Kind.WARRIOR,
                lambda scope: scope.partner_warriors,
                _of_limited_warriors,
            ),
        ),
    },
)


def of_lead(table: Table) -> RowPolicy:
    """A table whose rows are visible where their lead is."""
    return follows(table, table.c.lead_id, leads.c.id, LEADS, by="LEAD")


def _to_oneself(scope: Scope) -> Filter:
    mail = iperform.iperform_mail
    return all_of(Match(mail.c.lead_id.is_(None)), Among(mail.c.user_id, scope.user))


def _mails() -> RowPolicy:
    mail = iperform.iperform_mail
    to_oneself = Held(
        "TO_ONESELF",
        "It is of no lead, and the caller's own.",
        mail.c.user_id,
        Kind.USER,
        lambda scope: scope.user,
        _to_oneself,
    )
    of_leads = of_lead(mail)
    rules = {
        caller: grounds if caller is Caller.ADMIN else (*grounds, to_oneself)
        for caller, grounds in of_leads.rules.items()
    }
    rules[Caller.PARTNER] = of_leads.rules[Caller.PARTNER]
    return RowPolicy(table=mail, owner=Owner.LEAD, rules=rules, scopes=of_leads.scopes)


# --- tickets ------------------------------------------------------------------------------------------------

_TICKETS_LEAD = Follows("ITS_LEAD", "Its lead is visible.", tickets.c.lead_id, leads.c.id, LEADS)
_TICKETS_OF_STAFF: Grounds = (
    _TICKETS_LEAD,
    Held("ASSIGNED", "It is assigned to the caller.", tickets.c.assigned_to, Kind.USER, lambda s: s.user),
    Held("CREATED", "The caller created it.", tickets.c.created_by, Kind.USER, lambda s: s.user),
)

TICKETS = RowPolicy(
    table=tickets,
    owner=Owner.TICKET,
    scopes=frozenset({TICKETS_READ}),
    rules={
        Caller.ADMIN: ADMIN_SEES_ALL,
        Caller.MANAGER: (
            *_TICKETS_OF_STAFF,
            Held(
                "ASSIGNED_IN_TEAM",
                "It is assigned to somebody of the caller's team.",
                tickets.c.assigned_to,
                Kind.USER,
                lambda scope: scope.team_users,
            ),
        ),
        Caller.SALESPERSON: _TICKETS_OF_STAFF,
        Caller.WARRIOR: _TICKETS_OF_STAFF,
        Caller.USER: (
            *_TICKETS_OF_STAFF,
            Held(
                "ITS_COMPANY",
                "Its company is the caller's.",
                tickets.c.company_id,
                Kind.COMPANY,
                lambda scope: scope.company,
            ),
        ),
        Caller.PARTNER: (_TICKETS_LEAD,),
    },
)


# --- companies, and what hangs below them -------------------------------------------------------------------

_COMPANIES_BY_WORK: Grounds = (
    Follows("ITS_LEAD", "A visible lead is of it.", company.c.id, leads.c.company_id, LEADS),
    Follows("ITS_TICKET", "A visible ticket is of it.", company.c.id, tickets.c.company_id, TICKETS),
)

COMPANIES = RowPolicy(
    table=company,
    owner=Owner.COMPANY,
    scopes=frozenset({COMPANIES_READ}),
    rules={
        Caller.ADMIN: ADMIN_SEES_ALL,
        **dict.fromkeys(
            (Caller.MANAGER, Caller.SALESPERSON, Caller.WARRIOR, Caller.PARTNER), _COMPANIES_BY_WORK
        ),
        Caller.USER: (
            *_COMPANIES_BY_WORK,
            Held("ONES_OWN", "It is the caller's.", company.c.id, Kind.COMPANY, lambda s: s.company),
        ),
    },
)

CLIENT_USERS = follows(client_user, client_user.c.company_id, company.c.id, COMPANIES, by="COMPANY")


def of_company(table: Table) -> RowPolicy:
    """A table whose rows are visible where their company is."""
    return follows(table, table.c.company_id, company.c.id, COMPANIES, by="COMPANY")


# --- the staff directory ------------------------------------------------------------------------------------
# Outside the company one sees who works on the leads that one sees: their warriors, and those warriors' salespeople.

_OUTSIDE = (Caller.USER, Caller.PARTNER)

_WORKING_WARRIORS = RowPolicy(
    table=warrior,
    owner=Owner.USER,
    guard=_active(warrior),
    guard_says="It is inactive, which grants nothing.",
    rules=dict.fromkeys(
        _OUTSIDE,
        (
            Follows(
                "WORKS_ON_LEAD",
                "They are the warrior of a visible lead.",
                warrior.c.id,
                leads.c.warrior_id,
                LEADS,
            ),
        ),
    ),
)

_THEIR_SALESPEOPLE = RowPolicy(
    table=salesperson,
    owner=Owner.USER,
    guard=_active(salesperson),
    guard_says="It is inactive, which grants nothing.",
    rules=dict.fromkeys(
        _OUTSIDE,
        (
            Follows(
                "ITS_WARRIOR",
                "They are the salesperson of such a warrior.",
                salesperson.c.id,
                warrior.c.salesperson_id,
                _WORKING_WARRIORS,
            ),
        ),
    ),
)

_WORKING_USERS: Grounds = (
    Follows(
        "WARRIOR_OF_LEAD",
        "They are the warrior of a visible lead.",
        user.c.id,
        warrior.c.user_id,
        _WORKING_WARRIORS,
    ),
    Follows(
        "SALESPERSON_OF_LEAD",
        "They are the salesperson of a visible lead's warrior.",
        user.c.id,
        salesperson.c.user_id,
        _THEIR_SALESPEOPLE,
    ),
)

USERS = RowPolicy(
    table=user,
    owner=Owner.USER,
    scopes=frozenset({USERS_READ}),
    rules={
        **EMPLOYEES_SEE_ALL,
        Caller.USER: (
            Held("ONESELF", "It is the caller.", user.c.id, Kind.USER, lambda scope: scope.user),
            *_WORKING_USERS,
        ),
        Caller.PARTNER: _WORKING_USERS,
    },
)


def as_their_user(table: Table) -> RowPolicy:
    """A table whose rows are visible where their user is."""
    ground: Grounds = (Follows("ITS_USER", "Its user is visible.", table.c.user_id, user.c.id, USERS),)
    rules = {**EMPLOYEES_SEE_ALL, **dict.fromkeys(_OUTSIDE, ground)}
    return RowPolicy(table=table, owner=Owner.USER, rules=rules, scopes=USERS.scopes)


WARRIORS = as_their_user(warrior)


def _partner_companies() -> RowPolicy:
    partner = iperform.partner_company
    by_warrior = Follows(
        "ITS_WARRIOR",
        "A visible warrior works for it.",
        partner.c.id,
        warrior.c.partner_company_id,
        WARRIORS,
    )
    itself = Held(
        "ITSELF", "The token is the partner's own.", partner.c.id, Kind.PARTNER_COMPANY, lambda s: s.partner
    )
    rules = {**EMPLOYEES_SEE_ALL, Caller.USER: (by_warrior,), Caller.PARTNER: (itself, by_warrior)}
    return RowPolicy(table=partner, owner=Owner.USER, rules=rules)


ROWS = (
    LEADS,
    of_lead(iperform.lead_status),
    of_lead(iperform.lead_logs),
    of_lead(iperform.followup_activity),
    of_lead(iperform.whatsapp_messages),
    _mails(),
    TICKETS,
    follows(
        iperform.ticket_communication,
        iperform.ticket_communication.c.ticket_id,
        tickets.c.id,
        TICKETS,
        by="TICKET",
    ),
    COMPANIES,
    CLIENT_USERS,
    follows(magenta.user_info, magenta.user_info.c.user_id, client_user.c.id, CLIENT_USERS, by="USER"),
    USERS,
    WARRIORS,
    as_their_user(salesperson),
    # Where a user can be seen, so can the row that counts their logins; `last_login` is masked below.
    as_their_user(iperform.session_info),
    _partner_companies(),
    anybody(magenta.pricing_plan),
    # Only its name shows, as `User.role`; what a role may do is told to its own people by `Viewer`.
    anybody(iperform.role),
    own(magenta.view_setting, magenta.view_setting.c.user_id, Kind.CLIENT_USER, lambda s: s.client_user),
    own(magenta.user_setting, magenta.user_setting.c.user_id, Kind.CLIENT_USER, lambda s: s.client_user),
    own(
        magenta.company_setting, magenta.company_setting.c.user_id, Kind.CLIENT_USER, lambda s: s.client_user
    ),
    own(iperform.all_session, iperform.all_session.c.user_id, Kind.USER, lambda s: s.user),
    own(iperform.login_history, iperform.login_history.c.user_id, Kind.USER, lambda s: s.user),
    admin_only(iperform.logs),
    admin_only(gateway_partner_tokens),
    admin_only(magenta.dynamic_db),
    admin_only(analytics.credentials),
    of_company(analytics.sync_history),
    of_company(analytics.subcompany_settings),
    of_company(analytics.reportwise_settings),
    of_company(analytics.data_update),
    *map(of_company, COMPANY_TABLES),
    follows(analytics.mirror_leads, analytics.mirror_leads.c.id, leads.c.id, LEADS, by="LEAD"),
    of_lead(analytics.mirror_lead_logs),
    of_lead(analytics.mirror_lead_status),
    of_lead(analytics.mirror_demo_scheduled_data),
)

UNSEEN: dict[Table, str] = {
    gateway_idempotency_keys: "what a client's key stands for is told by giving the first answer again",
    gateway_ticket_changes: "who changed a ticket is told by the events of its changes",
    gateway_lead_sharing: "an index of `leads.shared_salesperson_id`, which decides",
    iperform.deleted_files: "the contract doesn't name it",
    iperform.demo_scheduled_data: "analytics come from its mirror",
    magenta.email_template: "the contract doesn't name it",
}


# --- columns ------------------------------------------------------------------------------------------------

SECRETS = (
    user.c.password,
    iperform.all_session.c.token,
    gateway_partner_tokens.c.token_hash,
    client_user.c.forgot_password_token,
    company.c.extractor_settings_token,
    magenta.dynamic_db.c.db_password,
    analytics.credentials.c.credentials_json,
)


def _oneself_or_below(column: Column[Any]) -> ColumnPolicy:
    """Readable for oneself, for ADMIN, and for managers and salespeople above the user that `column` names."""

    def rows(scope: Scope) -> ColumnElement[bool] | None:
        if scope.caller is Caller.ADMIN:
            return None
        readable = scope.user | scope.team_users
        return _names_one(column, readable) if readable else literal(False)

    return ColumnPolicy(
        Grant(KNOWN), Mask("Only oneself, those above, and ADMIN read it; else it is null.", rows, column)
    )


@lru_cache(maxsize=512)
def _names_one(column: Column[Any], ids: frozenset[int]) -> ColumnElement[bool]:
    """The column names one of the ids. Made once for a team, as statements are known again by what they are made of."""
    return column.in_(sorted(ids))


_INSIDE_OR_PARTNER = EMPLOYEES | {Caller.PARTNER}

CONTACT = ColumnPolicy(Grant(_INSIDE_OR_PARTNER, frozenset({LEADS_CONTACT})))
VALUE = ColumnPolicy(Grant(_INSIDE_OR_PARTNER, frozenset({LEADS_VALUE})))
CLIENT_CONTACT = ColumnPolicy(Grant(KNOWN, frozenset({LEADS_CONTACT})))

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
    # They repeat what the lead's own columns hold.
    iperform.whatsapp_messages.c.phone_number: CONTACT,
    iperform.iperform_mail.c.recipient_email: CONTACT,
    analytics.mirror_leads.c.client_email_id: CONTACT,
    leads.c.tentative_value: VALUE,
    leads.c.probability: VALUE,
    magenta.pricing_plan.c.plan_price: VALUE,
    **{column: CLIENT_CONTACT for column in magenta.user_info.c if column.name.startswith("mobile")},
}


# --- writes -------------------------------------------------------------------------------------------------

WRITES: dict[str, WritePolicy] = {
    "Mutation.changeLeadStatus": WritePolicy(
        table=leads,
        rules=dict.fromkeys(
            KNOWN - {Caller.USER},
            (Every("Whoever sees a lead changes its status, but somebody at a client."),),
        ),
        scopes=frozenset({LEADS_WRITE}),
        columns=frozenset(
            {
                leads.c.status,
                leads.c.reason_for_lost,
                leads.c.changed_on,
                leads.c.changed_by,
                *(column for column in iperform.lead_status.c if not column.primary_key),
                *(column for column in iperform.lead_logs.c if not column.primary_key),
            }
        ),
    ),
    "Mutation.changeTicketStatus": WritePolicy(
        table=tickets,
        rules={
            **dict.fromkeys(
                (Caller.ADMIN, Caller.MANAGER),
                (Every("ADMIN and MANAGER change every ticket that they see."),),
            ),
            # A partner is nobody's assignee.
            **dict.fromkeys(
                (Caller.SALESPERSON, Caller.WARRIOR, Caller.USER),
                (
                    Held(
                        "ASSIGNED",
                        "It is assigned to the caller.",
                        tickets.c.assigned_to,
                        Kind.USER,
                        lambda scope: scope.user,
                    ),
                ),
            ),
        },
        columns=frozenset(
            {
                tickets.c.status,
                tickets.c.resolved_on,
                tickets.c.resolution_notes,
                *(column for column in gateway_ticket_changes.c if not column.primary_key),
            }
        ),
    ),
}


# --- operations, fields that are neither row nor column, and types that are no rows -------------------------

_ANYBODY = Grant(EVERYBODY)
_KNOWN = Grant(KNOWN)
_FOR_PEOPLE = Grant(STAFF | {Caller.ANONYMOUS})
_ADMIN = Grant(frozenset({Caller.ADMIN}))
_LEADS = Grant(KNOWN, frozenset({LEADS_READ}))
_REPORTS = Grant(KNOWN, frozenset({REPORTS_READ}))
_FILES = Grant(KNOWN, frozenset({FILES_READ}))
_EVENTS = Grant(KNOWN, frozenset({EVENTS_READ}))
_LEAD_EVENTS = Grant(KNOWN, frozenset({EVENTS_READ, LEADS_READ}))
_TICKET_EVENTS = Grant(KNOWN, frozenset({EVENTS_READ, TICKETS_READ}))

FIELDS: dict[str, Grant] = {
    "Query.viewer": _ANYBODY,
    "Query.node": _KNOWN,
    "Query.nodes": _KNOWN,
    "Query.leadStats": _LEADS,
    "Query.reportViews": _REPORTS,
    "Query.reportView": _REPORTS,
    "Query.eventCursor": _EVENTS,
    "Query.explainAccess": _ADMIN,
    "Mutation.login": _FOR_PEOPLE,
    "Mutation.refreshSession": _FOR_PEOPLE,
    "Mutation.logout": _FOR_PEOPLE,
    "Mutation.createPartnerToken": _ADMIN,
    "Mutation.revokePartnerToken": _ADMIN,
    **{operation: policy.grant for operation, policy in WRITES.items()},
    "Subscription.leadStatusChanged": _LEAD_EVENTS,
    "Subscription.ticketStatusChanged": _TICKET_EVENTS,
    "PartnerToken.scopes": _ADMIN,
    "Lead.analytics": _LEADS,
    "Lead.files": _FILES,
    "Company.files": _FILES,
    "Ticket.files": _FILES,
    "ReportView.exports": _FILES,
}

OBJECTS: dict[str, Grant] = {
    "Query": _ANYBODY,
    "Mutation": _ANYBODY,
    "Subscription": _EVENTS,
    "LeadStatusEvent": _LEAD_EVENTS,
    "TicketStatusEvent": _TICKET_EVENTS,
    "Session": _FOR_PEOPLE,
    "Viewer": _ANYBODY,
    "LeadAnalytics": _LEADS,
    "LeadStats": _LEADS,
    "ReportView": _REPORTS,
    "ReportColumn": _REPORTS,
    "File": _FILES,
    "CreatePartnerTokenPayload": _ADMIN,
    "ChangeLeadStatusPayload": WRITES["Mutation.changeLeadStatus"].grant,
    "ChangeTicketStatusPayload": WRITES["Mutation.changeTicketStatus"].grant,
    "AccessExplanation": _ADMIN,
    "AccessGround": _ADMIN,
    "AccessStep": _ADMIN,
    "AccessColumn": _ADMIN,
}

POLICIES = Policies(
    rows=ROWS,
    columns=COLUMNS,
    secrets=SECRETS,
    fields=FIELDS,
    objects=OBJECTS,
    unseen=UNSEEN,
    writes=WRITES,
)
