"""The way from an id that a rule found on a row to the caller who has it: pure, from the rows that a scope came from.

It only tells what the scope's sets have decided already; `explain.py` shows it to an ADMIN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Table

from datasources.iperform.partner_tokens import gateway_partner_tokens
from datasources.iperform.tables import partner_company, salesperson, user, warrior
from datasources.magenta.tables import company
from datasources.magenta.tables import user as client_user
from gateway.auth.policy import Kind
from gateway.auth.roles import Caller
from gateway.auth.scope import SalespersonRow, Scope, WarriorRow, listed_ids

TABLE_OF_KIND: Mapping[Kind, Table] = {
    Kind.USER: user,
    Kind.WARRIOR: warrior,
    Kind.SALESPERSON: salesperson,
    Kind.COMPANY: company,
    Kind.CLIENT_USER: client_user,
    Kind.PARTNER_COMPANY: partner_company,
}


@dataclass(frozen=True, slots=True)
class Step:
    """A row on the way from what is asked about to the caller. `says` is how it hangs on the row before it."""

    table: Table
    key: int
    says: str


def way_to_caller(kind: Kind, key: int, scope: Scope) -> tuple[Step, ...]:
    """The rows after this one, down to the caller, for an id that the scope grants."""
    return tuple(WAYS[kind](key, scope))


def _from_user(key: int, scope: Scope) -> Iterator[Step]:
    if key in scope.user:
        return
    selling = next((row for row in scope.salespeople if row.id in scope.team and row.user_id == key), None)
    if selling is not None:
        yield Step(salesperson, selling.id, f"Who user {key} is.")
        yield from _from_salesperson(selling.id, scope)
        return
    working = next(
        (row for row in scope.warriors if row.id in scope.team_warriors and row.user_id == key), None
    )
    if working is not None:
        yield Step(warrior, working.id, f"Who user {key} is.")
        yield from _from_warrior(working.id, scope)


def _from_warrior(key: int, scope: Scope) -> Iterator[Step]:
    if scope.caller is Caller.PARTNER:
        yield from (Step(partner_company, one, f"Whom warrior {key} works for.") for one in scope.partner)
        yield from _from_partner(key, scope)
        return
    if scope.caller is Caller.WARRIOR:
        yield from _caller(scope, f"The caller, who is warrior {key}.")
        return
    row = next((row for row in scope.warriors if row.id == key), None)
    found = None if row is None else _salesperson_of(row, scope)
    if found is not None:
        yield found
        yield from _from_salesperson(found.key, scope)


def _salesperson_of(row: WarriorRow, scope: Scope) -> Step | None:
    """The nearest salesperson of the caller's whose warrior this is: themselves, else somebody of their team."""
    for group in (scope.sales, scope.team):
        if row.salesperson_id in group:
            assert row.salesperson_id is not None
            return Step(salesperson, row.salesperson_id, f"Whom warrior {row.id} reports to.")
        for one in scope.salespeople:
            if one.id in group and row.id in listed_ids(one.under_salesperson):
                return Step(salesperson, one.id, f"They list warrior {row.id} as under them.")
    return None


def _from_salesperson(key: int, scope: Scope) -> Iterator[Step]:
    """Up the managers to one who is the caller."""
    rows: dict[int, SalespersonRow] = {row.id: row for row in scope.salespeople}
    seen = {key}
    while key not in scope.sales:
        above = rows[key].manager_id if key in rows else None
        if above is None or above in seen:
            return
        seen.add(above)
        yield Step(salesperson, above, f"The manager of salesperson {key}.")
        key = above
    yield from _caller(scope, f"The caller, who is salesperson {key}.")


def _from_company(key: int, scope: Scope) -> Iterator[Step]:
    says = f"The caller's account at company {key}."
    yield from (Step(client_user, one, says) for one in scope.client_user)
    yield from _caller(scope, "The caller.")


def _from_client_user(key: int, scope: Scope) -> Iterator[Step]:
    yield from _caller(scope, f"The caller, whose account at a client company is client user {key}.")


def _from_partner(key: int, scope: Scope) -> Iterator[Step]:
    del key
    if scope.principal.token_id is not None:
        yield Step(gateway_partner_tokens, scope.principal.token_id, "The caller: a token of that partner.")


def _caller(scope: Scope, says: str) -> Iterator[Step]:
    yield from (Step(user, one, says) for one in scope.user)


WAYS: Mapping[Kind, Callable[[int, Scope], Iterator[Step]]] = {
    Kind.USER: _from_user,
    Kind.WARRIOR: _from_warrior,
    Kind.SALESPERSON: _from_salesperson,
    Kind.COMPANY: _from_company,
    Kind.CLIENT_USER: _from_client_user,
    Kind.PARTNER_COMPANY: _from_partner,
}
