"""`leadStats`: visible leads counted and summed by group, in one statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, ColumnElement, Integer, func

from datasources.expressions import year_month
from datasources.iperform.tables import leads
from gateway.auth.policy import Rules
from gateway.auth.scope import canonical_id
from gateway.context import Request
from gateway.errors import bad_input, too_broad
from gateway.resolvers.where import Where

MOST_GROUPS = 10_000
LARGEST_INT = 2**31 - 1
# The fields that are made of the leads' values, and of their probabilities.
OF_VALUES = frozenset({"tentativeValueSum", "tentativeValueTotal"})
OF_PROBABILITIES = frozenset({"probabilityAverage"})


@dataclass(frozen=True)
class Grouping:
    """How leads are grouped: the expression, and what the API says for its value."""

    expression: ColumnElement[Any]
    value: Callable[[Any], Any]


def _as_it_is(value: Any) -> Any:
    return value


GROUPINGS: Mapping[str, Grouping] = {
    "STATUS": Grouping(leads.c.status, _as_it_is),
    "INDUSTRY": Grouping(leads.c.industry, _as_it_is),
    "SOURCE": Grouping(leads.c.source, _as_it_is),
    "COMPANY": Grouping(leads.c.company_id, _as_it_is),
    # leads.warrior_id is text and may hold rubbish, which is no warrior.
    "WARRIOR": Grouping(leads.c.warrior_id, canonical_id),
    "MONTH": Grouping(year_month(leads.c.created_on), _as_it_is),
}


@dataclass
class LeadStats:
    """Leads of one group: how many, the sum of their values, the mean of their probabilities."""

    group: dict[str, Any]
    count: int = 0
    value_sum: int = 0
    valued: int = 0
    probability_sum: int = 0
    probabilities: int = 0

    def add(self, count: int, value_sum: Any, valued: int, probability_sum: Any, probabilities: int) -> None:
        """Takes in leads that the database grouped apart."""
        self.count += int(count)
        self.value_sum += int(value_sum or 0)
        self.valued += int(valued)
        self.probability_sum += int(probability_sum or 0)
        self.probabilities += int(probabilities)

    def tentative_value_sum(self) -> int | None:
        """The sum of the values; None where no lead of the group has one."""
        if not self.valued:
            return None
        if self.value_sum > LARGEST_INT:
            raise bad_input("The sum is too large for `Int`: ask for `tentativeValueTotal`.")
        return self.value_sum

    def tentative_value_total(self) -> Decimal | None:
        """The sum of the values, however large."""
        return Decimal(self.value_sum) if self.valued else None

    def probability_average(self) -> float | None:
        """The mean of the probabilities; None where no lead of the group has one."""
        return self.probability_sum / self.probabilities if self.probabilities else None


async def lead_stats(
    _: object,
    request: Request,
    groupBy: Sequence[str],  # noqa: N803 - the argument's name in the schema
    where: Mapping[str, Any] | None = None,
    *,
    asked: Set[str],
) -> list[LeadStats]:
    """Visible leads by group, sorted by the groups' values. Raises FILTER_TOO_BROAD past 10,000 groups."""
    names = list(dict.fromkeys(str(name) for name in groupBy))
    rules = await request.access.rules()
    chosen = Where(request.catalogue, rules, request.zone).filter(request.catalogue.row_type(leads), where)
    rows = await request.access.groups(
        leads,
        _measures(rules, asked),
        where=chosen,
        groups=tuple(GROUPINGS[name].expression for name in names),
        limit=MOST_GROUPS + 1,
    )
    if len(rows) > MOST_GROUPS:
        raise too_broad(f"That makes more than {MOST_GROUPS} groups; group by less, or narrow `where`.")
    found: dict[tuple[Any, ...], LeadStats] = {}
    for row in rows:
        values = tuple(GROUPINGS[name].value(cell) for name, cell in zip(names, row, strict=False))
        stats = found.setdefault(values, LeadStats(dict(zip(names, values, strict=True))))
        stats.add(*row[len(names) :])
    return [found[values] for values in sorted(found, key=_sortable)]


def _measures(rules: Rules, asked: Set[str]) -> tuple[ColumnElement[Any], ...]:
    return (
        func.count(),
        *_sum_and_count(rules, leads.c.tentative_value, wanted=not asked.isdisjoint(OF_VALUES)),
        *_sum_and_count(rules, leads.c.probability, wanted=not asked.isdisjoint(OF_PROBABILITIES)),
    )


def _sum_and_count(
    rules: Rules, column: Column[Any], *, wanted: bool
) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    if wanted and rules.may_read(column):
        return func.sum(column), func.count(column)
    nothing = func.count(None, type_=Integer)
    return nothing, nothing


def _sortable(values: tuple[Any, ...]) -> tuple[tuple[bool, Any], ...]:
    return tuple((value is not None, "" if value is None else value) for value in values)
