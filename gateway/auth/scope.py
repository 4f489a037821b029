"""What a caller's place in the organisation gives them: pure, computed once per request from a few rows.

`organisation.py` reads the rows; `policies.py` turns a scope into filters. The terms are those of the access contract:
sales(u), team(u), warriors(S), client company(u).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Table

from datasources.model import Filter
from gateway.auth.principal import Principal
from gateway.auth.roles import Caller


@dataclass(frozen=True, slots=True)
class SalespersonRow:
    """An active row of `iperform.salesperson`."""

    id: int
    user_id: int
    manager_id: int | None
    under_salesperson: str | None


@dataclass(frozen=True, slots=True)
class WarriorRow:
    """An active row of `iperform.warrior`."""

    id: int
    user_id: int
    salesperson_id: int | None


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Ids of `iperform` rows, unless a name says otherwise. Empty sets grant nothing."""

    principal: Principal
    sales: frozenset[int] = field(default_factory=frozenset)
    team: frozenset[int] = field(default_factory=frozenset)
    sales_warriors: frozenset[int] = field(default_factory=frozenset)
    team_warriors: frozenset[int] = field(default_factory=frozenset)
    own_warriors: frozenset[int] = field(default_factory=frozenset)
    team_users: frozenset[int] = field(default_factory=frozenset)
    client_company: int | None = None
    # The filters of this scope, by table: made once, so that a filter can be recognised by identity.
    filters: dict[Table, Filter] = field(default_factory=dict, compare=False, repr=False)

    @property
    def caller(self) -> Caller:
        """The kind of caller."""
        return self.principal.caller


def scope_of(
    principal: Principal,
    *,
    salespeople: Sequence[SalespersonRow] = (),
    warriors: Sequence[WarriorRow] = (),
    client_company: int | None = None,
) -> Scope:
    """The scope of a principal, from all active salespeople and warriors (or those that can matter to it)."""
    user_id = principal.user_id
    sales = frozenset(row.id for row in salespeople if row.user_id == user_id)
    team = _below(sales, salespeople)
    team_warriors = _warriors_of(team, salespeople, warriors)
    return Scope(
        principal=principal,
        sales=sales,
        team=team,
        sales_warriors=_warriors_of(sales, salespeople, warriors),
        team_warriors=team_warriors,
        own_warriors=frozenset(row.id for row in warriors if row.user_id == user_id),
        team_users=frozenset(row.user_id for row in salespeople if row.id in team)
        | frozenset(row.user_id for row in warriors if row.id in team_warriors),
        client_company=client_company,
    )


def _below(top: frozenset[int], salespeople: Iterable[SalespersonRow]) -> frozenset[int]:
    """`top` and everybody below through `manager_id`; a cycle ends where it began."""
    reports: dict[int, list[int]] = {}
    for row in salespeople:
        if row.manager_id is not None:
            reports.setdefault(row.manager_id, []).append(row.id)
    found = set(top)
    waiting = list(top)
    while waiting:
        for report in reports.get(waiting.pop(), ()):
            if report not in found:
                found.add(report)
                waiting.append(report)
    return frozenset(found)


def _warriors_of(
    group: frozenset[int], salespeople: Iterable[SalespersonRow], warriors: Iterable[WarriorRow]
) -> frozenset[int]:
    """Active warriors that report to somebody of the group, or that one of them lists."""
    listed = {id_ for row in salespeople if row.id in group for id_ in listed_ids(row.under_salesperson)}
    return frozenset(row.id for row in warriors if row.salesperson_id in group or row.id in listed)


def listed_ids(text: str | None) -> frozenset[int]:
    """The whole ids in a comma-separated list; spaces around an item don't matter, rubbish is left out."""
    items = (item.strip(" \t") for item in (text or "").split(","))
    return frozenset(id_ for id_ in map(canonical_id, items) if id_ is not None)


def canonical_id(text: str | None) -> int | None:
    """The id that a text key holds, or None: `'12'` is one; `' 12'`, `'012'`, `'12a'` and `'१२'` are not."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 18 or text[0] == "0":
        return None
    return int(text)
