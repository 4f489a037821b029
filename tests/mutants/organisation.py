"""Changes of what a caller's place in the organisation gives them: of teams, warriors, lists of ids and `active`.

Each is a function put in the place of one of `scope.py` or `organisation.py`, for as long as a block lasts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Table, false

from datasources.iperform import tables as iperform
from datasources.magenta import tables as magenta
from datasources.model import EVERYTHING, Among, Filter, Match
from gateway.auth import organisation, scope
from gateway.auth.roles import Caller
from gateway.auth.scope import PartnerWarriorRow, SalespersonRow, Scope, WarriorRow

LISTS = "1234567890, \t"


@dataclass(frozen=True)
class Change:
    """What `name` of `module` is replaced by, and who must notice; `on` are the tables to look at."""

    what: str
    module: Any
    name: str
    changed: Callable[..., Any]
    callers: tuple[Caller, ...]
    on: Table = iperform.leads


# --- teams ------------------------------------------------------------------------------------------------


def _nobody_below(top: frozenset[int], salespeople: Iterable[SalespersonRow]) -> frozenset[int]:
    del salespeople
    return top


def _one_level(top: frozenset[int], salespeople: Iterable[SalespersonRow]) -> frozenset[int]:
    return top | {row.id for row in salespeople if row.manager_id in top}


def _only_those_below(top: frozenset[int], salespeople: Iterable[SalespersonRow]) -> frozenset[int]:
    return real_below(top, salespeople) - top


def _above_as_well(top: frozenset[int], salespeople: Sequence[SalespersonRow]) -> frozenset[int]:
    team = real_below(top, salespeople)
    return team | {row.manager_id for row in salespeople if row.id in team and row.manager_id is not None}


def _cycle_without_end(top: frozenset[int], salespeople: Sequence[SalespersonRow]) -> frozenset[int]:
    """Follows a cycle for ever, or as long as anybody would wait."""
    reports: dict[int | None, list[int]] = {}
    for row in salespeople:
        reports.setdefault(row.manager_id, []).append(row.id)
    found, waiting = set(top), list(top)
    for _ in range(10_000):
        if not waiting:
            return frozenset(found)
        below = reports.get(waiting.pop(), [])
        found.update(below)
        waiting += below
    raise TimeoutError("it never ends")


def _cycle_grants_nothing(top: frozenset[int], salespeople: Sequence[SalespersonRow]) -> frozenset[int]:
    manager = {row.id: row.manager_id for row in salespeople}
    return frozenset(
        one for one in real_below(top, salespeople) if manager.get(manager.get(one) or 0, 0) != one
    )


def _user_below(principal: Any, **given: Any) -> Scope:
    """A team of everybody where a user has no salesperson's row."""
    found = real_scope_of(principal, **given)
    if found.sales:
        return found
    return real_scope_of(
        principal,
        **{
            **given,
            "salespeople": [
                SalespersonRow(row.id, principal.user_id, row.manager_id, row.under_salesperson)
                for row in given.get("salespeople", ())
            ],
        },
    )


# --- warriors ---------------------------------------------------------------------------------------------


def _not_listed(
    group: frozenset[int], salespeople: Iterable[SalespersonRow], warriors: Iterable[WarriorRow]
) -> frozenset[int]:
    del salespeople
    return frozenset(row.id for row in warriors if row.salesperson_id in group)


def _only_listed(
    group: frozenset[int], salespeople: Iterable[SalespersonRow], warriors: Iterable[WarriorRow]
) -> frozenset[int]:
    listed = {
        id_ for row in salespeople if row.id in group for id_ in scope.listed_ids(row.under_salesperson)
    }
    return frozenset(row.id for row in warriors if row.id in listed)


def _listed_by_anybody(
    group: frozenset[int], salespeople: Sequence[SalespersonRow], warriors: Sequence[WarriorRow]
) -> frozenset[int]:
    everybody = frozenset(row.id for row in salespeople)
    return real_warriors_of(group, salespeople, warriors) | _only_listed(everybody, salespeople, warriors)


