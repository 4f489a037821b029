"""Operations made from a schema alone, that together ask for every field, condition and order of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from tests.engine.callers import Caller
from tests.engine.document import literal
from tests.engine.schema_parts import CLOCKED, is_connection, parts_of, terms_of
from tests.engine.sides import CLOCK, Asked
from tests.engine.values import DEFAULTS, Values, global_id

# The fields on the way from the root to objects of a type.
Way = tuple[tuple[GraphQLObjectType, str], ...]

PAGE = 4
# Aliases in one operation.
MOST = 10
# Terms of one order.
TERMS = 4
WHOLE_PAGE = (
    "{ totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor } nodes%s }"
)


class Sweep:
    """The operations for one caller's schema."""

    def __init__(self, caller: Caller, values: Values) -> None:
        self._caller, self._values = caller, values
        assert caller.schema.query_type is not None
        self._root = caller.schema.query_type
        self.ways = self._found_ways()

    def objects(self) -> Iterator[Asked]:
        """All that there is of each type."""
        for type_, way in self.ways.items():
            if type_ is self._root:
                yield Asked(f"{{ {' '.join(self._leaves_of(type_))} }}")
            else:
                whole = page_of(type_) if is_connection(type_) else self._all_of(type_)
                yield Asked(self.along(way, whole))

    def single_rows(self) -> Iterator[Asked]:
        """The root fields of one row, by either id, and the same rows as nodes."""
        for name in parts_of(self._root).objects:
            definition = self._root.fields[name]
            type_ = get_named_type(definition.type)
            if not {"id", "databaseId"} <= set(definition.args):
                continue
            seen = self._caller.sees.get(type_.name, self._values.keys(type_.name) or (1,))
            below = "{ __typename id databaseId }"
            may_be_deleted = "includeDeleted" in definition.args
            deleted = ", includeDeleted: true" if may_be_deleted else ""
            for key in (*seen[:1], *(self._values.deleted_leads[:1] if may_be_deleted else ())):
                identifier = literal(global_id(type_.name, key))
                yield Asked(
                    f"{{ {name}(databaseId: {key}{deleted}) {below} again: {name}(id: {identifier}) {below} "
                    f"node(id: {identifier}) {{ __typename id ... on {type_.name} {below} }} "
                    f"nodes(ids: [{identifier}, {identifier}]) {{ ... on {type_.name} {self._all_of(type_)} }} }}"
                )
        if "reportView" in self._root.fields:
            for name in self._values.reports:
                yield Asked(f"{{ reportView(name: {literal(name)}) {{ name totals }} }}")

    def conditions_and_orders(self) -> Iterator[Asked]:
        """Each condition on a column or relation, and each order, of one list of each type of rows."""
        connections = (type_.name for type_ in self.ways if is_connection(type_))
        listed = {f"{name.removesuffix('Connection')}Where" for name in connections}
        for type_, way in self.ways.items():
            definition = way[-1][0].fields[way[-1][1]] if way else None
            if definition is None or not is_connection(type_) or "where" not in definition.args:
                continue
            where = get_named_type(definition.args["where"].type)
            order = get_named_type(definition.args["orderBy"].type)
            assert isinstance(where, GraphQLInputObjectType)
            assert isinstance(order, GraphQLInputObjectType)
            conditions = (f"where: {literal(one)}" for one in self._conditions(where, listed))
            given = [*conditions, *self._orders(order)]
            node = get_named_type(type_.fields["nodes"].type)
            key = "databaseId" if "databaseId" in node.fields else "__typename"
            for chunk in _chunks(given, MOST):
                lists = " ".join(
                    f"a{place}: {way[-1][1]}(first: {PAGE}, {one}) {{ nodes {{ {key} }} }}"
                    for place, one in enumerate(chunk)
                )
                yield Asked(self.along(way[:-1], f"{{ {lists} }}"))

    def required(self, definition: GraphQLField) -> dict[str, str]:
        """The arguments that a field can't do without, as they stand in the text."""
        needed = (name for name, argument in definition.args.items() if is_required_argument(argument))
        return {name: self._required(name) for name in needed}

    def along(self, way: Way, selection: str) -> str:
        """The text of an operation that asks for this of the objects at the end of a way."""
        for type_, name in reversed(way):
            selection = f"{{ {name}{self._arguments(type_.fields[name])} {selection} }}"
        return selection

    # --- ways ---

    def _found_ways(self) -> dict[GraphQLObjectType, Way]:
        """The shortest way to objects of each type; lists first, as they hold something for most callers."""
        ways: dict[GraphQLObjectType, Way] = {self._root: ()}
        waiting = deque([self._root])
        while waiting:
            type_ = waiting.popleft()
            parts = parts_of(type_)
            for name in (*parts.lists, *parts.objects):
                below = get_named_type(type_.fields[name].type)
                if not isinstance(below, GraphQLObjectType) or below in ways or self._is_single(type_, name):
                    continue
                ways[below] = (*ways[type_], (type_, name))
                waiting.append(below)
        return ways

    def _is_single(self, type_: GraphQLObjectType, name: str) -> bool:
        return type_ is self._root and "databaseId" in type_.fields[name].args and name != "explainAccess"

    def _arguments(self, definition: GraphQLField) -> str:
        given = {"first": str(PAGE)} if "first" in definition.args else {}
        given |= self.required(definition)
        if "groupBy" in given:
            given["where"] = "{databaseId: {lt: 60}}"
        return f"({', '.join(f'{name}: {one}' for name, one in given.items())})" if given else ""

    def _required(self, name: str) -> str:
        match name:
            case "groupBy":
                return (
                    "[STATUS, WARRIOR, COMPANY]" if "Company" in self._caller.schema.type_map else "[STATUS]"
                )
            case "as":
                return literal({"user": global_id("User", self._values.keys("User")[0])})
            case "databaseId":
                return str(self._values.keys("Lead")[0])
            case "type":
                return '"Lead"'
        return '"salesperson_report"'

    # --- what is selected, conditions, orders ---

    def _all_of(self, type_: GraphQLObjectType) -> str:
        parts = parts_of(type_)
        chosen = list(self._leaves_of(type_))
        for name in (*parts.objects, *parts.lists):
            definition = type_.fields[name]
            below = get_named_type(definition.type)
            whole = page_of(below) if is_connection(below) else "{ __typename }"
            chosen.append(f"{name}{self._arguments(definition)} {whole}")
        return f"{{ {' '.join(chosen)} }}"

    def _leaves_of(self, type_: GraphQLObjectType) -> Iterator[str]:
        yield "__typename"
        for name in parts_of(type_).leaves:
            yield f"{CLOCK}{name}: {name}" if (type_.name, name) in CLOCKED else name

    def _conditions(self, where: GraphQLInputObjectType, listed: Container[str]) -> Iterator[dict[str, Any]]:
        """Conditions on the columns of a type, and on those at the ends of its relations.

        `listed` are the types that have a list of their own: one condition on them is enough here.
        """
        yield from self._own_conditions(where)
        for name in terms_of(where)[1]:
            below = get_named_type(where.fields[name].type)
            assert isinstance(below, GraphQLInputObjectType)
            enough = islice(self._own_conditions(below), 1)
            conditions = enough if below.name in listed else self._conditions(below, listed)
            yield from ({name: one} for one in conditions)

    def _own_conditions(self, where: GraphQLInputObjectType) -> Iterator[dict[str, Any]]:
        columns, _ = terms_of(where)
        for place, name in enumerate(columns):
            filter_type = get_named_type(where.fields[name].type)
            assert isinstance(filter_type, GraphQLInputObjectType)
            operators = tuple(filter_type.fields)
            operator = operators[place % len(operators)]
            operand = self._operand(where, name, filter_type.fields[operator].type, place)
            yield {name: {operator: operand}}
        yield {"not": {"or": [{columns[0]: {"isNull": True}}, {"and": []}]}}

    def _operand(self, where: GraphQLInputObjectType, name: str, type_: Any, place: int) -> Any:
        scalar = get_named_type(type_).name
        known = self._values.of(where.name.removesuffix("Where"), name) or DEFAULTS[scalar]
        if scalar == "Boolean":
            return place % 2 == 0
        return list(known[:3]) if isinstance(type_, GraphQLList) else known[place % len(known)]

    def _orders(self, order: GraphQLInputObjectType) -> Iterable[str]:
        fields = get_named_type(order.fields["field"].type)
        assert isinstance(fields, GraphQLEnumType)
        for names in _chunks(tuple(fields.values), TERMS):
            terms = ", ".join(
                f"{{field: {name}, direction: {('ASC', 'DESC')[len(name) % 2]}}}" for name in names
            )
            yield f"orderBy: [{terms}]"


def page_of(connection: GraphQLObjectType) -> str:
    """All that there is to select of a page, but for its items."""
    node = get_named_type(connection.fields["nodes"].type)
    return WHOLE_PAGE % ("" if is_leaf_type(node) else " { __typename }")


def _chunks(items: Sequence[str], size: int) -> Iterator[list[str]]:
    left = iter(items)
    while chunk := list(islice(left, size)):
        yield chunk
