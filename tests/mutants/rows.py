"""A small organisation in which every ground of every rule has a row that is visible by it alone.

It stands beside the demo's rows, with ids that those don't reach. Comments say what a row tells apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Table

from datasources.iperform import tables as iperform
from datasources.iperform.partner_tokens import gateway_partner_tokens
from datasources.magenta import tables as magenta
from datasources.seed import Chunk

ADMIN, USER, SALESPERSON, WARRIOR, MANAGER = 1, 2, 3, 4, 5
THEN = datetime(2026, 11, 2, 9, 30)

# Companies.
CLIENTS, OF_LEADS, OF_TICKETS, NOBODYS, OF_INACTIVE, OF_LEADS_TICKETS = range(990101, 990107)
# Users.
BOSS, SELLER, DEEP_SELLER, FIGHTER, CLIENT, CLIENT2, LONE, RING, GONE_CLIENT = range(9001, 9010)
LESSER_BOSS, UNSURE_CLIENT = 9011, 9012
OTHER_BOSS, DEEP_FIGHTER, LISTED, OUTSIDER, AT_PARTNER, BELOW_GONE, OF_PARTNERS = range(9021, 9028)
# Salespeople.
TOP, MIDDLE, BOTTOM, GONE, UNDER_GONE, OWN_GONE, RING_A, RING_B, OTHERS, FORMER = range(9101, 9111)
LESSER, UNSURE = 9111, 9112
# Warriors.
OWN, DEEP, BY_LIST, INACTIVE, OF_OWN_GONE, OF_UNDER_GONE, OWN_NULL, LOOKALIKE, RUBBISH, FAR = range(
    9201, 9211
)
OPEN, LIMITED, UNSAID, LOWER, PARTNERS_GONE, SECOND, OTHER_PARTNERS, RING_FIGHTER, GONES = range(9221, 9230)
INACTIVE_ONLY, GONE_LISTED, UNSURE_OWN, UNSURE_PARTNERS = range(9230, 9234)
PARTNER, PARTNER2 = 9301, 9302

Row = dict[str, Any]


def _full(table: Table, rows: Iterable[Row]) -> Chunk:
    """Rows with every column, those that aren't given as null, or as what is plain for them."""
    plain = {column.name: None for column in table.columns} | PLAIN.get(table, {})
    return Chunk(table, [plain | row for row in rows])


PLAIN: dict[Table, Row] = {
    iperform.user: {"password": "no hash", "active": True},
    iperform.salesperson: {"active": True},
    iperform.warrior: {"active": True},
    iperform.partner_company: {"company_id": NOBODYS, "active": True},
    iperform.leads: {"is_deleted": 0, "company_id": NOBODYS, "created_on": THEN},
    iperform.lead_logs: {"company_id": NOBODYS},
    iperform.whatsapp_messages: {"company_id": NOBODYS},
    iperform.tickets: {"company_id": NOBODYS, "title": "A ticket", "created_by": OTHER_BOSS},
    iperform.iperform_mail: {"user_id": OTHER_BOSS},
    magenta.user: {"active": True},
    gateway_partner_tokens: {
        "name": "A token",
        "token_hash": "no hash",
        "scopes": "leads:read",
        "cost_per_minute": 1,
        "created_on": THEN,
        "expires_at": THEN,
    },
}


def _user(id_: int, role: int, client_user: int | None = None, active: bool | None = True) -> Row:
    name = f"m{id_}"
    return {
        "id": id_,
        "username": name,
        "email": f"{name}@mutants.example",
        "role_id": role,
        "user_id": client_user,
        "active": active,
    }


# Everybody who asks has an account at a client, so that settings can be their own.
CLIENT_USER_OF = {
    user: 980000 + user for user in (BOSS, SELLER, FIGHTER, CLIENT, CLIENT2, LONE, GONE_CLIENT, UNSURE_CLIENT)
}
CLIENT_COMPANY_OF = {CLIENT: CLIENTS, CLIENT2: OF_LEADS, GONE_CLIENT: OF_INACTIVE, UNSURE_CLIENT: OF_INACTIVE}
HIDDEN_CLIENT_USER = 989999

