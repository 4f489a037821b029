"""Takes a description apart into its shape, which decides a statement's text, and the values that go into it. Pure.

`engines/templates.py` asks, so that a text is made once for a shape. Two descriptions of one shape differ in nothing
but the values in their lists and in their expressions' parameters. What can't be told apart that well is `Unshaped`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from secrets import randbits
from types import NoneType
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import BindParameter, Column, ColumnElement, FromClause, Join, Numeric, Table

from datasources.expressions import has_fraction, is_text
from datasources.model import (
    Aggregate,
    AllOf,
    Among,
    AnyOf,
    Everything,
    Filter,
    Joined,
    Keys,
    ListsAny,
    Match,
    Not,
    Nothing,
    Order,
    Read,
    Related,
    Value,
)
from datasources.statements import key_values

Described: TypeAlias = Read | Aggregate
Binds: TypeAlias = Sequence[BindParameter[Any]]

# Kinds of values that a list may hold and be a place in a text; a list of booleans is a part of the shape instead.
_KINDS = frozenset({int, str, date, datetime})
_EXPRESSIONS_KEPT = 5_000
# Where marks begin: nobody can name one in a request.
_FIRST_MARK = (1 << 200) + randbits(199)


class Unshaped(Exception):
    """No shape says all that a description's statement depends on, short of its values."""


class ValueList(NamedTuple):
    """The values of one term or batch of keys: as they were given, and as a statement takes them."""

    owner: Among | ListsAny | Keys
    given: Collection[Value]
    kept: Sequence[Value]
    text: bool


class Outline(NamedTuple):
    """A shape, the lists in the order in which the shape has them, and its expressions' parameters, likewise.

    `fixed` are the lists that are a part of the shape.
    """

    shape: tuple[Any, ...]
    lists: Sequence[ValueList]
    binds: Binds
    fixed: Sequence[Sequence[Value]] = ()


def outline_of(described: Sequence[Described], *extra: Any) -> Outline:
    """The outline of descriptions that make one statement, in which `extra` counts too. Raises `Unshaped`."""
    walk = _Walk()
    walk.shape.extend(extra)
    for one in described:
        walk.described(one)
    return Outline(tuple(walk.shape), walk.lists, walk.binds, walk.fixed)


def shape_of(described: Described) -> Hashable:
    """What descriptions have in common that differ in values alone; None where that can't be told."""
    try:
        return outline_of((described,)).shape
    except Unshaped:
        return None


def original_of(bind: BindParameter[Any]) -> Any:
    """What a parameter was copied from first, in SQLAlchemy's own adapting: a copy of a copy names that one."""
    return bind if bind._is_clone_of is None else bind._is_clone_of


def united(lists: Sequence[ValueList]) -> Sequence[Value]:
    """The values of several lists of one column as a statement takes them: what `branches.py` makes of them."""
    if len(lists) == 1:
        return lists[0].kept
    return _sorted(frozenset().union(*(one.given for one in lists)), text=lists[0].text)


# --- lists of values ----------------------------------------------------------------------------------------


def _sorted(values: Collection[Value], *, text: bool) -> Sequence[Value]:
    """The values of a list as `statements.predicate` has them, if they are of one kind. Raises `Unshaped`."""
    kept = sorted(_of_one_kind(values))
    return list(map(str, kept)) if text and kept and type(kept[0]) is not str else kept


def _of_one_kind(values: Collection[Value]) -> Collection[Value]:
    kinds = set(map(type, values))
    if NoneType in kinds:
        kinds.discard(NoneType)
        values = [value for value in values if value is not None]
    if len(kinds) > 1:
        raise Unshaped("values of several kinds")
    return [value for value in values if not has_fraction(value)] if datetime in kinds else values


def _key_list(keys: Keys) -> Sequence[Value]:
    """The values of a batch as `expressions.among` has them. Raises `Unshaped`."""
    return list(_of_one_kind(key_values(keys)))


def keys_of(keys: Keys) -> tuple[Sequence[Value], type, bool]:
    """The values of a batch, their kind, and whether there are several: all that its place in a shape is.

    Raises `Unshaped` where values can be no place.
    """
    values = _key_list(keys)
    if not values:
        raise Unshaped("a batch that nothing is left of")
    kind = str if is_text(keys.column) else type(values[0])
    if kind not in _KINDS:
        raise Unshaped("values that no place can hold")
    return values, kind, len(values) > 1 or len(key_values(keys)) > 1


# --- the walk -----------------------------------------------------------------------------------------------


