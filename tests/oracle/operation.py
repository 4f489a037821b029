"""A GraphQL operation in the small: what is asked for, as plain objects, and its text and variables.

`answer` says what must come back for one; the tests generate and send them. What only the gateway can know, a cursor
or a global id, is a symbol here, and `written` puts the string in its place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class GlobalId:
    """The opaque id of a row, or of a report by its name."""

    type_name: str
    key: int | str


@dataclass(frozen=True)
class Cursor:
    """The opaque place of a row in a list: which list, and the row's key or, in a report, its place."""

    of: str
    key: int


@dataclass(frozen=True)
class Arguments:
    """What a field is given, in variables or in the text itself. Each field of an operation has its own."""

    values: dict[str, Any]
    # The GraphQL types of those that variables can carry.
    types: dict[str, str] = field(default_factory=dict)
    literal: bool = False


@dataclass(frozen=True)
class Ask:
    """A field, under an alias or its own name."""

    name: str
    selection: tuple[Ask | Fragment, ...] = ()
    alias: str | None = None
    arguments: Arguments | None = None

    @property
    def key(self) -> str:
        """The name that the answer has for it."""
        return self.alias or self.name


@dataclass(frozen=True)
class Fragment:
    """A part of a selection: inline, or by a name of its own."""

    type_name: str | None
    selection: tuple[Ask | Fragment, ...]
    name: str | None = None


Selection = tuple[Ask | Fragment, ...]


@dataclass(frozen=True)
class Operation:
    """A query."""

    selection: Selection

    def __repr__(self) -> str:
        text, variables = written(self, str)
        return f"{text}\n{variables}"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """What Hypothesis shows of an example that fails."""
        printer.text(repr(self))


def asks(selection: Selection) -> Iterator[Ask]:
    """Every field of a selection, at any depth."""
    for part in selection:
        if isinstance(part, Ask):
            yield part
        yield from asks(part.selection)


# --- text -------------------------------------------------------------------------------------------------


def written(operation: Operation, string_of: Callable[[Any], str]) -> tuple[str, dict[str, Any]]:
    """The operation's text and variables; `string_of` gives the strings of symbols."""
    writer = _Writer(string_of)
    body = writer.selection(operation.selection)
    named = "".join(f"\nfragment {name} on {text}" for name, text in writer.fragments.items())
    declared = ", ".join(f"${name}: {kind}" for name, kind in writer.declared.items())
    return f"query{f'({declared})' if declared else ''} {body}{named}", writer.variables


class _Writer:
    def __init__(self, string_of: Callable[[Any], str]) -> None:
        self.string_of = string_of
        self.fragments: dict[str, str] = {}
        self.declared: dict[str, str] = {}
        self.variables: dict[str, Any] = {}
        self._known: dict[int, dict[str, str]] = {}

    def selection(self, selection: Selection) -> str:
        return f"{{ {' '.join(map(self._part, selection))} }}"

    def _part(self, part: Ask | Fragment) -> str:
        if isinstance(part, Ask):
            alias = f"{part.alias}: " if part.alias else ""
            below = f" {self.selection(part.selection)}" if part.selection else ""
            return f"{alias}{part.name}{self._arguments(part.arguments)}{below}"
        if part.name is None:
            condition = f" on {part.type_name}" if part.type_name else ""
            return f"...{condition} {self.selection(part.selection)}"
        if part.name not in self.fragments:
            self.fragments[part.name] = ""
            self.fragments[part.name] = f"{part.type_name} {self.selection(part.selection)}"
        return f"...{part.name}"

    def _arguments(self, arguments: Arguments | None) -> str:
        if arguments is None or not arguments.values:
            return ""
        if id(arguments) not in self._known:
            self._known[id(arguments)] = {
                name: self._value(name, value, arguments) for name, value in arguments.values.items()
            }
        inside = ", ".join(f"{name}: {text}" for name, text in self._known[id(arguments)].items())
        return f"({inside})"

    def _value(self, name: str, value: Any, arguments: Arguments) -> str:
        value = self._plain(value)
        kind = arguments.types.get(name)
        if kind is None or arguments.literal:
            return literal(value)
        variable = f"{name}{len(self.declared) + 1}"
        self.declared[variable] = kind
        self.variables[variable] = value
        return f"${variable}"

    def _plain(self, value: Any) -> Any:
        if isinstance(value, Cursor | GlobalId):
            return self.string_of(value)
        return [self._plain(item) for item in value] if isinstance(value, list) else value


class Name(str):
    """A name in the text of an operation, such as a value of an enum."""


def literal(value: Any) -> str:
    """A value as an operation's text holds it."""
    if isinstance(value, Name):
        return str(value)
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {literal(item)}' for name, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    return json.dumps(value, ensure_ascii=False)
