"""Reads a caller's place in the organisation from the database; `scope.py` says what follows from it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Column, Table, true

from datasources.iperform import tables as iperform
from datasources.magenta import tables as magenta
from datasources.model import EVERYTHING, Among, Filter, Match, Row, all_of, any_of
from gateway.auth.policy import Policy
from gateway.auth.principal import Principal
from gateway.auth.roles import Caller
from gateway.auth.scope import (
    PartnerWarriorRow,
    SalespersonRow,
    Scope,
    Staff,
    WarriorRow,
    below,
    listed_below,
    scope_of,
    scope_of_partner,
)
from gateway.auth.shared_read import SharedRead
from gateway.auth.system_access import SystemAccess

STAFF_IN_TEAMS = frozenset({Caller.MANAGER, Caller.SALESPERSON, Caller.WARRIOR})


def needs_organisation(principal: Principal) -> bool:
    """Whether a caller's scope depends on rows of the database."""
    return principal.caller not in {Caller.ADMIN, Caller.ANONYMOUS}


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What was read of the organisation for one caller, as it was read: equal where nothing has changed.

    `team` are the warriors that were asked for.
    """

    salespeople: Sequence[Row] = ()
    warriors: Sequence[Row] = ()
    client_company: int | None = None
    partners: Sequence[PartnerWarriorRow] = ()
    team: Filter = field(default=EVERYTHING, compare=False)


async def scope_in_database(system: SystemAccess, principal: Principal) -> Scope:
    """The scope of a principal, as the organisation is now; for some callers no statement is needed."""
    return scope_by(principal, await found_of(system, principal))


async def found_of(
    system: SystemAccess,
    principal: Principal,
    last: Found | None = None,
    salespeople_of_all: SharedRead[list[Row]] | None = None,
) -> Found:
    """What decides the scope of a principal, read now; `last` is what was found before.

    All salespeople are asked for, whoever the principal is: `salespeople_of_all` is for all who do at the same time.
    """
    match principal.caller:
        case Caller.MANAGER | Caller.SALESPERSON:
            read = partial(_salespeople, system)
            salespeople = await (read() if salespeople_of_all is None else salespeople_of_all.get(read))
            if last is not None and last.salespeople == salespeople:
                team = last.team
            else:
                team = _of_team(principal, [SalespersonRow(*row) for row in salespeople])
            return Found(salespeople=salespeople, warriors=await _warriors(system, team), team=team)
        case Caller.WARRIOR:
            own = Among(iperform.warrior.c.user_id, frozenset({principal.user_id}))
            return Found(warriors=await _warriors(system, own))
        case Caller.USER:
            companies = await _companies(system, (principal,))
            return Found(client_company=companies.get(principal.client_user_id))
        case Caller.PARTNER:
            partners = await _partners(system, (principal,))
            return Found(partners=partners.get(principal.partner_company_id, ()))
        case _:
            return Found()


def scope_by(principal: Principal, found: Found) -> Scope:
    """The scope of a principal by what was found."""
    if principal.caller is Caller.PARTNER:
        return scope_of_partner(principal, found.partners)
    return scope_of(
        principal,
        salespeople=[SalespersonRow(*row) for row in found.salespeople],
        warriors=[WarriorRow(*row) for row in found.warriors],
        client_company=found.client_company,
    )


async def scopes_in_database(system: SystemAccess, principals: Sequence[Principal]) -> list[Scope]:
    """The scopes of several principals, as the organisation is now: each part of it is read once."""
    callers = {principal.caller for principal in principals}
    staff, companies, partners = await asyncio.gather(
        _staff(system, callers & STAFF_IN_TEAMS),
        _companies(system, principals),
        _partners(system, principals),
    )

    def scope(principal: Principal) -> Scope:
        match principal.caller:
            case Caller.MANAGER | Caller.SALESPERSON | Caller.WARRIOR:
                return staff.scope(principal)
            case Caller.USER:
                return scope_of(principal, client_company=companies.get(principal.client_user_id))
            case Caller.PARTNER:
                return scope_of_partner(principal, partners.get(principal.partner_company_id, ()))
            case _:
                return scope_of(principal)

    return list(map(scope, principals))


async def _staff(system: SystemAccess, callers: AbstractSet[Caller]) -> Staff:
    if not callers:
        return Staff((), ())
    # Only warriors themselves are in no team that salespeople decide.
    salespeople = await _salespeople(system) if callers - {Caller.WARRIOR} else []
    warriors = await _warriors(system, EVERYTHING)
    return Staff([SalespersonRow(*row) for row in salespeople], [WarriorRow(*row) for row in warriors])


async def _companies(system: SystemAccess, principals: Iterable[Principal]) -> Mapping[int | None, int]:
    """The companies of client users by these' ids."""
    ids = {principal.client_user_id for principal in principals if principal.caller is Caller.USER} - {None}
    if not ids:
        return {}
    table = magenta.user
    where = all_of(_active(table), Among(table.c.id, frozenset(ids)))
    return dict(await _organisation(system, (table.c.id, table.c.company_id), where))


async def _partners(
    system: SystemAccess, principals: Iterable[Principal]
) -> Mapping[int | None, Sequence[PartnerWarriorRow]]:
    """The warriors who work for partners, by these' ids."""
    ids = {principal.partner_company_id for principal in principals if principal.caller is Caller.PARTNER}
    if not ids:
        return {}
    table = iperform.warrior
    where = all_of(_active(table), Among(table.c.partner_company_id, frozenset(ids)))
    columns = (table.c.partner_company_id, table.c.id, table.c.data_visibility)
    found: dict[int | None, list[PartnerWarriorRow]] = {}
    for partner_id, *row in await _organisation(system, columns, where):
        found.setdefault(partner_id, []).append(PartnerWarriorRow(*row))
    return found


async def _salespeople(system: SystemAccess) -> list[Row]:
    """The cells of a `SalespersonRow` of each."""
    table = iperform.salesperson
    columns = (table.c.id, table.c.user_id, table.c.manager_id, table.c.under_salesperson)
    return await _organisation(system, columns, _active(table))


async def _warriors(system: SystemAccess, where: Filter) -> list[Row]:
    """The cells of a `WarriorRow` of each."""
    table = iperform.warrior
    columns = (table.c.id, table.c.user_id, table.c.salesperson_id)
    return await _organisation(system, columns, all_of(_active(table), where))


def _of_team(principal: Principal, salespeople: Sequence[SalespersonRow]) -> Filter:
    """The warriors that can matter to somebody: of thousands, those of their own team."""
    table = iperform.warrior
    team = below(frozenset(row.id for row in salespeople if row.user_id == principal.user_id), salespeople)
    return any_of(
        Among(table.c.salesperson_id, team),
        Among(table.c.id, listed_below(team, salespeople)),
        Among(table.c.user_id, frozenset({principal.user_id})),
    )


async def _organisation(system: SystemAccess, columns: Sequence[Column[Any]], where: Filter) -> list[Row]:
    bypass = Policy.unrestricted(reason="who is in whose team decides what the rules of this caller are")
    return await system.rows(columns, where=where, bypass=bypass)


def _active(table: Table) -> Filter:
    return ACTIVE[table]


# Made once: a statement's text is known again by what it is made of.
ACTIVE: Mapping[Table, Filter] = {
    table: Match(table.c.active.is_(true()))
    for table in (iperform.salesperson, iperform.warrior, magenta.user)
}
