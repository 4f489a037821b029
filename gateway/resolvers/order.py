"""`orderBy` arguments to orders, and positions in an order to filters (keyset pages, never offsets).

A list can be sorted by its own columns and by those of the one row that a relation leads to. Where that row lives in
another source, its keys are ranked there first, under a budget, and the rank is what the statement sorts by.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Integer,
    String,
    Table,
    and_,
    case,
    literal,
    null,
    or_,
    select,
)

from datasources.expressions import as_text, equals, greater_than, less_than
from datasources.model import EVERYTHING, Direction, Filter, Keys, Match, Order
from datasources.statements import predicate
from gateway.auth.access import Access, readable
from gateway.auth.crossing import source_of
from gateway.errors import bad_input, too_broad
from gateway.resolvers.catalogue import Catalogue
from gateway.resolvers.declarations import ColumnField, RowType, ToOneField, snake_case

MOST_TERMS = 5
RANK_BUDGET = 2_000


@dataclass(frozen=True, slots=True)
class SortField:
    """A value of a type's `…Field` enum: a column of its own, or one at the end of a relation."""

    name: str
    column: Column[Any]
    relation: ToOneField | None
    description: str


def sort_fields(catalogue: Catalogue, row_type: RowType) -> dict[str, SortField]:
    """What rows of a type can be sorted by, by the name in the enum."""
    found: dict[str, SortField] = {}
    for item in catalogue.fields(row_type.name):
        if isinstance(item, ColumnField) and _sortable(item.column):
            name = snake_case(item.name).upper()
            found[name] = SortField(name, item.column, None, item.description)
    for item in catalogue.fields(row_type.name):
        if isinstance(item, ToOneField) and item.direction.table is not row_type.table:
            target = catalogue.row_type(item.direction.table)
            for inner in catalogue.fields(target.name):
                if isinstance(inner, ColumnField) and _sortable(inner.column):
                    name = f"{snake_case(item.name)}_{snake_case(inner.name)}".upper()
                    found.setdefault(name, SortField(name, inner.column, item, inner.description))
    return found


def _sortable(column: Column[Any]) -> bool:
    return not isinstance(column.type, JSON)


