"""An operation, and the values of its variables, as the audit may keep them: what was asked for, without any value.

Pure. What it gives holds names of the schema and, of the client's own, only names of operations, fragments and
variables, each cut short: a literal or a value is replaced by its kind, aliases and comments are left out, and so is a
key of a JSON object that no input of the schema has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    EnumValueNode,
    FieldNode,
    FloatValueNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NameNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    StringValueNode,
    VariableDefinitionNode,
    VariableNode,
    print_ast,
)

LONGEST_DOCUMENT = 4_000
LONGEST_VARIABLE = 300
LONGEST_NAME = 64
MOST_VARIABLES = 30
DEEPEST_VALUE = 10


class _Absent:
    """Stands for the value of a variable that the client didn't give."""


ABSENT = _Absent()
_KINDS: Mapping[type, str] = {
    StringValueNode: "String",
    IntValueNode: "Int",
    FloatValueNode: "Float",
    BooleanValueNode: "Boolean",
    EnumValueNode: "Enum",
    NullValueNode: "Null",
    str: "String",
    int: "Int",
    float: "Float",
    bool: "Boolean",
    type(None): "Null",
    _Absent: "absent",
}


def operation_name(operation: OperationDefinitionNode) -> str | None:
    """The name of an operation, cut short; None where it has none."""
    return None if operation.name is None else _name(operation.name)


@dataclass(frozen=True)
class Redaction:
    """Takes the values out. `known` are the names of the schema's input fields: no other key of an object is kept."""

    known: frozenset[str]

    def document(self, document: DocumentNode, operation: OperationDefinitionNode) -> str:
        """The operation and the document's fragments, cut short."""
        fragments = (node for node in document.definitions if isinstance(node, FragmentDefinitionNode))
        return _cut(chain(self._operation(operation), *map(self._fragment, fragments)), LONGEST_DOCUMENT)

    def variables(self, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> dict[str, str]:
        """What kind of value each declared variable was given."""
        declared = [item.variable.name for item in operation.variable_definitions or ()][:MOST_VARIABLES]
        return {
            _name(name): _cut(self._value(variables.get(name.value, ABSENT), 0), LONGEST_VARIABLE)
            for name in declared
        }

    # --- what is asked for ---

    def _operation(self, node: OperationDefinitionNode) -> Iterator[str]:
        yield node.operation.value
        if node.name is not None:
            yield f" {_name(node.name)}"
        yield from _enclosed("(", map(self._declaration, node.variable_definitions or ()), ")")
        yield from self._directives(node)
        yield from self._selections(node.selection_set)

    def _fragment(self, node: FragmentDefinitionNode) -> Iterator[str]:
        yield f" fragment {_name(node.name)} on {_name(node.type_condition.name)}"
        yield from self._directives(node)
        yield from self._selections(node.selection_set)

    def _declaration(self, node: VariableDefinitionNode) -> Iterator[str]:
        yield f"${_name(node.variable.name)}: {print_ast(node.type)}"
        if node.default_value is not None:
            yield " = "
            yield from self._value(node.default_value, 0)

    def _selections(self, node: SelectionSetNode | None) -> Iterator[str]:
        if node is not None:
            yield " {"
            for selection in node.selections:
                yield from self._selection(selection)
            yield " }"

    def _selection(self, node: SelectionNode) -> Iterator[str]:
        # An alias is the client's own word, and says nothing of what was read.
        match node:
            case FieldNode():
                yield f" {_name(node.name)}"
                yield from self._arguments(node)
                yield from self._directives(node)
                yield from self._selections(node.selection_set)
            case FragmentSpreadNode():
                yield f" ...{_name(node.name)}"
                yield from self._directives(node)
            case InlineFragmentNode():
                yield " ..." if node.type_condition is None else f" ... on {_name(node.type_condition.name)}"
                yield from self._directives(node)
                yield from self._selections(node.selection_set)

    def _arguments(self, node: FieldNode | DirectiveNode) -> Iterator[str]:
        yield from _enclosed("(", map(self._argument, node.arguments or ()), ")")

    def _argument(self, node: ArgumentNode) -> Iterator[str]:
        yield f"{_name(node.name)}: "
        yield from self._value(node.value, 0)

    def _directives(self, node: Any) -> Iterator[str]:
        for directive in node.directives or ():
            yield f" @{_name(directive.name)}"
            yield from self._arguments(directive)

    # --- values: of a document, or of variables ---

    def _value(self, value: Any, depth: int) -> Iterator[str]:
        if depth > DEEPEST_VALUE:
            yield "…"
            return
        match value:
            case VariableNode():
                yield f"${_name(value.name)}"
            case ListValueNode(values=items) | list(items):
                yield from self._list(items, depth)
            case ObjectValueNode(fields=fields):
                pairs = ((item.name.value, item.value) for item in fields)
                yield from _enclosed("{", (self._pair(*pair, depth) for pair in pairs), "}", empty="{}")
            case dict():
                yield from _enclosed(
                    "{", (self._pair(*pair, depth) for pair in value.items()), "}", empty="{}"
                )
            case _:
                yield _KINDS.get(type(value), "Other")

    def _list(self, items: Sequence[Any], depth: int) -> Iterator[str]:
        """How many items there are, and of what kind the first is: those of the schema's lists are all of one."""
        if not items:
            yield "[]"
            return
        yield f"[{len(items)} × "
        yield from self._value(items[0], depth + 1)
        yield "]"

    def _pair(self, name: str, value: Any, depth: int) -> Iterator[str]:
        yield f"{name if name in self.known else '_'}: "
        yield from self._value(value, depth + 1)


def _enclosed(before: str, parts: Iterable[Iterator[str]], after: str, *, empty: str = "") -> Iterator[str]:
    """The parts between commas and brackets; `empty` where there is none."""
    opened = False
    for part in parts:
        yield ", " if opened else before
        opened = True
        yield from part
    yield after if opened else empty


def _cut(pieces: Iterable[str], most: int) -> str:
    """The pieces as one text; what is beyond the bound isn't made at all."""
    kept, length = [], 0
    for piece in pieces:
        length += len(piece)
        if length > most:
            kept.append(" …")
            break
        kept.append(piece)
    return "".join(kept)


def _name(node: NameNode) -> str:
    return node.value[:LONGEST_NAME]