class _Walk:
    """Goes once over descriptions; every step adds to the shape what tells it from any other."""

    __slots__ = ("_seen", "binds", "fixed", "lists", "shape")

    def __init__(self) -> None:
        self.shape: list[Any] = []
        self.lists: list[ValueList] = []
        self.binds: list[BindParameter[Any]] = []
        self.fixed: list[Sequence[Value]] = []
        self._seen: dict[int, int] = {}

    def described(self, described: Described) -> None:
        if isinstance(described, Read):
            self._read(described)
        else:
            self._aggregate(described)

    def _read(self, read: Read) -> None:
        self._table(read.table)
        self.shape += ("read", read.limit, read.distinct, len(read.columns), len(read.order), len(read.joins))
        self._expressions(read.columns)
        self.rows(read.policy)
        self.rows(read.where)
        for order in read.order:
            self._order(order)
        self._keys(read.keys)
        for join in read.joins:
            self._join(join)

    def _aggregate(self, aggregate: Aggregate) -> None:
        self._table(aggregate.table)
        latest = aggregate.latest
        self.shape += (
            "groups",
            aggregate.limit,
            latest is None,
            len(aggregate.measures),
            len(aggregate.groups),
        )
        self._expressions(aggregate.measures)
        self._expressions(aggregate.groups)
        self.rows(aggregate.policy)
        self.rows(aggregate.where)
        self._keys(aggregate.keys)
        if latest is not None:
            self._expressions((latest.key, latest.version))

    def _table(self, table: FromClause) -> None:
        if isinstance(table, Table):
            self.shape.append(table)
        elif isinstance(table, Join):
            self._expression(table)
        else:
            raise Unshaped("a table that was made for one statement")

    def _order(self, order: Order) -> None:
        self.shape.append(order.direction)
        self._expression(order.expression)

    def _join(self, join: Joined) -> None:
        self.shape += (join.table, join.column, join.target, join.within, len(join.columns))
        self.rows(join.policy)
        self.rows(join.where)
        self._expressions(join.columns)

    def _keys(self, keys: Keys | None) -> None:
        if keys is None:
            self.shape.append(None)
            return
        values = _key_list(keys)
        self._listable(keys.column)
        several = len(values) > 1 or len(key_values(keys)) > 1
        self.shape += ("keys", keys.column, keys.limit, several)
        self._list(keys, values, text=is_text(keys.column))

    # --- filters --------------------------------------------------------------------------------------------

    def rows(self, rows: Filter) -> None:
        _STEPS[type(rows)](self, rows)

    def _match(self, rows: Match) -> None:
        self.shape.append("match")
        self._expression(rows.expression)

    def _among(self, rows: Among) -> None:
        self._listable(rows.column)
        self.shape += ("among", rows.column)
        text = is_text(rows.column)
        # An empty list is no branch of its own, one that nothing is left of is.
        self._list(rows, _sorted(rows.values, text=text) if rows.values else None, text=text)

    def _lists_any(self, rows: ListsAny) -> None:
        self._listable(rows.column)
        self.shape += ("lists", rows.column, not rows.ids)
        if rows.ids:
            alternatives = "|".join(map(str, map(int, sorted(rows.ids))))
            self.lists.append(ValueList(rows, rows.ids, (alternatives,), True))

    def _related(self, rows: Related) -> None:
        self._listable(rows.column)
        self.shape += ("related", rows.column, rows.target)
        self.rows(rows.policy)
        self.rows(rows.where)

    def _parts(self, rows: AllOf | AnyOf) -> None:
        self.shape += (type(rows), len(rows.parts))
        for part in rows.parts:
            self.rows(part)

    def _not(self, rows: Not) -> None:
        self.shape.append("not")
        self.rows(rows.part)

    def _whole(self, rows: Everything | Nothing) -> None:
        self.shape.append(type(rows))

    # --- what they consist of -------------------------------------------------------------------------------

    def _list(self, owner: Among | Keys, kept: Sequence[Value] | None, *, text: bool) -> None:
        if not kept:
            self.shape.append("empty" if kept is None else "nothing left")
            return
        kind = str if text else type(kept[0])
        self.shape.append(kind)
        if kind in _KINDS:
            self.lists.append(ValueList(owner, owner.values, kept, text))
        elif kind is bool:
            self.shape.append(tuple(kept))
            self.fixed.append(kept)
        else:
            raise Unshaped("values that no place can hold")

    def _listable(self, column: ColumnElement[Any]) -> None:
        # A decimal's values are compared one by one; whatever isn't a column can't be told by what it is.
        if type(column) is not Column or isinstance(column.type, Numeric):
            raise Unshaped("a list of a column that has no place for one")

    def _expressions(self, expressions: Sequence[ColumnElement[Any]]) -> None:
        for expression in expressions:
            self._expression(expression)

    def _expression(self, expression: ColumnElement[Any] | Join) -> None:
        if type(expression) is Column:
            self.shape.append(expression)
            return
        number, binds = _expression_shapes.of(expression)
        self.shape.append(number)
        for bind in binds:
            place = len(self.binds)
            first = self._seen.setdefault(id(original_of(bind)), place)
            if first != place:
                if bind.effective_value is not self.binds[first].effective_value:
                    raise Unshaped("copies of a parameter that were given other values")
                # The same parameter in two expressions has one value; two that are alike have two.
                self.shape.append(("as", first))
            self.binds.append(bind)


_STEPS: dict[type[Any], Callable[[_Walk, Any], None]] = {
    Everything: _Walk._whole,
    Nothing: _Walk._whole,
    Match: _Walk._match,
    Among: _Walk._among,
    ListsAny: _Walk._lists_any,
    Related: _Walk._related,
    AllOf: _Walk._parts,
    AnyOf: _Walk._parts,
    Not: _Walk._not,
}


