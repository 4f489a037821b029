"""`where` arguments to filters: generated operators, `and or not`, and relations, also into another source.

A comparison with NULL is false, `ne` and `notIn` included; `not` is the complement. A column that is masked on some
rows matches on the others only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Column, func, select

from datasources.expressions import (
    at_least,
    at_most,
    contains_text,
    greater_than,
    less_than,
    starts_with_text,
)
from datasources.model import EVERYTHING, Among, Filter, Match, Not, all_of, any_of
from datasources.statements import predicate
from gateway.auth.policy import Rules
from gateway.errors import bad_input
from gateway.loaders.relations import Direction
from gateway.resolvers.catalogue import Catalogue
from gateway.resolvers.declarations import ColumnField, Field, RowType, ToManyField, ToOneField

DEEPEST = 8
MOST_CONDITIONS = 200
MOST_PARTS = 1000
MOST_VALUES = 1000
LONGEST_TEXT = 1000

Input = Mapping[str, Any]


@dataclass
class Where:
    """Turns the `where` of one field into a filter, under limits on its depth and size."""

    catalogue: Catalogue
    rules: Rules
    zone: ZoneInfo
    conditions: int = 0
    parts: int = 0

    def filter(self, row_type: RowType, given: Input | None, *, show_hidden: bool = False) -> Filter:
        """The rows of a type that match; without those that are hidden unless spoken of."""
        if not given:
            return EVERYTHING if show_hidden else row_type.shown
        shown: Filter = EVERYTHING
        if row_type.hidden is not None and not show_hidden and not _speaks_of(row_type, given):
            shown = Not(row_type.hidden)
        return all_of(shown, self._matching(row_type, given, 1))

    def _matching(self, row_type: RowType, given: Input, depth: int) -> Filter:
        if depth > DEEPEST:
            raise bad_input(f"`where` is nested more than {DEEPEST} deep; write it flatter.")
        # An empty part holds no condition, and takes time all the same.
        self.parts += 1
        if self.parts > MOST_PARTS:
            raise bad_input(f"`where` has more than {MOST_PARTS} parts; ask for less at once.")
        return all_of(*[self._term(row_type, name, value, depth) for name, value in given.items()])

    def _term(self, row_type: RowType, name: str, value: Any, depth: int) -> Filter:
        bound = self.catalogue.field(row_type.name, name)
        if value is None:
            raise bad_input(_null_part(name, bound))
        match name:
            case "and":
                return all_of(*[self._matching(row_type, part, depth + 1) for part in value])
            case "or":
                return any_of(*[self._matching(row_type, part, depth + 1) for part in value])
            case "not":
                return Not(self._matching(row_type, value, depth + 1))
        if isinstance(bound, ColumnField):
            return self._column(bound.column, value)
        if isinstance(bound, ToOneField | ToManyField):
            return self._relation(bound, value, depth)
        raise bad_input(f"`{name}` can't be used in `where`.")

    def _relation(self, bound: ToOneField | ToManyField, value: Input, depth: int) -> Filter:
        way = bound.direction
        target = self.catalogue.row_type(way.table)
        inner = self._matching(target, value, depth + 1)
        if not _speaks_of(target, value):
            inner = all_of(target.shown, inner)
        if isinstance(bound, ToOneField) and not way.target.primary_key:
            inner = all_of(self._first_of_several(way), inner)
        return self.rules.related(way.source, way.target, inner)

    def _first_of_several(self, way: Direction) -> Filter:
        """Of the visible rows that share a key, the one that the field shows: the one with the lowest id."""
        key = next(iter(way.table.primary_key.columns))
        visible = predicate(self.rules.rows(way.table), way.table)
        firsts = select(func.min(key)).where(visible).group_by(way.target).correlate(None)
        return Match(key.in_(firsts))

    def _column(self, column: Column[Any], operators: Input) -> Filter:
        mask = self.rules.mask(column)
        readable = EVERYTHING if mask is None else Match(mask)
        terms = [self._comparison(column, name, value) for name, value in operators.items()]
        return all_of(readable, *terms) if terms else EVERYTHING

    def _comparison(self, column: Column[Any], operator: str, value: Any) -> Filter:
        self.conditions += 1
        if self.conditions > MOST_CONDITIONS:
            raise bad_input(f"`where` has more than {MOST_CONDITIONS} conditions; ask for less at once.")
        if value is None:
            raise bad_input(_null_operand(operator))
        if operator == "isNull":
            return Match(column.is_(None) if value else column.is_not(None))
        if operator in {"in", "notIn"}:
            if len(value) > MOST_VALUES:
                raise bad_input(f"`{operator}` has more than {MOST_VALUES} values; ask for less at once.")
            among = Among(column, frozenset(self._value(item) for item in value))
            return among if operator == "in" else all_of(Match(column.is_not(None)), Not(among))
        return COMPARISONS[operator](column, self._value(value))

    def _value(self, value: Any) -> Any:
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            raise bad_input(f"A text in `where` has more than {LONGEST_TEXT} characters; shorten it.")
        if isinstance(value, datetime):
            return value.astimezone(self.zone).replace(tzinfo=None)
        return value


def _null_part(name: str, bound: Field | None) -> str:
    if name in {"and", "or", "not"}:
        return f"`{name}: null` in `where` means nothing: leave it out."
    instead = (
        "`isNull`" if isinstance(bound, ColumnField) else f"`not: {{{name}: {{}}}}` for rows without one"
    )
    return f"`{name}: null` in `where` is ambiguous: leave it out, or say {instead}."


def _null_operand(operator: str) -> str:
    if operator == "isNull":
        return "`isNull` is true or false, not null."
    return f"`{operator}: null` never matches; say `isNull: true`."


def _speaks_of(row_type: RowType, given: Input) -> bool:
    """Whether a `where` says something about what hides rows of the type."""
    field_names = {
        item.name
        for item in row_type.fields
        if isinstance(item, ColumnField) and item.column is row_type.hidden_by
    }
    for name, value in given.items():
        if name in field_names:
            return True
        parts = value if name in {"and", "or"} else [value] if name == "not" else []
        if any(_speaks_of(row_type, part) for part in parts or () if part):
            return True
    return False


COMPARISONS: Mapping[str, Callable[[Column[Any], Any], Filter]] = {
    "eq": lambda column, value: Among(column, frozenset({value})),
    "ne": lambda column, value: all_of(Match(column.is_not(None)), Not(Among(column, frozenset({value})))),
    "lt": lambda column, value: Match(less_than(column, value)),
    "lte": lambda column, value: Match(at_most(column, value)),
    "gt": lambda column, value: Match(greater_than(column, value)),
    "gte": lambda column, value: Match(at_least(column, value)),
    "contains": lambda column, value: Match(contains_text(column, value)),
    "startsWith": lambda column, value: Match(starts_with_text(column, value)),
}