USERS: list[Row] = [
    _user(BOSS, MANAGER, CLIENT_USER_OF[BOSS]),
    _user(SELLER, SALESPERSON, CLIENT_USER_OF[SELLER]),
    _user(DEEP_SELLER, SALESPERSON),
    _user(FIGHTER, WARRIOR, CLIENT_USER_OF[FIGHTER]),
    _user(CLIENT, USER, CLIENT_USER_OF[CLIENT]),
    _user(CLIENT2, USER, CLIENT_USER_OF[CLIENT2]),
    # A manager without a salesperson's row is in no team, not even their own.
    _user(LONE, MANAGER, CLIENT_USER_OF[LONE]),
    _user(RING, MANAGER),
    # Their account at the client is inactive.
    _user(GONE_CLIENT, USER, CLIENT_USER_OF[GONE_CLIENT]),
    _user(UNSURE_CLIENT, USER, CLIENT_USER_OF[UNSURE_CLIENT]),
    # A manager below another manager.
    _user(LESSER_BOSS, MANAGER),
    *(_user(id_, WARRIOR) for id_ in (DEEP_FIGHTER, LISTED, OUTSIDER, AT_PARTNER, OF_PARTNERS)),
    *(_user(id_, MANAGER) for id_ in (OTHER_BOSS, BELOW_GONE)),
]

SALESPEOPLE: list[Row] = [
    {"id": TOP, "user_id": BOSS},
    # The list has spaces, a zero in front, rubbish behind a number, and a number inside another.
    {
        "id": MIDDLE,
        "user_id": SELLER,
        "manager_id": TOP,
        "under_salesperson": f"x, {BY_LIST} ,0{LOOKALIKE},{RUBBISH}x,1{FAR},{GONE_LISTED}",
    },
    {"id": BOTTOM, "user_id": DEEP_SELLER, "manager_id": MIDDLE},
    {"id": GONE, "user_id": BELOW_GONE, "manager_id": TOP, "active": False},
    {"id": LESSER, "user_id": LESSER_BOSS, "manager_id": TOP},
    {"id": UNSURE, "user_id": BELOW_GONE, "manager_id": TOP, "active": None},
    {"id": UNDER_GONE, "user_id": BELOW_GONE, "manager_id": GONE},
    {"id": OWN_GONE, "user_id": SELLER, "active": None},
    {"id": RING_A, "user_id": RING, "manager_id": RING_B},
    {"id": RING_B, "user_id": OF_PARTNERS, "manager_id": RING_A},
    {"id": OTHERS, "user_id": OTHER_BOSS},
    # Whom a partner's warrior names still, though they are gone.
    {"id": FORMER, "user_id": BELOW_GONE, "active": False},
]

