"""The arguments of a field, in the text or by variables: which page, which rows, in which order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_required_argument,
)

from tests.engine.document import Declared, literal
from tests.engine.draft import Draft
from tests.engine.inputs import Inputs
from tests.engine.schema_parts import is_connection
from tests.engine.values import RUBBISH_CURSORS

DEFAULT_PAGE = 50
# How many items lists without pages have, about.
LISTED, GROUPS = 5, 60
PAGE_ARGUMENTS = frozenset({"first", "last", "after", "before"})
# How many of a hundred fields have an argument that they could do without.
WANTED = {"where": 45, "id": 97, "databaseId": 97}


@dataclass(frozen=True)
class Arguments:
    """The text of a field's arguments, how many objects the field gives, and the variables that are its cursors."""

    text: str
    size: int
    cursors: Sequence[str]


class ArgumentWriter:
    """Writes the arguments of one document's fields."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._choice = draft.choice
        self._inputs = Inputs(draft)

    def written(self, type_: GraphQLObjectType, name: str, room: int) -> Arguments:
        """Arguments of a field that should give no more objects than there is room for."""
        definition = type_.fields[name]
        named = get_named_type(definition.type)
        # The items of a connection are counted as those of its page.
        is_list = is_list_type(get_nullable_type(definition.type)) and not is_connection(type_)
        size = GROUPS if "groupBy" in definition.args else LISTED if is_list else 1
        given: dict[str, Any] = {}
        cursors: list[str] = []
        if is_connection(named):
            size = self._page(definition, room, given)
            cursors += self._cursors(definition, given)
        left_out = self._left_out(definition)
        for argument_name, argument in definition.args.items():
            if argument_name in left_out or (argument_name in PAGE_ARGUMENTS and is_connection(named)):
                continue
            if is_required_argument(argument) or self._choice.chance(WANTED.get(argument_name, 40)):
                make = self._inputs.maker(type_, name, argument_name, argument)
                given[argument_name] = self._draft.put(make, argument.type)
        for argument_name in given:
            self._draft.note(f"{type_.name}.{name}({argument_name}:)")
        if "ids" in given:
            size = LISTED
        text = ", ".join(f"{key}: {literal(value)}" for key, value in given.items())
        return Arguments(f"({text})" if text else "", size, cursors)

    def _left_out(self, definition: GraphQLField) -> Sequence[str]:
        """Of the ways to name one row the one that isn't used; both, or neither, is an error of its own."""
        if not {"id", "databaseId"} <= set(definition.args):
            return ()
        kind = self._choice.number(0, 99)
        return ("id",) if kind < 60 else ("databaseId",) if kind < 90 or not self._draft.is_odd else ()

    def _page(self, definition: GraphQLField, room: int, given: dict[str, Any]) -> int:
        """Adds how many items of a list are asked for, and says how many that are."""
        if room >= DEFAULT_PAGE and self._choice.chance(15):
            return DEFAULT_PAGE
        size = max(1, min(self._choice.one((2, 1, 3, 5, 7, 20)), room))
        backward = "last" in definition.args and self._choice.chance(25)
        name, other = ("last", "first") if backward else ("first", "last")
        odd = self._choice.number(0, 99) if self._draft.is_odd else 0
        value = size if odd < 85 else self._choice.one((0, -1, 501, None))
        given[name] = self._draft.put(lambda: value, definition.args[name].type)
        if other in definition.args and odd >= 97:
            given[other] = size
        return size

    def _cursors(self, definition: GraphQLField, given: dict[str, Any]) -> Iterator[str]:
        """Adds cursors, which are known once there was an answer; gives the variables that stand for them."""
        for name, percent in (("after", 25), ("before", 12)):
            if name not in definition.args or not self._choice.chance(percent):
                continue
            if self._draft.is_odd and self._choice.chance(30):
                given[name] = self._choice.one((None, *RUBBISH_CURSORS[:-1]))
                continue
            given[name] = self._draft.declare(Declared("String", lambda: None, list_key=""))
            yield given[name].name
