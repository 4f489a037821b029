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
    Boolean,
    Column,
    ColumnElement,
    Integer,
    and_,
    case,
    literal,
    null,
    or_,
    select,
    type_coerce,
)

from datasources.expressions import by_code_point, equals, greater_than, is_text, less_than
from datasources.model import EVERYTHING, Direction, Filter, Keys, Match, Order, all_of
from datasources.statements import predicate
from gateway.auth.access import Access
from gateway.auth.crossing import convert_key, source_of
from gateway.auth.policy import Rules
from gateway.auth.readable import readable
from gateway.auth.selection import Use
from gateway.errors import bad_input, too_broad
from gateway.loaders.relations import Direction as Way
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
            return int(value) if isinstance(value, bool) else value
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
    known = sort_fields(catalogue, row_type) if chosen else {}
    sorting = _Sorting(catalogue, access, row_type, where, await access.rules())
    terms = [await sorting.term(known[item["field"]], Direction(item["direction"])) for item in chosen]
    named = {id(known[item["field"]].column) for item in chosen if known[item["field"]].relation is None}
    for column, descending in row_type.order or ((row_type.key, True),):
        if not chosen or (column.primary_key and id(column) not in named):
            direction = Direction.DESC if descending else Direction.ASC
            terms.append(Term(readable(sorting.rules, column), direction, column.type.python_type))
    return tuple(terms)


@dataclass(frozen=True)
class _Sorting:
    """Makes the terms of one list's order."""

    catalogue: Catalogue
    access: Access
    row_type: RowType
    where: Filter
    rules: Rules

    async def term(self, chosen: SortField, direction: Direction) -> Term:
        """The term that a value of the `…Field` enum stands for."""
        kind = chosen.column.type.python_type
        if chosen.relation is None:
            return Term(readable(self.rules, chosen.column), direction, kind)
        way = chosen.relation.direction
        # MariaDB's cache of sub-queries takes '５' for '5': what is named by a text key is ranked, too.
        if source_of(way.target) == source_of(way.source) and not is_text(way.source):
            return Term(await self._looked_up(chosen.column, way), direction, kind)
        expression, ranks = await self._ranked(chosen, way)
        return Term(expression, direction, kind, ranks)

    async def _looked_up(self, column: Column[Any], way: Way) -> ColumnElement[Any]:
        """The related row's value, as a sub-query: NULL where that row isn't visible."""
        visible = all_of(self.rules.rows(way.table), self._shown(way))
        condition = predicate(await self.access.lowered(visible, way.table), way.table)
        return (
            select(readable(self.rules, column))
            .where(way.target == way.source, condition)
            .order_by(*way.table.primary_key.columns)
            .limit(1)
            .correlate(self.row_type.table)
            .scalar_subquery()
        )

    async def _ranked(self, chosen: SortField, way: Way) -> tuple[ColumnElement[Any], tuple[Any, ...]]:
        """The related value's rank among those that the list can hold, and the values by rank (even numbers)."""
        target_of = await self._targets(chosen, way)
        keys = tuple({target for target in target_of.values() if target is not None})
        columns = (way.target, chosen.column)
        found = await self.access.rows(
            way.table, columns, where=self._shown(way), keys=Keys(way.target, keys), use=Use.WORKING
        )
        value_of = {row[0]: row[1] for row in found if row[1] is not None}
        ranks = tuple(sorted(set(value_of.values())))
        rank_of = {value: 2 * place for place, value in enumerate(ranks)}
        whens = {key: rank_of[value_of[target]] for key, target in target_of.items() if target in value_of}
        if not whens:
            return literal(None, Integer), ()
        return case(whens, value=by_code_point(way.source), else_=null()), ranks

    async def _targets(self, chosen: SortField, way: Way) -> dict[Any, Any]:
        """What the rows of the list hold as the relation's key, and the key of the other table that it means."""
        table = self.row_type.table
        rows = await self.access.rows(
            table,
            (way.source,),
            where=self.where,
            distinct=True,
            limit=RANK_BUDGET + 1,
            use=Use.WORKING,
        )
        if len(rows) > RANK_BUDGET:
            raise too_broad(
                f"Sorting by “{chosen.name}” needs more than {RANK_BUDGET} related rows; narrow `where`."
            )
        return {row[0]: convert_key(row[0], way.target) for row in rows}

    def _shown(self, way: Way) -> Filter:
        return self.catalogue.row_type(way.table).shown


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
    return term.expression.is_(None) if bound is None else equals(_comparable(term.expression), bound)


def _beyond(term: Term, bound: Any) -> ColumnElement[bool] | None:
    # NULL is smaller than every value.
    expression = _comparable(term.expression)
    if term.direction is Direction.ASC:
        return expression.is_not(None) if bound is None else greater_than(expression, bound)
    return None if bound is None else or_(less_than(expression, bound), expression.is_(None))


def _comparable(expression: ColumnElement[Any]) -> ColumnElement[Any]:
    # Truth values are kept as 0 and 1; SQLAlchemy offers no `<` between them as such.
    return type_coerce(expression, Integer) if isinstance(expression.type, Boolean) else expression