def _listed_though_inactive(
    group: frozenset[int], salespeople: Sequence[SalespersonRow], warriors: Sequence[WarriorRow]
) -> frozenset[int]:
    listed = {
        id_ for row in salespeople if row.id in group for id_ in scope.listed_ids(row.under_salesperson)
    }
    return real_warriors_of(group, salespeople, warriors) | listed


# --- lists of ids -----------------------------------------------------------------------------------------


def _spaces_matter(text: str | None) -> frozenset[int]:
    return frozenset(id_ for id_ in map(scope.canonical_id, (text or "").split(",")) if id_ is not None)


def _zeros_are_dropped(text: str | None) -> frozenset[int]:
    return frozenset(int(item) for item in (text or "").replace(" ", "").split(",") if item.isdigit())


def _rubbish_is_dropped(text: str | None) -> frozenset[int]:
    kept = "".join(letter for letter in text or "" if letter in LISTS)
    return real_listed_ids(kept)


def _parts_of_numbers(text: str | None) -> frozenset[int]:
    return real_listed_ids(text) | {int(str(id_)[1:]) for id_ in real_listed_ids(text) if len(str(id_)) > 4}


def _first_alone(text: str | None) -> frozenset[int]:
    return real_listed_ids((text or "").split(",")[0])


# --- partners ---------------------------------------------------------------------------------------------


def _all_unless_said(principal: Any, warriors: Sequence[PartnerWarriorRow]) -> Scope:
    return real_scope_of_partner(
        principal, [PartnerWarriorRow(row.id, row.data_visibility or "All") for row in warriors]
    )


def _all_in_any_letters(principal: Any, warriors: Sequence[PartnerWarriorRow]) -> Scope:
    return real_scope_of_partner(
        principal,
        [
            PartnerWarriorRow(
                row.id, "All" if (row.data_visibility or "").lower() == "all" else row.data_visibility
            )
            for row in warriors
        ],
    )


def _all_without_spaces(principal: Any, warriors: Sequence[PartnerWarriorRow]) -> Scope:
    return real_scope_of_partner(
        principal,
        [
            PartnerWarriorRow(row.id, None if row.data_visibility == " All " else row.data_visibility)
            for row in warriors
        ],
    )


def _limited_see_all(principal: Any, warriors: Sequence[PartnerWarriorRow]) -> Scope:
    return real_scope_of_partner(
        principal,
        [PartnerWarriorRow(row.id, row.data_visibility and "All") for row in warriors],
    )


def _limited_see_nothing(principal: Any, warriors: Sequence[PartnerWarriorRow]) -> Scope:
    return real_scope_of_partner(
        principal, [row for row in warriors if (row.data_visibility or "").strip() == "All"]
    )


# --- which warriors are read ------------------------------------------------------------------------------


def _without_listed(principal: Any, salespeople: Sequence[SalespersonRow]) -> Filter:
    return real_of_team(principal, [replace(row, under_salesperson=None) for row in salespeople])


def _without_naming(principal: Any, salespeople: Sequence[SalespersonRow]) -> Filter:
    top = frozenset(row.id for row in salespeople if row.user_id == principal.user_id)
    team = real_below(top, salespeople)
    return Among(iperform.warrior.c.id, scope.listed_below(team, salespeople))


def _of_oneself(principal: Any, salespeople: Sequence[SalespersonRow]) -> Filter:
    own = [row for row in salespeople if row.user_id == principal.user_id]
    return real_of_team(principal, [replace(row, manager_id=None) for row in own])


# --- what is active ---------------------------------------------------------------------------------------


def _inactive_count(table: Table) -> Callable[[Table], Filter]:
    return lambda asked: EVERYTHING if asked is table else real_active(asked)


