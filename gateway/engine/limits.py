"""How much one operation may ask for: depth, fields, and items by the sizes of its pages; and what it costs. Pure.

All of it is said by the operation and its page sizes alone: what the data holds never shows in a limit or a cost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

from gateway.errors import Code, GatewayError
from gateway.resolvers.connection import DEFAULT_SIZE

DEEPEST = 20
MOST_FIELDS = 2_000
MOST_ITEMS = 1_000_000
MOST_VALUES = 10_000
MOST_COSTS_KEPT = 50

# Connections hold their items below these; only one of them is counted for each item.
_PAGED = frozenset({"nodes", "edges"})
# These are no objects of their own: they dress an item, or a page, that is counted already.
_DRESS = frozenset({"node", "pageInfo"})
# What reads more rows than it gives, and costs this much for each of its parents.
_AGGREGATES = {"totalCount": 10, "leadStats": 10, "totals": 10}


def check_variables(variables: Mapping[str, Any]) -> None:
    """Raises COST_LIMIT_EXCEEDED where variables hold more values, at any depth, than are worth looking at."""
    if not variables:
        return
    waiting: list[Any] = [variables]
    values = 0
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        values += 1
        if values + len(waiting) > MOST_VALUES:
            raise _too_much(f"The variables hold more than {MOST_VALUES} values; send fewer at once.")


class Measure:
    """Walks an operation as it will be executed, every fragment as often as it is spread.

    The cost is one for each object that the operation may give, all pages full, and more for an aggregate.
    """

    def __init__(self, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._variables = variables
        self._sizing: dict[str, None] = {}
        self._fields = 0
        self._items = 0
        self._cost = 0

    def check(self, operation: OperationDefinitionNode) -> int:
        """What the operation costs, at least 1. Raises COST_LIMIT_EXCEEDED where it asks for too much at once."""
        self._walk(operation.selection_set, depth=1, objects=1, size=1)
        return max(1, self._cost)

    @property
    def sizing(self) -> tuple[str, ...]:
        """The variables that `check` has looked at, given or not: those that say how much is asked for."""
        return tuple(self._sizing)

    def _walk(self, selections: SelectionSetNode, *, depth: int, objects: int, size: int) -> None:
        if depth > DEEPEST:
            raise _too_much(f"The operation is more than {DEEPEST} fields deep; split it.")
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                self._field(selection, depth=depth, objects=objects, size=size)
            elif isinstance(selection, FragmentSpreadNode):
                fragment = self._fragments[selection.name.value]
                self._walk(fragment.selection_set, depth=depth, objects=objects, size=size)
            elif isinstance(selection, InlineFragmentNode):
                self._walk(selection.selection_set, depth=depth, objects=objects, size=size)

    def _field(self, node: FieldNode, *, depth: int, objects: int, size: int) -> None:
        self._fields += 1
        if self._fields > MOST_FIELDS:
            raise _too_much(f"The operation has more than {MOST_FIELDS} fields; split it.")
        name = node.name.value
        if name in _AGGREGATES:
            self._cost += objects * _AGGREGATES[name]
        if node.selection_set is None:
            return
        below = objects * self._items_of_each(node, size) if name in _PAGED else objects
        if name not in _DRESS or node.arguments:
            self._cost += below
        if name in _PAGED:
            self._items += below
            if self._items > MOST_ITEMS:
                raise _too_much(
                    f"The operation may give more than {MOST_ITEMS} items; ask for smaller pages."
                )
        self._walk(node.selection_set, depth=depth + 1, objects=below, size=self._size(node))

    def _items_of_each(self, node: FieldNode, size: int) -> int:
        """How many items each parent gives: those of its page, or, at the root, one for each of `ids`."""
        asked = next((item.value for item in node.arguments or () if item.name.value == "ids"), None)
        if asked is None:
            return size
        if isinstance(asked, VariableNode):
            given = self._given(asked)
            return len(given) if isinstance(given, list) else 1
        return len(asked.values) if isinstance(asked, ListValueNode) else 1

    def _size(self, node: FieldNode) -> int:
        """How many items a connection may give for each parent; 1 for what is no connection."""
        sizes = [
            self._integer(argument.value)
            for argument in node.arguments or ()
            if argument.name.value in {"first", "last"}
        ]
        known = [size for size in sizes if size is not None]
        return max(0, *known) if known else DEFAULT_SIZE if _has_pages(node.selection_set) else 1

    def _integer(self, value: Any) -> int | None:
        if isinstance(value, IntValueNode):
            return int(value.value[:10])
        found = self._given(value) if isinstance(value, VariableNode) else None
        return found if isinstance(found, int) else None

    def _given(self, variable: VariableNode) -> Any:
        self._sizing[variable.name.value] = None
        return self._variables.get(variable.name.value)


class Costs:
    """What the operations of one document cost: each is walked once for each choice of its page sizes."""

    def __init__(self, document: DocumentNode) -> None:
        self._document = document
        self._known: dict[tuple[str, tuple[_Size, ...]], int] = {}
        self._sizing: dict[str, tuple[str, ...]] = {}

    def of(self, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> int:
        """What an operation costs with these variables, at least 1. Raises COST_LIMIT_EXCEEDED as `Measure.check`."""
        name = "" if operation.name is None else operation.name.value
        sizing = self._sizing.get(name)
        if sizing is not None:
            known = self._known.get((name, _sizes(sizing, variables)))
            if known is not None:
                return known
        measure = Measure(self._document, variables)
        cost = measure.check(operation)
        if len(self._known) >= MOST_COSTS_KEPT:
            self._known.clear()
            self._sizing.clear()
        self._sizing[name] = measure.sizing
        self._known[name, _sizes(measure.sizing, variables)] = cost
        return cost


# A number, how many items a list has, or nothing that a size could be.
_Size: TypeAlias = int | tuple[int] | None


def _sizes(names: Sequence[str], variables: Mapping[str, Any]) -> tuple[_Size, ...]:
    return tuple([_size_in(variables.get(name)) for name in names])


def _size_in(value: Any) -> _Size:
    if isinstance(value, list):
        return (len(value),)
    return value if isinstance(value, int) else None


def _has_pages(selections: SelectionSetNode | None) -> bool:
    inner: Sequence[Any] = () if selections is None else selections.selections
    return any(isinstance(item, FieldNode) and item.name.value in _PAGED for item in inner)


def _too_much(message: str) -> GatewayError:
    return GatewayError(Code.COST_LIMIT_EXCEEDED, message)