@dataclass(frozen=True)
class Term:
    """One term of an order. `ranks` are the values that a rank stands for, where the statement sorts by rank."""

    expression: ColumnElement[Any]
    direction: Direction
    kind: type
    ranks: tuple[Any, ...] | None = None

    @property
    def order(self) -> Order:
        """The term as a read has it."""
        return Order(self.expression, self.direction)

    def reversed(self) -> Term:
        """The same term the other way round."""
        other = Direction.DESC if self.direction is Direction.ASC else Direction.ASC
        return Term(self.expression, other, self.kind, self.ranks)

    def position(self, cell: Any) -> Any:
        """What a cursor keeps of a cell: a rank moves when rows come and go, the value that it stands for doesn't."""
        return cell if self.ranks is None or cell is None else self.ranks[cell // 2]

    def bound(self, value: Any) -> Any:
        """What the statement compares with, for a value from a cursor."""
        if self.ranks is None or value is None:
            return value
        # Python compares text by code point, as every source here does.
        place = bisect.bisect_left(self.ranks, value)
        # Ranks are even; a value that nobody has any more falls between two of them.
        return 2 * place if place < len(self.ranks) and self.ranks[place] == value else 2 * place - 1


async def terms_of(
    catalogue: Catalogue,
    access: Access,
    row_type: RowType,
    given: Sequence[Mapping[str, Any]] | None,
    where: Filter,
) -> tuple[Term, ...]:
    """The order of a list. It always ends in what tells rows apart."""
    chosen = given or ()
    if len(chosen) > MOST_TERMS:
        raise bad_input(f"`orderBy` has more than {MOST_TERMS} terms; the last ones can hardly matter.")
    known = sort_fields(catalogue, row_type)
    terms = [
        await _term(access, row_type, known[item["field"]], Direction(item["direction"]), where)
        for item in chosen
    ]
    rules = await access.rules()
    named = {id(known[item["field"]].column) for item in chosen if known[item["field"]].relation is None}
    for column, descending in row_type.order or ((row_type.key, True),):
        if not chosen or (column.primary_key and id(column) not in named):
            direction = Direction.DESC if descending else Direction.ASC
            terms.append(Term(readable(rules, column), direction, column.type.python_type))
    return tuple(terms)


async def _term(
    access: Access, row_type: RowType, chosen: SortField, direction: Direction, where: Filter
) -> Term:
    rules = await access.rules()
    kind = chosen.column.type.python_type
    if chosen.relation is None:
        return Term(readable(rules, chosen.column), direction, kind)
    if source_of(chosen.column) == source_of(chosen.relation.direction.source):
        return Term(await _looked_up(access, row_type.table, chosen), direction, kind)
    expression, ranks = await _ranked(access, row_type, chosen, where)
    return Term(expression, direction, kind, ranks)


async def _looked_up(access: Access, table: Table, chosen: SortField) -> ColumnElement[Any]:
    """The related row's value, as a sub-query: NULL where that row isn't visible."""
    assert chosen.relation is not None
    way = chosen.relation.direction
    rules = await access.rules()
    policy = await access.lowered(rules.rows(way.table), way.table)
    return (
        select(readable(rules, chosen.column))
        .where(_same_key(way.target, way.source), predicate(policy, way.table))
        .order_by(*way.table.primary_key.columns)
        .limit(1)
        .correlate(table)
        .scalar_subquery()
    )


def _same_key(target: Column[Any], source: Column[Any]) -> ColumnElement[bool]:
    # An id may be text on one side: then its canonical text decides, so that rubbish names nobody.
    if isinstance(target.type, String) == isinstance(source.type, String):
        return target == source
    return as_text(target) == as_text(source)


async def _ranked(
    access: Access, row_type: RowType, chosen: SortField, where: Filter
) -> tuple[ColumnElement[Any], tuple[Any, ...]]:
    """The related value's rank among those that the list can hold, and the values by rank (even numbers)."""
    assert chosen.relation is not None
    way = chosen.relation.direction
    rows = await access.rows(row_type.table, (way.source,), where=where, distinct=True, limit=RANK_BUDGET + 1)
    if len(rows) > RANK_BUDGET:
        raise too_broad(
            f"Sorting by “{chosen.name}” needs more than {RANK_BUDGET} rows of another database; narrow `where`."
        )
    keys = tuple(row[0] for row in rows if row[0] is not None)
    if not keys:
        return literal(None, Integer), ()
    found = await access.rows(way.table, (way.target, chosen.column), keys=Keys(way.target, keys))
    value_of = {row[0]: row[1] for row in found if row[1] is not None}
    ranks = sorted(set(value_of.values()))
    place = {value: 2 * index for index, value in enumerate(ranks)}
    if not value_of:
        return literal(None, Integer), ()
    whens = {key: place[value] for key, value in value_of.items()}
    return case(whens, value=way.source, else_=null()), tuple(ranks)


def after(terms: Sequence[Term], position: Sequence[Any]) -> Filter:
    """Rows that come after a position in an order."""
    bounds = [term.bound(value) for term, value in zip(terms, position, strict=True)]
    ways: list[ColumnElement[bool]] = []
    for index, term in enumerate(terms):
        same = [_equal(terms[before], bounds[before]) for before in range(index)]
        beyond = _beyond(term, bounds[index])
        if beyond is not None:
            ways.append(and_(*same, beyond))
    if not ways:
        return Match(literal(False))
    return Match(or_(*ways))


def until(terms: Sequence[Term], position: Sequence[Any]) -> Filter:
    """Rows that come before a position in an order, and the one that is there."""
    backward = [term.reversed() for term in terms]
    bounds = [term.bound(value) for term, value in zip(terms, position, strict=True)]
    there = and_(*[_equal(term, bound) for term, bound in zip(terms, bounds, strict=True)])
    earlier = after(backward, position)
    return Match(or_(earlier.expression, there)) if isinstance(earlier, Match) else EVERYTHING


def _equal(term: Term, bound: Any) -> ColumnElement[bool]:
    return term.expression.is_(None) if bound is None else equals(term.expression, bound)


def _beyond(term: Term, bound: Any) -> ColumnElement[bool] | None:
    # NULL is smaller than every value.
    if term.direction is Direction.ASC:
        return term.expression.is_not(None) if bound is None else greater_than(term.expression, bound)
    return None if bound is None else or_(less_than(term.expression, bound), term.expression.is_(None))