def _unknown_counts(table: Table) -> Callable[[Table], Filter]:
    """NULL is taken for active."""
    return lambda asked: Match(asked.c.active.is_not(false())) if asked is table else real_active(asked)


def _none_is_active(table: Table) -> Callable[[Table], Filter]:
    return lambda asked: Among(asked.c.id, frozenset({-1})) if asked is table else real_active(asked)


real_below = scope.below
real_warriors_of = scope._warriors_of
real_listed_ids = scope.listed_ids
real_scope_of = scope.scope_of
real_scope_of_partner = scope.scope_of_partner
real_active = organisation._active
real_of_team = organisation._of_team

BOSS, SALES, FIGHTS = (Caller.MANAGER,), (Caller.SALESPERSON,), (Caller.WARRIOR,)
CLIENT, PARTNERS = (Caller.USER,), (Caller.PARTNER,)

CHANGES: tuple[Change, ...] = (
    Change("a team is oneself alone", scope, "below", _nobody_below, BOSS),
    Change("a team is one level deep", scope, "below", _one_level, BOSS),
    Change("a team is without its head", scope, "below", _only_those_below, BOSS),
    Change("a team has those above it", scope, "below", _above_as_well, BOSS),
    Change("a cycle never ends", scope, "below", _cycle_without_end, BOSS),
    Change("a cycle grants nothing", scope, "below", _cycle_grants_nothing, BOSS),
    Change("no row is everybody's row", organisation, "scope_of", _user_below, BOSS),
    Change("warriors that are listed don't count", scope, "_warriors_of", _not_listed, (*BOSS, *SALES)),
    Change(
        "warriors that name a salesperson don't count", scope, "_warriors_of", _only_listed, (*BOSS, *SALES)
    ),
    Change("warriors that anybody lists count", scope, "_warriors_of", _listed_by_anybody, SALES),
    Change("listed warriors count though inactive", scope, "_warriors_of", _listed_though_inactive, SALES),
    Change("listed warriors aren't read", organisation, "_of_team", _without_listed, (*BOSS, *SALES)),
    Change("warriors that name one aren't read", organisation, "_of_team", _without_naming, (*BOSS, *SALES)),
    Change("a team's warriors are one's own", organisation, "_of_team", _of_oneself, BOSS),
    Change("spaces in a list matter", scope, "listed_ids", _spaces_matter, (*BOSS, *SALES)),
    Change("zeros in a list are dropped", scope, "listed_ids", _zeros_are_dropped, (*BOSS, *SALES)),
    Change(
        "rubbish in a list is dropped", scope, "listed_ids", _rubbish_is_dropped, (*BOSS, *SALES, *PARTNERS)
    ),
    Change("parts of numbers match", scope, "listed_ids", _parts_of_numbers, (*BOSS, *SALES)),
    Change("only the first of a list counts", scope, "listed_ids", _first_alone, (*BOSS, *SALES)),
    Change("no visibility is all", organisation, "scope_of_partner", _all_unless_said, PARTNERS),
    Change("all in any letters", organisation, "scope_of_partner", _all_in_any_letters, PARTNERS),
    Change("all without spaces", organisation, "scope_of_partner", _all_without_spaces, PARTNERS),
    Change("limited warriors show all", organisation, "scope_of_partner", _limited_see_all, PARTNERS),
    Change("limited warriors show nothing", organisation, "scope_of_partner", _limited_see_nothing, PARTNERS),
    *(
        Change(f"{what} {table}", organisation, "_active", change(table), callers)
        for what, change in (
            ("inactive rows count of", _inactive_count),
            ("rows of unknown state count of", _unknown_counts),
            ("no row counts of", _none_is_active),
        )
        for table, callers in (
            (iperform.salesperson, (*BOSS, *SALES)),
            (iperform.warrior, (*BOSS, *SALES, *FIGHTS, *PARTNERS)),
            (magenta.user, CLIENT),
        )
    ),
)
NAMED: Mapping[str, Change] = {change.what: change for change in CHANGES}
