"""From a validated operation to a tree of what it needs: pure, no I/O.

A `Level` is one place in the operation where objects of one type are selected; its `columns` are exactly those that
the selection needs, and the hidden keys of its relations. Both executors read a level's rows by it, and the compiled
one writes the answer by it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any
from weakref import ref

from graphql import (
    ArgumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLSkipDirective,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)
from graphql.execution.values import VariableValues, get_directive_values
from sqlalchemy import Column, ColumnElement

from gateway.auth.policy import Rules
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
from gateway.resolvers.ids import GlobalIdOf

Columns = dict[ColumnElement[Any], int]
Nodes = tuple[FieldNode, ...]

# Of one step: for some kinds of callers, and some sizes of its pages.
MOST_SHARED = 32


class Derived:
    """What has been derived of a step, or of a level: for everybody, or by the rules of callers.

    What is alike for several callers is one object, which goes with the step; the rules remember which of those is
    theirs. So neither holds the other, and a document that nobody asks for any more leaves nothing behind.
    """

    __slots__ = ("__weakref__", "_shared")

    def __init__(self) -> None:
        self._shared: dict[Hashable, Any] = {}

    def get(self, rules: Rules | None, place: Hashable) -> Any:
        """What was kept for a caller, or for everybody; None where nothing was."""
        if rules is None:
            return self._shared.get(place)
        kept = rules.kept.get((id(self), place))
        return None if kept is None or kept[0]() is not self else self._shared.get(kept[1])

    def keep(self, rules: Rules | None, place: Hashable, derived: Any, like: Hashable = None) -> Any:
        """Keeps something; what is kept already for those who are `like` this caller, else that."""
        if rules is not None:
            rules.keep((id(self), place), (ref(self), like))
        if len(self._shared) >= MOST_SHARED:
            self._shared.clear()
        return self._shared.setdefault(place if rules is None else like, derived)


@dataclass(eq=False)
class Selected:
    """One entry of an object of the answer: a response key, and the nodes that were merged into it.

    `declared` is None for `__typename` and for what connections are made of. `step` leads on to objects. Of the parts
    of a connection, `parts` are what was selected of an edge or of the page, and `level` what was of the items.
    """

    key: str
    name: str
    nodes: Nodes
    declared: Field | None = None
    step: Step | None = None
    parts: Mapping[str, Selected] = field(default_factory=dict)
    level: Level | None = None
    # The values of arguments that hold no variable: the same each time, once somebody has worked them out.
    fixed_arguments: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class AskedOfList:
    """What is read of a list's items, and what was asked for of its pages, as a `Step` has it."""

    columns: Columns
    parts: Mapping[str, Selected]
    total: bool
    previous: bool
    next: bool


@dataclass(eq=False)
class Step:
    """One selected field that gives objects: `levels` are what is selected of them, all with the same columns.

    That is one level, but for a connection: there it is one for each `nodes` and `edges { node }`. `parts` are what was
    asked for of a connection; `total`, `previous` and `next` say it in short. Of a field whose type is an interface,
    `by_type` plans the level of each type that turns up.
    """

    declared: Field
    levels: list[Level] = field(default_factory=list)
    columns: Columns = field(default_factory=dict)
    by_type: Callable[[str], Level] | None = None
    parts: Mapping[str, Selected] = field(default_factory=dict)
    item: str = ""
    total: bool = False
    previous: bool = False
    next: bool = False
    kept: Derived = field(default_factory=Derived)

    @cached_property
    def asked(self) -> AskedOfList:
        """What is asked of a connection, without the step itself: who keeps it with the step holds no circle."""
        return AskedOfList(self.columns, self.parts, self.total, self.previous, self.next)

    @property
    def level(self) -> Level | None:
        """The level of a step that has just one."""
        return self.levels[0] if self.levels else None


@dataclass(eq=False)
class Level:
    """Objects of one type at one place: what was selected, the columns that it needs, and the steps on from them.

    `columns` may have more than the level's `own`: those of others that are read by the same statement.
    """

    type: CompositeType
    selected: dict[str, Selected] = field(default_factory=dict)
    columns: Columns = field(default_factory=dict)
    own: frozenset[ColumnElement[Any]] = frozenset()
    through: dict[Direction, Columns] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)
    kept: Derived = field(default_factory=Derived)

    @cached_property
    def onward(self) -> tuple[Selected, ...]:
        """What was selected that isn't in the objects' own cells, and has to be read or worked out."""
        return tuple(
            selected
            for selected in self.selected.values()
            if selected.declared is not None and not _is_cell(selected.declared)
        )

    @cached_property
    def names(self) -> frozenset[str]:
        """The fields that were selected, by their names in the schema."""
        return frozenset(selected.name for selected in self.selected.values())

    def need(self, *columns: Column[Any]) -> None:
        """Adds columns of the type's table."""
        for column in columns:
            self.columns.setdefault(column, len(self.columns))


