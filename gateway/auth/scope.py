"""What a caller's place in the organisation gives them: pure, computed once per request from a few rows.

`organisation.py` reads the rows; `policies.py` turns a scope into filters. The terms are those of the access contract:
sales(u), team(u), warriors(S), client company(u).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn, TypeVar

from datasources.model import Filter
from gateway.auth.principal import Principal
from gateway.auth.roles import Caller

Found = TypeVar("Found")

# `warrior.data_visibility` of somebody whose partner sees all of their leads.
ALL_DATA = "All"


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


@dataclass(frozen=True, slots=True)
class PartnerWarriorRow:
    """An active row of `iperform.warrior` that works for a partner; `data_visibility` says for which companies."""

    id: int
    data_visibility: str | None


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Ids of `iperform` rows, unless a name says otherwise. Empty sets grant nothing.

    `open_warriors` are a partner's warriors of whom it sees all leads; `limited_warriors` has those of whom it sees
    the leads of some companies only, by those companies. `salespeople` and `warriors` are what the sets came from.
    """

    principal: Principal
    sales: frozenset[int] = field(default_factory=frozenset)
    team: frozenset[int] = field(default_factory=frozenset)
    sales_warriors: frozenset[int] = field(default_factory=frozenset)
    team_warriors: frozenset[int] = field(default_factory=frozenset)
    own_warriors: frozenset[int] = field(default_factory=frozenset)
    team_users: frozenset[int] = field(default_factory=frozenset)
    client_company: int | None = None
    open_warriors: frozenset[int] = field(default_factory=frozenset)
    limited_warriors: Mapping[frozenset[int], frozenset[int]] = field(default_factory=dict)
    salespeople: Sequence[SalespersonRow] = field(default=(), repr=False)
    warriors: Sequence[WarriorRow] = field(default=(), repr=False)
    # The filters of this scope, by policy: made once, so that a filter can be recognised by identity.
    filters: dict[object, Filter] = field(default_factory=dict, compare=False, repr=False)

    @property
    def caller(self) -> Caller:
        """The kind of caller."""
        return self.principal.caller

    @property
    def user(self) -> frozenset[int]:
        """The caller's own `iperform.user.id`."""
        return _one(self.principal.user_id)

    @property
    def client_user(self) -> frozenset[int]:
        """The `magenta.user.id` that the caller's user names."""
        return _one(self.principal.client_user_id)

    @property
    def company(self) -> frozenset[int]:
        """The `magenta.company.id` of a caller at a client company."""
        return _one(self.client_company)

    @property
    def partner(self) -> frozenset[int]:
        """The `partner_company.id` of a partner's token."""
        return _one(self.principal.partner_company_id)

    @property
    def partner_warriors(self) -> frozenset[int]:
        """A partner's warriors of whom it sees the leads of some companies."""
        return frozenset(id_ for ids in self.limited_warriors.values() for id_ in ids)


class NeedsOrganisation(Exception):
    """What a rule asks for can't be said of a caller by themselves."""


class Oneself:
    """A caller before their place in the organisation is known: stands in for a `Scope` where a rule asks for no more.

    Whatever else a rule asks for raises `NeedsOrganisation`.
    """

    def __init__(self, principal: Principal) -> None:
        self.principal = principal
        self.caller = principal.caller
        self.user = _one(principal.user_id)
        self.client_user = _one(principal.client_user_id)
        self.partner = _one(principal.partner_company_id)
        self.filters: dict[object, Filter] = {}

    def __getattr__(self, name: str) -> NoReturn:
        raise NeedsOrganisation(name)


def _one(value: int | None) -> frozenset[int]:
    return frozenset() if value is None else frozenset({value})


def scope_of_partner(principal: Principal, warriors: Sequence[PartnerWarriorRow]) -> Scope:
    """The scope of a partner's token, from the active warriors who work for the partner."""
    limited: dict[frozenset[int], frozenset[int]] = {}
    for row in warriors:
        companies = listed_ids(row.data_visibility)
        if companies:
            limited[companies] = limited.get(companies, frozenset()) | {row.id}
    everywhere = frozenset(row.id for row in warriors if (row.data_visibility or "").strip(" \t") == ALL_DATA)
    return Scope(principal=principal, open_warriors=everywhere, limited_warriors=limited)


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
    team = below(sales, salespeople)
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
        salespeople=salespeople,
        warriors=warriors,
    )


class Staff:
    """All active salespeople and warriors, for the scopes of many: each costs what its own team does."""

    def __init__(self, salespeople: Sequence[SalespersonRow], warriors: Sequence[WarriorRow]) -> None:
        self._salespeople = grouped(salespeople, lambda row: row.user_id)
        self._reports = grouped(salespeople, lambda row: row.manager_id)
        self._warriors = {row.id: row for row in warriors}
        self._of_salesperson = grouped(warriors, lambda row: row.salesperson_id)
        self._of_user = grouped(warriors, lambda row: row.user_id)

    def scope(self, principal: Principal) -> Scope:
        """The scope of a principal."""
        salespeople = self._team(self._salespeople.get(principal.user_id, ()))
        warriors = {row.id: row for row in self._of_user.get(principal.user_id, ())}
        for salesperson in salespeople:
            warriors |= {row.id: row for row in self._of_salesperson.get(salesperson.id, ())}
            listed = map(self._warriors.get, listed_ids(salesperson.under_salesperson))
            warriors |= {row.id: row for row in listed if row is not None}
        return scope_of(principal, salespeople=salespeople, warriors=list(warriors.values()))

    def _team(self, top: Iterable[SalespersonRow]) -> list[SalespersonRow]:
        found = {row.id: row for row in top}
        waiting = list(found)
        while waiting:
            for row in self._reports.get(waiting.pop(), ()):
                if row.id not in found:
                    found[row.id] = row
                    waiting.append(row.id)
        return list(found.values())


def grouped(
    rows: Iterable[Found], key: Callable[[Found], int | None]
) -> Mapping[int | None, Sequence[Found]]:
    """Rows by what `key` gives of each."""
    found: dict[int | None, list[Found]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found


def below(top: frozenset[int], salespeople: Iterable[SalespersonRow]) -> frozenset[int]:
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
    listed = listed_below(group, salespeople)
    return frozenset(row.id for row in warriors if row.salesperson_id in group or row.id in listed)


def listed_below(group: frozenset[int], salespeople: Iterable[SalespersonRow]) -> frozenset[int]:
    """The warriors whose ids somebody of the group lists as below them."""
    lists = (row.under_salesperson for row in salespeople if row.id in group and row.under_salesperson)
    return frozenset(id_ for text in lists for id_ in listed_ids(text))


def listed_ids(text: str | None) -> frozenset[int]:
    """The whole ids in a comma-separated list; spaces around an item don't matter, rubbish is left out."""
    items = (item.strip(" \t") for item in (text or "").split(","))
    return frozenset(id_ for id_ in map(canonical_id, items) if id_ is not None)


def canonical_id(text: str | None) -> int | None:
    """The id that a text key holds, or None: `'12'` is one; `' 12'`, `'012'`, `'12a'` and `'१२'` are not."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 18 or text[0] == "0":
        return None
    return int(text)
