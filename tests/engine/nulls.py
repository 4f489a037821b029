"""Operations made from a schema alone, that together say null for every argument and every field of an input."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    is_required_input_field,
)

from tests.engine.callers import Caller
from tests.engine.document import Name, Variable, literal
from tests.engine.schema_parts import CLOCKED, is_connection
from tests.engine.sides import CLOCK, Asked
from tests.engine.sweep import Sweep, Way, page_of
from tests.engine.values import Values, global_id

# What is null is said in each of these ways, or not at all.
LITERAL, INSIDE, WHOLE, ABSENT = "literal", "variable", "variable of the whole argument", "absent variable"


@dataclass(frozen=True)
class Place:
    """A field, with the arguments that it must have as they stand in the text, and how objects are had that have it."""

    type: GraphQLObjectType
    name: str
    way: Way
    usual: Mapping[str, str]

    @property
    def definition(self) -> GraphQLField:
        """The field."""
        found: GraphQLField = self.type.fields[self.name]
        return found


@dataclass(frozen=True)
class NullInput:
    """A field of an input, its name as the schema has it, said to be null in each way."""

    name: str
    nullable: bool
    asked: Mapping[str, Asked]


class Nulls:
    """The operations for one caller's schema."""

    def __init__(self, caller: Caller, values: Values) -> None:
        self._caller, self._values = caller, values
        self._sweep = Sweep(caller, values)

    def arguments(self) -> Iterator[tuple[str, Asked, list[Asked]]]:
        """Each field with arguments that may be null: asked without them, and with all of them null, in each way."""
        for place in self._places():
            free = {
                name: argument.type
                for name, argument in place.definition.args.items()
                if name not in place.usual and not isinstance(argument.type, GraphQLNonNull)
            }
            if not free:
                continue
            nulls = dict.fromkeys(free, "null")
            variables = {name: f"${name}" for name in free}
            declared = ", ".join(f"${name}: {type_}" for name, type_ in free.items())
            by_variable = f"query ({declared}) {self._text(place, variables)}"
            yield (
                f"{place.type.name}.{place.name}",
                Asked(self._text(place, {})),
                [
                    Asked(self._text(place, nulls)),
                    Asked(by_variable, dict.fromkeys(free)),
                    Asked(by_variable),
                ],
            )

    def inputs(self) -> Iterator[NullInput]:
        """Each field of each input, the nearest that there is to the root."""
        waiting = deque(self._objects_in_arguments())
        seen: set[str] = set()
        while waiting:
            place, argument, type_, wrapped = waiting.popleft()
            if type_.name in seen:
                continue
            seen.add(type_.name)
            for name, given in type_.fields.items():
                yield self._null_input(place, argument, type_, name, wrapped)
                below = get_named_type(given.type)
                if isinstance(below, GraphQLInputObjectType):
                    waiting.append((place, argument, below, _within(type_, name, wrapped)))

    def _objects_in_arguments(
        self,
    ) -> Iterator[tuple[Place, str, GraphQLInputObjectType, Callable[..., Any]]]:
        for place in self._places():
            for name, argument in place.definition.args.items():
                named = get_named_type(argument.type)
                if isinstance(named, GraphQLInputObjectType):
                    yield place, name, named, lambda value: value

    def _null_input(
        self,
        place: Place,
        argument: str,
        type_: GraphQLInputObjectType,
        name: str,
        wrapped: Callable[[Any], Any],
    ) -> NullInput:
        given = type_.fields[name].type
        others = _required_of(type_, but=name)

        def text(value: Any) -> str:
            return self._text(place, {argument: literal(wrapped({**others, name: value}))})

        inside = f"query ($v: {_nullable(given)}) {text(Variable('v'))}"
        whole = f"query ($v: {place.definition.args[argument].type}) {self._text(place, {argument: '$v'})}"
        asked = {
            LITERAL: Asked(text(None)),
            INSIDE: Asked(inside, {"v": None}),
            WHOLE: Asked(whole, {"v": wrapped({**others, name: None})}),
            ABSENT: Asked(inside),
        }
        return NullInput(f"{type_.name}.{name}", not isinstance(given, GraphQLNonNull), asked)

    def _text(self, place: Place, more: Mapping[str, str]) -> str:
        given = ", ".join(f"{name}: {value}" for name, value in {**place.usual, **more}.items())
        key = f"{CLOCK}{place.name}: " if (place.type.name, place.name) in CLOCKED else ""
        arguments = f"({given})" if given else ""
        return self._sweep.along(
            place.way, f"{{ {key}{place.name}{arguments} {_selection(place.definition)} }}"
        )

    def _places(self) -> Iterator[Place]:
        for type_, way in self._sweep.ways.items():
            for name, definition in type_.fields.items():
                for usual in self._usual(definition):
                    yield Place(type_, name, way, usual)

    def _usual(self, definition: GraphQLField) -> Iterator[dict[str, str]]:
        """What a field must be given: of one row its id, either of them."""
        required = self._sweep.required(definition)
        if not {"id", "databaseId"} <= set(definition.args) or required:
            yield required
            return
        name = get_named_type(definition.type).name
        key = self._caller.sees.get(name, self._values.keys(name) or (1,))[0]
        yield {"databaseId": str(key)}
        yield {"id": literal(global_id(name, key))}


def _within(type_: GraphQLInputObjectType, name: str, wrapped: Callable[[Any], Any]) -> Callable[[Any], Any]:
    others = _required_of(type_, but=name)
    return lambda value: wrapped({**others, name: value})


def _required_of(type_: GraphQLInputObjectType, *, but: str) -> dict[str, Any]:
    return {
        name: _any_value(given.type)
        for name, given in type_.fields.items()
        if is_required_input_field(given) and name != but
    }


def _any_value(type_: GraphQLInputType) -> Any:
    named = get_named_type(type_)
    return Name(next(iter(named.values))) if isinstance(named, GraphQLEnumType) else "leads"


def _nullable(type_: GraphQLInputType) -> GraphQLInputType:
    return type_.of_type if isinstance(type_, GraphQLNonNull) else type_


def _selection(definition: GraphQLField) -> str:
    named = get_named_type(definition.type)
    if isinstance(named, GraphQLObjectType) and is_connection(named):
        return page_of(named)
    return "" if is_leaf_type(named) else "{ __typename }"