@dataclass(frozen=True)
class Planner:
    """Plans one operation. Of the variables only those matter that decide whether something is answered at all."""

    catalogue: Catalogue
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: VariableValues

    def plan(self, operation: OperationDefinitionNode) -> Level:
        """The root level of an operation, with everything below it."""
        root = self._level(self.catalogue.root(operation.operation), [operation.selection_set])
        _share_columns(root)
        return root

    def _level(
        self, type_: CompositeType, selections: Iterable[SelectionSetNode], columns: Columns | None = None
    ) -> Level:
        level = Level(type_, columns={} if columns is None else columns)
        for key, nodes in self._collect(type_.name, selections).items():
            name = nodes[0].name.value
            bound = self.catalogue.field(type_.name, name)
            selected = level.selected[key] = Selected(key, name, tuple(nodes), bound)
            if bound is not None:
                self._add(level, selected, bound)
        return level

    def _add(self, level: Level, selected: Selected, bound: Field) -> None:
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
        selected.step = self._step(bound, _selections(selected.nodes))
        if selected.step is not None:
            level.steps[selected.key] = selected.step

    def _step(self, bound: Field, selections: list[SelectionSetNode]) -> Step | None:
        name = self.catalogue.named_type(bound)
        item = self.catalogue.connection_item(name)
        if item is not None:
            return self._connection(bound, name, item, selections)
        target = self.catalogue.composite(name)
        if target is not None:
            level = self._level(target, selections)
            return Step(bound, levels=[level], columns=level.columns)
        if self.catalogue.is_interface(name):
            return Step(bound, by_type=self._levels_by_type(selections))
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
        step = Step(bound, item=item)
        step.parts = self._parts(name, selections)
        for part in step.parts.values():
            match part.name:
                case "nodes":
                    self._items(step, part)
                case "edges":
                    part.parts = self._parts(f"{item}Edge", _selections(part.nodes))
                    for of_edge in part.parts.values():
                        if of_edge.name == "node":
                            self._items(step, of_edge)
                case "totalCount":
                    step.total = True
                case "pageInfo":
                    part.parts = self._parts("PageInfo", _selections(part.nodes))
                    asked = {entry.name for entry in part.parts.values()}
                    step.previous |= "hasPreviousPage" in asked
                    step.next |= "hasNextPage" in asked
        return step

    def _items(self, step: Step, part: Selected) -> None:
        """Plans what is selected of a connection's items in one of its parts."""
        target = self.catalogue.composite(step.item)
        if target is not None:
            part.level = self._level(target, _selections(part.nodes), step.columns)
            step.levels.append(part.level)

    def _parts(self, type_name: str, selections: Iterable[SelectionSetNode]) -> dict[str, Selected]:
        found = self._collect(type_name, selections)
        return {key: Selected(key, nodes[0].name.value, tuple(nodes)) for key, nodes in found.items()}

    def _collect(self, type_name: str, selections: Iterable[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        """Selected fields by response key, in their order, as the specification's CollectFields has them."""
        found: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        for selection_set in selections:
            self._collect_into(found, seen, type_name, selection_set)
        return found

    def _collect_into(
        self, found: dict[str, list[FieldNode]], seen: set[str], type_name: str, selections: SelectionSetNode
    ) -> None:
        for selection in selections.selections:
            if not self._included(selection):
                continue
            if isinstance(selection, FieldNode):
                key = selection.alias.value if selection.alias else selection.name.value
                found.setdefault(key, []).append(selection)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                if condition is None or self.catalogue.applies(condition.name.value, type_name):
                    self._collect_into(found, seen, type_name, selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
                seen.add(selection.name.value)
                fragment = self.fragments[selection.name.value]
                if self.catalogue.applies(fragment.type_condition.name.value, type_name):
                    self._collect_into(found, seen, type_name, fragment.selection_set)

    def _included(self, selection: Any) -> bool:
        if not selection.directives:
            return True
        skip = get_directive_values(GraphQLSkipDirective, selection, self.variables)
        include = get_directive_values(GraphQLIncludeDirective, selection, self.variables)
        return not (skip and skip["if"]) and not (include and not include["if"])


def function_of(bound: ComputedField, step: Step | None) -> Callable[..., Any]:
    """The function of a computed field, told what is selected of its objects where it wants to know."""
    if not bound.projected:
        return bound.resolve
    level = None if step is None else step.level
    assert level is not None, f"{bound.name} gives no objects of which anything could be selected"
    return partial(bound.resolve, asked=level.names)


def holds_variable(argument: ArgumentNode) -> bool:
    """Whether an argument's value depends on a variable."""
    waiting: list[ValueNode] = [argument.value]
    while waiting:
        value = waiting.pop()
        match value:
            case VariableNode():
                return True
            case ListValueNode(values=values):
                waiting.extend(values)
            case ObjectValueNode(fields=fields):
                waiting.extend(field.value for field in fields)
    return False


def _is_cell(declared: Field) -> bool:
    """Whether a field is a cell, or the id that is made of one."""
    if isinstance(declared, ComputedField):
        return isinstance(declared.resolve, GlobalIdOf)
    return isinstance(declared, ColumnField)


def _selections(nodes: Nodes) -> list[SelectionSetNode]:
    return [node.selection_set for node in nodes if node.selection_set is not None]


def _share_columns(root: Level) -> None:
    """Lets steps that read the same rows at the same depth read the same columns: one statement serves them all."""
    generation = [root]
    while generation:
        shared: dict[Any, Columns] = {}
        following: list[Level] = []
        for step in _steps(generation):
            following += step.levels
            place = _reads(step.declared)
            if place is not None and all(isinstance(level.type, RowType) for level in step.levels):
                step.columns = _united(shared.setdefault(place, {}), step.columns)
                for level in step.levels:
                    level.own, level.columns = frozenset(level.columns), step.columns
        generation = following


def _steps(generation: Iterable[Level]) -> Iterator[Step]:
    for level in generation:
        yield from level.steps.values()


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