class _ExpressionShapes:
    """Numbers the shapes of expressions as SQLAlchemy's own cache tells them, and knows again what it has seen."""

    def __init__(self) -> None:
        self._next = 0
        self._numbers: dict[Any, int] = {}
        # By identity, which holds as long as the expression is kept here.
        self._seen: dict[int, tuple[ColumnElement[Any] | Join, int, Binds]] = {}

    def of(self, expression: ColumnElement[Any] | Join) -> tuple[int, Binds]:
        """The number of an expression's shape, and its parameters in their order. Raises `Unshaped`."""
        seen = self._seen.get(id(expression))
        if seen is not None:
            return seen[1], seen[2]
        key = expression._generate_cache_key()
        if key is None or key.params is not None:
            raise Unshaped("an expression that can't be told from others")
        self._make_room()
        number = self._numbers.get(key.key)
        if number is None:
            self._next += 1
            number = self._numbers[key.key] = self._next
        self._seen[id(expression)] = (expression, number, key.bindparams)
        return number, key.bindparams

    def _make_room(self) -> None:
        # Numbers never come again: a shape with one that was forgotten is no other's.
        if len(self._seen) >= _EXPRESSIONS_KEPT:
            self._seen.clear()
        if len(self._numbers) >= _EXPRESSIONS_KEPT:
            self._numbers.clear()
            self._seen.clear()


_expression_shapes = _ExpressionShapes()


# --- the same with marks for values -------------------------------------------------------------------------


def marked(described: Sequence[Described], outline: Outline) -> tuple[Sequence[Described], Marks]:
    """The descriptions with a mark, or two, for the values of each list, and what tells the marks."""
    marking = _Marking(outline.lists)
    return [marking.described(one) for one in described], marking.marks


class _Marking:
    """Goes the way of `_Walk`, so that it meets the lists in the same order."""

    def __init__(self, lists: Sequence[ValueList]) -> None:
        self.marks = Marks()
        self._lists = lists
        self._place = 0

    def described(self, described: Described) -> Described:
        policy, where = self.rows(described.policy), self.rows(described.where)
        keys = described.keys and self._keys(described.keys)
        if isinstance(described, Aggregate):
            return replace(described, policy=policy, where=where, keys=keys)
        joins = tuple(
            replace(join, policy=self.rows(join.policy), where=self.rows(join.where))
            for join in described.joins
        )
        return replace(described, policy=policy, where=where, keys=keys, joins=joins)

    def rows(self, rows: Filter) -> Filter:
        match rows:
            case Among():
                return replace(rows, values=frozenset(self._marks(rows, rows.values, 1)))
            case ListsAny():
                return replace(rows, ids=frozenset(self._marks(rows, rows.ids, 1)))
            case Related():
                return replace(rows, policy=self.rows(rows.policy), where=self.rows(rows.where))
            case AllOf(parts) | AnyOf(parts):
                return type(rows)(tuple(map(self.rows, parts)))
            case Not(part):
                return Not(self.rows(part))
        return rows

    def _keys(self, keys: Keys) -> Keys:
        # Whether there are several keys decides the statement.
        return replace(keys, values=tuple(self._marks(keys, keys.values, min(2, len(key_values(keys))))))

    def _marks(
        self, owner: Among | ListsAny | Keys, values: Collection[Value], count: int
    ) -> Iterable[Value]:
        """So many marks for the owner's list, or its values where they are a part of the shape."""
        if self._place == len(self._lists) or self._lists[self._place].owner is not owner:
            return values
        self._place += 1
        found = self._lists[self._place - 1]
        if isinstance(owner, ListsAny):
            return [self.marks.number(self._place - 1)]
        kind = str if found.text else type(found.kept[0])
        return [self.marks.value(kind, self._place - 1) for _ in range(count)]


class Marks:
    """Values that stand for lists: nobody else has them, so that they can be found again in a statement."""

    def __init__(self) -> None:
        self._by_identity: dict[int, int] = {}
        self._by_text: dict[str, int] = {}
        self._kept: list[Value] = []

    def place_of(self, value: Value) -> int | None:
        """The place of the list that a value of a statement stands for."""
        if isinstance(value, str):
            return self._by_text.get(value)
        return self._by_identity.get(id(value))

    def number(self, place: int) -> int:
        """A mark that is a number, or the text of one."""
        mark = _FIRST_MARK + len(self._kept)
        self._by_text[str(mark)] = place
        self._keep(mark, place)
        return mark

    def value(self, kind: type[Any], place: int) -> Value:
        """A mark of a kind that a list's values are of."""
        count = len(self._kept) + 1
        if kind is str:
            text = f"{_FIRST_MARK}-{count}"
            self._by_text[text] = place
            return self._keep(text, place)
        if kind is datetime:
            return self._keep(datetime(9999, 1, 1) - timedelta(seconds=count), place)
        if kind is date:
            return self._keep(date(9999, 1, 1) - timedelta(days=count), place)
        return self.number(place)

    def _keep(self, mark: Value, place: int) -> Value:
        self._kept.append(mark)
        self._by_identity[id(mark)] = place
        return mark
