"""From a validated operation to a tree of what it needs: pure, no I/O.

A `Level` is one place in the operation where objects of one type are selected; its `columns` are exactly those that
the selection needs, and the hidden keys of its relations. The resolvers of `read.py` fetch by levels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLSkipDirective,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)
from graphql.execution.values import VariableValues, get_directive_values
from sqlalchemy import Column, ColumnElement

from gateway.loaders.relations import Direction
from gateway.resolvers.catalogue import Catalogue
from gateway.resolvers.declarations import (
    ColumnField,
    CompanyRowsField,
    CompositeType,
    ComputedField,
    Field,
    ReferenceField,
    RootListField,
    RootOneField,
    RowType,
    ThroughField,
    ToManyField,
    ToOneField,
)

Columns = dict[ColumnElement[Any], int]


@dataclass(eq=False)
class Step:
    """One selected field that gives objects: `level` is what is selected of them.

    Of a connection, `rows`, `total`, `previous` and `next` say which parts were asked for. Of a field whose type is
    an interface, `levels` plans the level of each type that turns up.
    """

    field: Field
    level: Level | None = None
    levels: Callable[[str], Level] | None = None
    rows: bool = False
    total: bool = False
    previous: bool = False
    next: bool = False


@dataclass(eq=False)
class Level:
    """Objects of one type at one place: the columns that they need, and the steps on from them."""

    type: CompositeType
    columns: Columns = field(default_factory=dict)
    through: dict[Direction, Columns] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)

    def need(self, *columns: Column[Any]) -> None:
        """Adds columns of the type's table."""
        for column in columns:
            self.columns.setdefault(column, len(self.columns))


@dataclass(frozen=True)
class Planner:
    """Plans one operation."""

    catalogue: Catalogue
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: VariableValues

    def plan(self, operation: OperationDefinitionNode) -> Level:
        """The root level of an operation, with everything below it."""
        root = self._level(self.catalogue.root(operation.operation), [operation.selection_set])
        _share_columns(root)
        return root

    def _level(self, type_: CompositeType, selections: Iterable[SelectionSetNode]) -> Level:
        level = Level(type_)
        for key, nodes in self._collect(type_.name, selections).items():
            bound = self.catalogue.field(type_.name, nodes[0].name.value)
            if bound is not None:
                self._add(level, key, bound, nodes)
        return level

    def _add(self, level: Level, key: str, bound: Field, nodes: list[FieldNode]) -> None:
        match bound:
            case ColumnField(column=column):
                level.need(column)
                return
            case ThroughField(direction=direction, column=column):
                level.need(direction.source)
                columns = level.through.setdefault(direction, {})
                columns.setdefault(column, len(columns))
                return
            case ToOneField(direction=direction) | ToManyField(direction=direction):
                level.need(direction.source)
            case ComputedField(needs=needs) | ReferenceField(needs=needs):
                level.need(*needs)
            case CompanyRowsField(key=key_column, schema=schema):
                level.need(key_column, schema)
        step = self._step(bound, [node.selection_set for node in nodes if node.selection_set is not None])
        if step is not None:
            level.steps[key] = step

    def _step(self, bound: Field, selections: list[SelectionSetNode]) -> Step | None:
        name = self.catalogue.named_type(bound)
        item = self.catalogue.connection_item(name)
        if item is not None:
            return self._connection(bound, name, item, selections)
        target = self.catalogue.composite(name)
        if target is not None:
            return Step(bound, level=self._level(target, selections))
        if self.catalogue.is_interface(name):
            return Step(bound, levels=self._levels_by_type(selections))
        return None

    def _levels_by_type(self, selections: list[SelectionSetNode]) -> Callable[[str], Level]:
        planned: dict[str, Level] = {}

        def level_of(type_name: str) -> Level:
            if type_name not in planned:
                target = self.catalogue.composite(type_name)
                if target is None:
                    raise LookupError(type_name)
                planned[type_name] = self._level(target, selections)
                _share_columns(planned[type_name])
            return planned[type_name]

        return level_of

    def _connection(self, bound: Field, name: str, item: str, selections: list[SelectionSetNode]) -> Step:
        step = Step(bound)
        inner: list[SelectionSetNode] = []
        for part in self._fields(name, selections):
            match part.name.value:
                case "nodes":
                    step.rows = True
                    inner += _selection(part)
                case "edges":
                    step.rows = True
                    for of_edge in self._fields(f"{item}Edge", _selection(part)):
                        if of_edge.name.value == "node":
                            inner += _selection(of_edge)
                case "totalCount":
                    step.total = True
                case "pageInfo":
                    step.rows = True
                    asked = {node.name.value for node in self._fields("PageInfo", _selection(part))}
                    step.previous |= "hasPreviousPage" in asked
                    step.next |= "hasNextPage" in asked
        target = self.catalogue.composite(item)
        if target is not None:
            step.level = self._level(target, inner)
        return step

    def _fields(self, type_name: str, selections: Iterable[SelectionSetNode]) -> Iterator[FieldNode]:
        for nodes in self._collect(type_name, selections).values():
            yield from nodes

    def _collect(self, type_name: str, selections: Iterable[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        """Selected fields by response key, in their order, as the specification's CollectFields has them."""
        found: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        waiting = list(selections)
        while waiting:
            for selection in waiting.pop(0).selections:
                if not self._included(selection):
                    continue
                if isinstance(selection, FieldNode):
                    key = selection.alias.value if selection.alias else selection.name.value
                    found.setdefault(key, []).append(selection)
                elif isinstance(selection, InlineFragmentNode):
                    condition = selection.type_condition
                    if condition is None or self.catalogue.applies(condition.name.value, type_name):
                        waiting.append(selection.selection_set)
                elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
                    seen.add(selection.name.value)
                    fragment = self.fragments[selection.name.value]
                    if self.catalogue.applies(fragment.type_condition.name.value, type_name):
                        waiting.append(fragment.selection_set)
        return found

    def _included(self, selection: Any) -> bool:
        if not selection.directives:
            return True
        skip = get_directive_values(GraphQLSkipDirective, selection, self.variables)
        include = get_directive_values(GraphQLIncludeDirective, selection, self.variables)
        return not (skip and skip["if"]) and not (include and not include["if"])


def _selection(node: FieldNode) -> list[SelectionSetNode]:
    return [] if node.selection_set is None else [node.selection_set]


def _share_columns(root: Level) -> None:
    """Lets steps that read the same rows at the same depth read the same columns: one statement serves them all."""
    generation = [root]
    while generation:
        shared: dict[Any, Columns] = {}
        following: list[Level] = []
        for level in generation:
            for step in level.steps.values():
                if step.level is None:
                    continue
                following.append(step.level)
                place = _reads(step.field)
                if place is not None and isinstance(step.level.type, RowType):
                    step.level.columns = _united(shared.setdefault(place, {}), step.level.columns)
        generation = following


def _united(shared: Columns, columns: Columns) -> Columns:
    for column in columns:
        shared.setdefault(column, len(shared))
    return shared


def _reads(bound: Field) -> Any:  # noqa: PLR0911 - one line for each kind of field
    match bound:
        case ToOneField(direction=direction):
            return ("one", direction.target)
        case ToManyField(direction=direction):
            return ("many", direction.target)
        case ReferenceField(table=table):
            return ("one", next(iter(table.primary_key.columns)))
        case CompanyRowsField(table=table):
            return ("rows of companies", table)
        case RootOneField(table=table):
            return ("root one", table)
        case RootListField(table=table):
            return ("root list", table)
        case _:
            return None