WARRIORS: list[Row] = [
    {"id": OWN, "user_id": FIGHTER, "salesperson_id": MIDDLE},
    {"id": DEEP, "user_id": DEEP_FIGHTER, "salesperson_id": BOTTOM},
    {"id": BY_LIST, "user_id": LISTED},
    {"id": INACTIVE, "user_id": OUTSIDER, "salesperson_id": MIDDLE, "active": False},
    {"id": UNSURE_OWN, "user_id": OUTSIDER, "salesperson_id": MIDDLE, "active": None},
    {"id": GONE_LISTED, "user_id": OUTSIDER, "active": False},
    {"id": OF_OWN_GONE, "user_id": OUTSIDER, "salesperson_id": OWN_GONE},
    {"id": OF_UNDER_GONE, "user_id": OUTSIDER, "salesperson_id": UNDER_GONE},
    {"id": GONES, "user_id": OUTSIDER, "salesperson_id": GONE},
    {"id": OWN_NULL, "user_id": FIGHTER, "salesperson_id": OTHERS, "active": None},
    *({"id": id_, "user_id": OUTSIDER, "salesperson_id": OTHERS} for id_ in (LOOKALIKE, RUBBISH, FAR)),
    {"id": RING_FIGHTER, "user_id": OUTSIDER, "salesperson_id": RING_B},
    # A partner's people, by what the partner sees of their leads.
    {"id": OPEN, "user_id": AT_PARTNER, "salesperson_id": OTHERS, "data_visibility": " All "},
    {
        "id": LIMITED,
        "user_id": AT_PARTNER,
        "salesperson_id": FORMER,
        "data_visibility": f" {OF_LEADS} ,{OF_TICKETS}x",
    },
    {"id": UNSAID, "user_id": OUTSIDER, "data_visibility": None},
    {"id": LOWER, "user_id": OUTSIDER, "data_visibility": "all"},
    {"id": PARTNERS_GONE, "user_id": OUTSIDER, "data_visibility": "All", "active": False},
    {"id": UNSURE_PARTNERS, "user_id": OUTSIDER, "data_visibility": "All", "active": None},
    # The same person works for another partner, too.
    {"id": SECOND, "user_id": AT_PARTNER},
    {"id": OTHER_PARTNERS, "user_id": OUTSIDER, "data_visibility": "All"},
    # Once worked on a lead of a client; neither they nor their salesperson are there any more.
    {"id": INACTIVE_ONLY, "user_id": OF_PARTNERS, "salesperson_id": OTHERS, "active": False},
]
PARTNER_OF = {
    **dict.fromkeys((OPEN, LIMITED, UNSAID, LOWER, PARTNERS_GONE, UNSURE_PARTNERS), PARTNER),
    **dict.fromkeys((SECOND,), PARTNER2),
}
for _warrior in WARRIORS:
    _warrior["partner_company_id"] = PARTNER_OF.get(_warrior["id"])


def _leads() -> Iterator[Row]:
    """A lead of each warrior, and those that are told apart otherwise; ids from 900001 in this order."""
    yield from ({"warrior_id": str(row["id"])} for row in WARRIORS)
    # Shared: with each salesperson alone, beside others, and with somebody whose id only looks like one of the team.
    for listed in (TOP, MIDDLE, BOTTOM, LESSER, GONE, UNSURE, OWN_GONE, RING_A, RING_B):
        yield {"warrior_id": str(FAR), "shared_salesperson_id": f" 7, {listed} "}
    for rubbish in (f"1{MIDDLE}", f"{MIDDLE}x", f"0{MIDDLE}"):
        yield {"warrior_id": str(FAR), "shared_salesperson_id": rubbish}
    yield {"warrior_id": f"0{OWN}"}
    yield {"warrior_id": f" {OWN}"}
    # Deleted, but the caller's in every other way.
    for warrior in (OWN, OPEN):
        yield {
            "warrior_id": str(warrior),
            "company_id": OF_LEADS,
            "is_deleted": 1,
            "shared_salesperson_id": str(MIDDLE),
        }
    # Of the companies that partners and clients are told apart by; the last is of nobody's warrior.
    for warrior in (OPEN, LIMITED, UNSAID, LOWER, INACTIVE_ONLY, 0):
        for company in (OF_LEADS, OF_TICKETS, OF_INACTIVE):
            yield {"warrior_id": str(warrior), "company_id": company}


LEADS: list[Row] = [{"id": 900001 + place, **row} for place, row in enumerate(_leads())]


def _tickets() -> Iterator[Row]:
    yield from ({"lead_id": lead["id"]} for lead in LEADS)
    # Of another company than its lead.
    yield from ({"lead_id": lead["id"], "company_id": OF_LEADS_TICKETS} for lead in LEADS)
    # By a person alone, of a company that nothing else shows.
    for user in (*CLIENT_USER_OF, DEEP_SELLER, DEEP_FIGHTER, LISTED, OUTSIDER):
        yield {"assigned_to": user}
        yield {"created_by": user, "company_id": OF_TICKETS}
    yield from ({"company_id": company} for company in (OF_LEADS, OF_TICKETS, OF_INACTIVE, NOBODYS))


