"""What operations are written with: values as GraphQL has them, and what is known of a place in the answer.

Pure; `operations.py` chooses.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


class Name(str):
    """A value of an enum: a bare word in the text, a text in JSON."""

    __slots__ = ()


@dataclass(frozen=True)
class Variable:
    """A variable where a value stands."""

    name: str


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Any = _Absent()


def literal(value: Any) -> str:
    """A value in the text of a document."""
    match value:
        case Variable(name=name):
            return f"${name}"
        case Name():
            return str(value)
        case dict():
            return "{" + ", ".join(f"{key}: {literal(one)}" for key, one in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(literal, value)) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)


@dataclass
class Declared:
    """A variable of an operation: how it is declared, and how a value of it is made anew.

    `list_key` is the response key of the list that it is a cursor of; `condition` says that it stands in a directive.
    """

    type: str
    make: Callable[[], Any] = field(repr=False)
    default: Any = ABSENT
    given: Any = ABSENT
    list_key: str | None = None
    condition: bool = False

    def text(self, name: str) -> str:
        """The declaration."""
        default = "" if self.default is ABSENT else f" = {literal(self.default)}"
        return f"${name}: {self.type}{default}"


@dataclass
class Entry:
    """A field that has been asked for under a response key."""

    type_name: str
    name: str
    arguments: str
    shape: str
    size: int = 1
    scope: Scope | None = None

    def is_like(self, other: Entry) -> bool:
        """Whether both may stand under one key of one object."""
        return (self.type_name, self.name, self.arguments) == (other.type_name, other.name, other.arguments)


@dataclass
class Scope:
    """The response keys of the objects at one place in the answer, as far as they are taken.

    Where objects of several types may turn up, each type has a scope of its own in `alternatives`; a key that two of
    them have needs the same shape in both, which `shapes` remembers for all. `prefix` keeps their keys apart.
    """

    type_name: str
    entries: dict[str, Entry] = field(default_factory=dict)
    shapes: dict[str, str] = field(default_factory=dict)
    alternatives: dict[str, Scope] = field(default_factory=dict)
    prefix: str = ""

    def alternative(self, type_name: str) -> Scope:
        """The scope of objects of one type here."""
        if type_name == self.type_name:
            return self
        if type_name not in self.alternatives:
            prefix = f"{type_name}_"
            self.alternatives[type_name] = Scope(type_name, shapes=self.shapes, prefix=prefix)
        return self.alternatives[type_name]

    def takes(self, key: str, entry: Entry) -> bool:
        """Whether a field can be asked for under this key."""
        there = self.entries.get(key)
        if there is not None and not there.is_like(entry):
            return False
        return self.shapes.get(key, entry.shape) == entry.shape

    def add(self, key: str, entry: Entry) -> Entry:
        """The entry under a key, which is there from now on."""
        self.shapes[key] = entry.shape
        return self.entries.setdefault(key, entry)

    def fits(self, other: Scope) -> bool:
        """Whether all that is asked for in another scope can be asked for here, too."""
        for key, entry in other.entries.items():
            if not self.takes(key, entry):
                return False
            there = self.entries.get(key)
            if there is None or there.scope is None or entry.scope is None:
                continue
            if not there.scope.fits(entry.scope):
                return False
        return all(self.alternative(name).fits(one) for name, one in other.alternatives.items())

    def absorb(self, other: Scope) -> None:
        """Takes over all that is asked for in another scope, which stays as it is."""
        for key, entry in other.entries.items():
            mine = self.entries.get(key)
            if mine is None:
                below = None if entry.scope is None else Scope(entry.scope.type_name)
                mine = self.add(
                    key, Entry(entry.type_name, entry.name, entry.arguments, entry.shape, entry.size, below)
                )
            if mine.scope is not None and entry.scope is not None:
                mine.scope.absorb(entry.scope)
        for name, one in other.alternatives.items():
            self.alternative(name).absorb(one)