TICKETS: list[Row] = [{"id": 900001 + place, **row} for place, row in enumerate(_tickets())]


def _numbered(rows: Iterable[Row], *, key: str = "id") -> list[Row]:
    return [{key: 900001 + place, **row} for place, row in enumerate(rows)]


def _of_leads(**more: Any) -> list[Row]:
    return _numbered({"lead_id": lead["id"], **more} for lead in LEADS)


def iperform_chunks() -> list[Chunk]:
    """The rows of `iperform`, parents first."""
    mails = [*({"lead_id": lead["id"]} for lead in LEADS), *({"user_id": user} for user in CLIENT_USER_OF)]
    users = [row["id"] for row in USERS]
    tokens = [{"partner_company_id": one, "prefix": f"ipg_mut{one}"} for one in (PARTNER, PARTNER2)]
    partners = [{"id": one, "partner_name": f"Partner {one}"} for one in (PARTNER, PARTNER2)]
    rows: dict[Table, list[Row]] = {
        iperform.user: USERS,
        iperform.salesperson: SALESPEOPLE,
        iperform.partner_company: partners,
        iperform.warrior: WARRIORS,
        iperform.leads: LEADS,
        iperform.lead_status: _of_leads(status="New"),
        iperform.lead_logs: _of_leads(),
        iperform.followup_activity: _of_leads(),
        iperform.whatsapp_messages: [{**row, "message_id": f"m{row['id']}"} for row in _of_leads()],
        iperform.iperform_mail: _numbered(mails),
        iperform.tickets: TICKETS,
        iperform.ticket_communication: _numbered({"ticket_id": ticket["id"]} for ticket in TICKETS),
        iperform.all_session: _numbered(({"user_id": user} for user in users), key="id_session"),
        iperform.login_history: _numbered({"user_id": user} for user in users),
        iperform.session_info: [{"user_id": user, "last_login": THEN, "no_of_logins": 1} for user in users],
        gateway_partner_tokens: _numbered(tokens),
    }
    return [_full(table, found) for table, found in rows.items()]


def magenta_chunks() -> list[Chunk]:
    """The rows of `magenta`, parents first."""
    companies = (CLIENTS, OF_LEADS, OF_TICKETS, NOBODYS, OF_INACTIVE, OF_LEADS_TICKETS)
    people = [
        *((id_, CLIENT_COMPANY_OF.get(user, NOBODYS)) for user, id_ in CLIENT_USER_OF.items()),
        *((HIDDEN_CLIENT_USER + place, company) for place, company in enumerate(companies)),
    ]
    accounts: list[Row] = [
        {"id": id_, "username": f"c{id_}", "email": f"c{id_}@mutants.example", "company_id": company}
        for id_, company in people
    ]
    state = {CLIENT_USER_OF[GONE_CLIENT]: False, CLIENT_USER_OF[UNSURE_CLIENT]: None}
    for row in accounts:
        row["active"] = state.get(row["id"], True)
    ids = [id_ for id_, _ in people]
    rows: dict[Table, list[Row]] = {
        magenta.company: [{"id": id_, "company_name": f"Company {id_}"} for id_ in companies],
        magenta.user: accounts,
        magenta.user_info: _numbered({"user_id": id_} for id_ in ids),
        magenta.view_setting: _numbered({"user_id": id_} for id_ in ids),
        magenta.user_setting: _numbered({"user_id": id_} for id_ in ids),
        magenta.company_setting: _numbered({"user_id": id_, "company_id": NOBODYS} for id_ in ids),
    }
    return [_full(table, found) for table, found in rows.items()]
