"""Random operations over the whole of a caller's schema: whatever the types, fields and arguments of it are.

Values come from the estate, so that answers hold something. A few things are wrong on purpose: cursors, ids, values of
variables. Later requests of an example send the same text with other variables, and cursors from the answer before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    get_named_type,
    get_nullable_type,
    is_interface_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
    is_required_input_field,
)
from hypothesis import strategies as st

from tests.engine.callers import Caller
from tests.engine.choice import Choice
from tests.engine.document import ABSENT, Declared, Entry, Name, Scope, Variable, literal
from tests.engine.sides import CLOCK, GRAPHQL_MEDIA, JSON_MEDIA, Asked
from tests.engine.values import DEFAULTS, ODD, RUBBISH_CURSORS, RUBBISH_IDS, Values, global_id

# Fields whose values depend on the clock, or on the process.
CLOCKED = frozenset(
    {
        ("File", "url"),
        ("ReportView", "generatedAt"),
        ("Query", "eventCursor"),
        ("Session", "accessToken"),
        ("Session", "refreshToken"),
        ("Session", "expiresAt"),
        ("CreatePartnerTokenPayload", "token"),
        ("CreatePartnerTokenPayload", "prefix"),
    }
)
CURSOR_FIELDS = frozenset({"cursor", "startCursor", "endCursor"})
# What would change the estate: these are asked so that they are refused, or not at all.
REFUSED_MUTATIONS = frozenset({"createPartnerToken", "revokePartnerToken"})
INTERFACE = "Node"
DEFAULT_PAGE = 50
# How many objects an operation may give, about.
ROOMS = (12, 30, 60, 200)
LISTED = 5
GROUPS = 60
# How deep a `where` goes, and how many terms an `orderBy` has.
DEEPEST_WHERE = 3
PAGE_ARGUMENTS = frozenset({"first", "last", "after", "before"})
# How many of a hundred fields have an argument that they could do without.
WANTED = {"where": 45, "id": 97, "databaseId": 97}
# How many fields a document has, about.
SIZES = (8, 5, 14, 30, 3)
# A column that both reports have, and columns of one of them.
REPORT_COLUMNS = ("leads", "leads", "leads", "salesperson", "activities")
_VARIABLE = re.compile(r"\$(\w+)")
INTROSPECTION = (
    "__schema { queryType { name } mutationType { name } directives { name args { name } } }",
    '__type(name: "Lead") { kind name interfaces { name } fields { name type { kind name ofType { name } } } }',
    '__type(name: "LeadWhere") { inputFields { name defaultValue type { name kind } } }',
    '__type(name: "Direction") { name enumValues { name description } }',
    '__type(name: "Nothing") { name }',
    "__typename",
)


@dataclass(frozen=True)
class Fragment:
    """A named fragment: what it asks for, and for how many objects."""

    name: str
    scope: Scope
    room: int


@dataclass
class Written:
    """A document and the variables that were sent with it, to be asked again in another way."""

    text: str
    operation_name: str | None
    media: str
    declared: dict[str, Declared] = field(repr=False)

    def asked(self) -> Asked:
        """The request."""
        given = {name: one.given for name, one in self.declared.items() if one.given is not ABSENT}
        return Asked(self.text, given, self.operation_name, self.media)


@st.composite
def operations(draw: st.DrawFn, caller: Caller, values: Values, touched: set[str]) -> Written:
    """An operation that a caller may send. `touched` learns what of the schema was asked for."""
    return _Writing(Choice(draw), caller, values, touched).document()


@st.composite
def other_variables(draw: st.DrawFn, written: Written, answer: bytes) -> Asked:
    """The same text with other values: cursors from the answer, conditions turned round, and values made anew."""
    choice = Choice(draw)
    found = json.loads(answer)
    given = {}
    for name, one in written.declared.items():
        value = _other_value(choice, one, found)
        if value is not ABSENT:
            given[name] = value
    return replace(written.asked(), variables=given)


def _other_value(choice: Choice, declared: Declared, answer: Any) -> Any:
    if declared.list_key is not None:
        cursors = list(dict.fromkeys(_cursors_below(answer, declared.list_key)))
        if cursors and choice.chance(85):
            return choice.one(cursors[:12])
        return choice.one((ABSENT, None, *RUBBISH_CURSORS))
    if declared.condition and isinstance(declared.given, bool):
        return declared.given is choice.chance(40)
    return declared.given


def _cursors_below(found: Any, key: str) -> Iterator[str]:
    """The cursors of the lists that stand under a response key, wherever that is."""
    if isinstance(found, list):
        for one in found:
            yield from _cursors_below(one, key)
    elif isinstance(found, dict):
        for name, value in found.items():
            if name == key:
                yield from _cursors_in(value, 3)
            yield from _cursors_below(value, key)


def _cursors_in(found: Any, depth: int) -> Iterator[str]:
    items = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for name, value in items:
        if isinstance(value, str) and isinstance(name, str) and "ursor" in name:
            yield value
        elif depth:
            yield from _cursors_in(value, depth - 1)


# --- what types are made of ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parts:
    """The fields of an object type by kind."""

    leaves: tuple[str, ...]
    objects: tuple[str, ...]
    lists: tuple[str, ...]


@cache
def parts_of(type_: GraphQLObjectType) -> Parts:
    """The fields of a type: those that hold a value, an object, or a connection."""
    leaves, objects, lists = [], [], []
    for name, found in type_.fields.items():
        named = get_named_type(found.type)
        if is_leaf_type(named):
            leaves.append(name)
        elif named.name.endswith("Connection"):
            lists.append(name)
        else:
            objects.append(name)
    return Parts(tuple(leaves), tuple(objects), tuple(lists))


@cache
def terms_of(where: GraphQLInputObjectType) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns and the relations of a `…Where`."""
    named = {name: get_named_type(one.type).name for name, one in where.fields.items()}
    columns = tuple(name for name, kind in named.items() if kind.endswith("Filter"))
    relations = tuple(
        name for name, kind in named.items() if name not in {"and", "or", "not"} and kind.endswith("Where")
    )
    return columns, relations


def is_connection(type_: Any) -> bool:
    """Whether objects of a type are pages of a list."""
    return isinstance(type_, GraphQLObjectType) and type_.name.endswith("Connection")


# --- writing ------------------------------------------------------------------------------------------------


class _Writing:
    """Makes up one document."""

    def __init__(self, choice: Choice, caller: Caller, values: Values, touched: set[str]) -> None:
        self.choice, self.caller, self.values, self.touched = choice, caller, values, touched
        self.schema = caller.schema
        self.declared: dict[str, Declared] = {}
        self.fragments: dict[str, list[Fragment]] = {}
        self.texts: list[str] = []
        self._made = 0
        self._in_variable = False
        self._fields_left = 0
        # Whether something is wrong with the operation on purpose, besides what is wrong now and then.
        self._is_odd = False
        # The types of the ids that `node` and `nodes` were given.
        self._types_of_ids: list[str] = []

    def document(self) -> Written:
        kind = "mutation" if self.schema.mutation_type and self.choice.chance(3) else "query"
        self._fields_left = self.choice.one(SIZES)
        self._is_odd = self.choice.chance(10)
        selections = self._operation(kind)
        # Nothing may be declared that isn't used.
        used = set(_VARIABLE.findall(" ".join([selections, *self.texts])))
        self.declared = {name: one for name, one in self.declared.items() if name in used}
        for one in self.declared.values():
            self._give(one)
        named, operations = self._beside(self._head(kind) + selections)
        media = GRAPHQL_MEDIA if self.choice.chance(10) else JSON_MEDIA
        return Written(" ".join([*operations, *self.texts]), named, media, self.declared)

    def _operation(self, kind: str) -> str:
        root = self.schema.mutation_type if kind == "mutation" else self.schema.query_type
        assert root is not None
        scope = Scope(root.name)
        fields = (self._mutation_fields if kind == "mutation" else self._root_fields)(root, scope)
        return f"{{ {' '.join(self._wrapped(root, scope, fields, depth=2, room=10))} }}"

    def _head(self, kind: str) -> str:
        """What stands before the selections: nothing, where that will do."""
        variables = ", ".join(one.text(name) for name, one in self.declared.items())
        if not variables and kind == "query" and self.choice.chance(50):
            return ""
        return f"{kind} Main{f'({variables})' if variables else ''} "

    def _beside(self, text: str) -> tuple[str | None, list[str]]:
        """The operation's name as it is sent, and the document's operations: another one besides, now and then."""
        if text.startswith("{"):
            return None, [text]
        kind = self.choice.number(0, 99)
        if kind < 80:
            return ("Main" if kind >= 60 else None), [text]
        other = "query Other { viewer { role } again: __typename }"
        self._note("several operations")
        named = "Main" if kind < 96 else self.choice.one(("Other", None, "Nothing", ""))
        return named, [text, other] if self.choice.chance(50) else [other, text]

    # --- root fields ---

    def _root_fields(self, root: GraphQLObjectType, scope: Scope) -> list[str]:
        depth = self.choice.one((2, 3, 3, 4, 5, 1))
        room = self.choice.one(ROOMS)
        count = self.choice.one((1, 1, 2, 3))
        found = [self._root_field(root, scope, depth, room // count) for _ in range(count)]
        if self.choice.chance(4):
            self._note("introspection")
            found.append(self.choice.one(INTROSPECTION))
        return found + self._again(root, scope, depth, room // 2)

    def _root_field(self, root: GraphQLObjectType, scope: Scope, depth: int, room: int) -> str:
        parts = parts_of(root)
        kind = self.choice.number(0, 99)
        ways: list[tuple[int, Sequence[str]]] = [
            (45, parts.lists),
            (62, [name for name in parts.objects if "databaseId" in root.fields[name].args]),
            (76, [name for name in ("node", "nodes") if name in root.fields]),
            (84, [name for name in ("leadStats",) if name in root.fields]),
            (90, [name for name in ("reportView", "reportViews") if name in root.fields]),
            (98, parts.objects),
            (100, parts.leaves or parts.objects),
        ]
        names = next((names for most, names in ways if kind < most and names), parts.objects)
        return self._field(root, self.choice.one(names), scope, depth, room)

    def _mutation_fields(self, root: GraphQLObjectType, scope: Scope) -> list[str]:
        names = [name for name in root.fields if name not in {"logout"} or self.caller.name == "nobody"]
        # A password takes a tenth of a second to check, whoever it isn't of.
        cheap = [name for name in names if name != "login"] or names
        found = []
        for _ in range(self.choice.number(1, 3)):
            name = self.choice.one(names if self.choice.chance(8) else cheap)
            found.append(self._field(root, name, scope, self.choice.number(1, 3), 20))
        return found

    # --- selections ---

    def _selection(self, type_: Any, scope: Scope, depth: int, room: int) -> str:
        if is_interface_type(type_):
            parts = self._of_interface(scope, depth, room)
        elif is_connection(type_):
            parts = self._of_connection(type_, scope, depth, room)
        else:
            parts = self._of_object(type_, scope, depth, room)
            parts = self._wrapped(type_, scope, parts, depth=depth, room=room)
        return "{ " + " ".join(parts) + " }"

    def _of_object(self, type_: GraphQLObjectType, scope: Scope, depth: int, room: int) -> list[str]:
        parts = parts_of(type_)
        found = [
            self._field(type_, name, scope, depth, room)
            for name in self.choice.some(parts.leaves, min(5, max(1, self._fields_left // 2)))
        ]
        if depth > 0 and room > 0 and self._fields_left > 0 and (parts.objects or parts.lists):
            count = self.choice.one((1, 1, 2, 0, 3))
            for _ in range(count):
                lists = parts.lists if not parts.objects or self.choice.chance(45) else parts.objects
                name = self.choice.one(lists or parts.objects)
                found.append(self._field(type_, name, scope, depth - 1, room // count))
        if not found or self.choice.chance(8):
            found.append(self._typename(scope))
        return found + self._again(type_, scope, depth, room)

    def _of_interface(self, scope: Scope, depth: int, room: int) -> list[str]:
        found = [self._typename(scope)] if self.choice.chance(70) else []
        if not found or self.choice.chance(40):
            found.append(f"id{self._directives()}")
            scope.add("id", Entry(INTERFACE, "id", "", "ID!"))
        types = self._node_types()
        for _ in range(self.choice.one((1, 2, 3))):
            type_ = self.choice.one(types)
            below = scope.alternative(type_.name)
            parts = self._wrapped(
                type_, below, self._of_object(type_, below, depth, room // 2), depth=depth, room=room
            )
            self._note(f"... on {type_.name}")
            found.append(f"... on {type_.name}{self._directives()} {{ {' '.join(parts)} }}")
        return found

    def _node_types(self) -> list[GraphQLObjectType]:
        """Types with global ids, those that are asked for first."""
        interface = self.schema.type_map[INTERFACE]
        types = list(self.schema.get_possible_types(interface))  # type: ignore[arg-type]
        return [type_ for type_ in types if type_.name in self._types_of_ids] * 20 + types

    def _of_connection(self, type_: GraphQLObjectType, scope: Scope, depth: int, room: int) -> list[str]:
        names = []
        if self.choice.chance(80):
            names.append("nodes")
        if self.choice.chance(25):
            names.append("totalCount")
        if self.choice.chance(30):
            names.append("pageInfo")
        if not names or self.choice.chance(25):
            names.append("edges")
        found = [self._field(type_, name, scope, depth, room) for name in names]
        if self.choice.chance(5):
            found.append(self._typename(scope))
        return self._wrapped(
            type_, scope, found + self._again(type_, scope, depth, room), depth=depth, room=room
        )

    def _typename(self, scope: Scope) -> str:
        key = f"a{self._next()}" if self.choice.chance(20) else "__typename"
        scope.add(key, Entry(scope.type_name, "__typename", "", "String!"))
        alias = "" if key == "__typename" else f"{key}: "
        return f"{alias}__typename{self._directives()}"

    def _again(self, type_: GraphQLObjectType, scope: Scope, depth: int, room: int) -> list[str]:
        """Fields that are asked for already, once more: with other selections and other conditions."""
        if not scope.entries or self._fields_left <= 0 or not self.choice.chance(18):
            return []
        self._note("merged fields")
        key = self.choice.one(tuple(scope.entries))
        entry = scope.entries[key]
        if entry.name not in type_.fields:
            return []
        return [self._text_of(type_, key, entry, depth - 1, room)]

    def _wrapped(
        self, type_: GraphQLObjectType, scope: Scope, parts: list[str], *, depth: int, room: int
    ) -> list[str]:
        """The parts of a selection, some of them within a fragment; or with a fragment besides."""
        kind = self.choice.number(0, 99)
        if kind < 72 or not parts or self._fields_left <= 0:
            return parts
        split = self.choice.number(0, len(parts) - 1)
        outside, inside = parts[:split], " ".join(parts[split:])
        if kind < 80:
            self._note("inline fragment without a type")
            return [*outside, f"...{self._directives()} {{ {inside} }}"]
        if kind < 87:
            self._note("inline fragment")
            return [*outside, f"... on {type_.name}{self._directives()} {{ {inside} }}"]
        if kind < 91 and any(one.name == INTERFACE for one in type_.interfaces):
            return [*outside, self._through_interface(type_, inside)]
        spread = self._spread(type_, scope, depth, room)
        return [spread, *parts] if spread and kind % 2 else [*parts, *([spread] if spread else [])]

    def _through_interface(self, type_: GraphQLObjectType, inside: str) -> str:
        """The selection by way of the interface; and what would be asked of another type, and never is."""
        self._note("fragment on an interface within an object")
        other = self.choice.one(self._node_types())
        never = f" ... on {other.name} {{ a{self._next()}: id }}" if other is not type_ else ""
        typename = f"a{self._next()}: __typename"
        return f"... on {INTERFACE}{self._directives()} {{ {typename} ... on {type_.name} {{ {inside} }}{never} }}"

    def _spread(self, type_: GraphQLObjectType, scope: Scope, depth: int, room: int) -> str | None:
        """A named fragment, one that is there already or a new one; None where it doesn't fit what is here."""
        known = self.fragments.get(type_.name, ())
        fitting = [one for one in known if one.room <= room and scope.fits(one.scope)]
        if fitting and self.choice.chance(60):
            fragment: Fragment | None = self.choice.one(fitting)
        else:
            fragment = self._new_fragment(type_, scope, depth - 1, room)
        if fragment is None:
            return None
        self._note("fragment spread")
        scope.absorb(fragment.scope)
        return f"...{fragment.name}{self._directives()}"

    def _new_fragment(self, type_: GraphQLObjectType, scope: Scope, depth: int, room: int) -> Fragment | None:
        own = Scope(type_.name)
        texts = len(self.texts)
        fragments = {name: list(known) for name, known in self.fragments.items()}
        if type_ is self.schema.query_type:
            parts = [self._root_field(type_, own, depth, room // 2)]
        elif is_connection(type_):
            parts = self._of_connection(type_, own, depth, room)
        else:
            parts = self._wrapped(
                type_, own, self._of_object(type_, own, depth, room), depth=depth, room=room
            )
        if type_ is self.schema.mutation_type or not scope.fits(own):
            # Nothing may be defined that isn't used.
            del self.texts[texts:]
            self.fragments = fragments
            return None
        fragment = Fragment(f"Part{self._next()}", own, room)
        self.texts.append(f"fragment {fragment.name} on {type_.name} {{ {' '.join(parts)} }}")
        self.fragments.setdefault(type_.name, []).append(fragment)
        return fragment

    def _directives(self) -> str:
        kind = self.choice.number(0, 99)
        if kind < 88:
            return ""
        found = []
        if kind < 95 or kind >= 98:
            found.append(f" @include(if: {self._condition(usually=True)})")
        if kind >= 95:
            found.append(f" @skip(if: {self._condition(usually=False)})")
        self._note("directives")
        return "".join(found)

    def _condition(self, *, usually: bool) -> str:
        value = usually is not self.choice.chance(30)
        if not self.choice.chance(60):
            return literal(value)
        known = [name for name, one in self.declared.items() if one.condition]
        if known and self.choice.chance(40):
            return f"${self.choice.one(known)}"
        declared = Declared("Boolean!", lambda: value, condition=True)
        if self.choice.chance(30):
            declared.default = self.choice.chance(50)
            declared.type = self.choice.one(("Boolean!", "Boolean"))
        return literal(self._declare(declared))

    # --- fields ---

    def _field(self, type_: GraphQLObjectType, name: str, scope: Scope, depth: int, room: int) -> str:
        self._fields_left -= 1
        definition = type_.fields[name]
        arguments, size, cursors = self._arguments(type_, name, definition, room)
        named = get_named_type(definition.type)
        shape = str(definition.type) if is_leaf_type(named) else f"{type_.name}.{name}"
        below = None if is_leaf_type(named) else Scope(named.name)
        entry = Entry(type_.name, name, arguments, shape, size, below)
        key = self._key(type_, name, scope, entry)
        for variable in cursors:
            self.declared[variable].list_key = key
        entry = scope.add(key, entry)
        return self._text_of(type_, key, entry, depth, room)

    def _text_of(self, type_: GraphQLObjectType, key: str, entry: Entry, depth: int, room: int) -> str:
        self._note(f"{type_.name}.{entry.name}")
        alias = "" if key == entry.name else f"{key}: "
        text = f"{alias}{entry.name}{entry.arguments}{self._directives()}"
        if entry.scope is None:
            return text
        named = get_named_type(type_.fields[entry.name].type)
        return f"{text} {self._selection(named, entry.scope, depth, room // max(1, entry.size))}"

    def _key(self, type_: GraphQLObjectType, name: str, scope: Scope, entry: Entry) -> str:
        """The response key of a field: its name, another name, or that of another field."""
        key = self._wished_key(type_, name, scope, entry)
        while not scope.takes(key, entry):
            start = CLOCK if (type_.name, name) in CLOCKED else f"{name}_" if name in CURSOR_FIELDS else "a"
            key = f"{start}{self._next()}"
        return key

    def _wished_key(self, type_: GraphQLObjectType, name: str, scope: Scope, entry: Entry) -> str:
        if (type_.name, name) in CLOCKED:
            return f"{CLOCK}{name}"
        if scope.prefix and (entry.scope is not None or self.choice.chance(60)):
            return f"{scope.prefix}{name}"
        kind = self.choice.number(0, 99)
        if kind < 88 or name in CURSOR_FIELDS:
            return name
        leaves = parts_of(type_).leaves
        if kind < 95 or not leaves or entry.scope is not None:
            return f"a{self._next()}"
        other = self.choice.one(leaves)
        return name if other == "id" or (type_.name, other) in CLOCKED or other in CURSOR_FIELDS else other

    # --- arguments ---

    def _arguments(
        self, type_: GraphQLObjectType, name: str, definition: GraphQLField, room: int
    ) -> tuple[str, int, list[str]]:
        """The arguments' text, how many objects the field gives, and the variables that are cursors of it."""
        named = get_named_type(definition.type)
        # The items of a connection are counted as those of its page.
        is_list = is_list_type(get_nullable_type(definition.type)) and not is_connection(type_)
        size = GROUPS if "groupBy" in definition.args else LISTED if is_list else 1
        given: dict[str, Any] = {}
        cursors: list[str] = []
        if is_connection(named):
            size = self._page(definition, room, given, cursors)
        left_out = self._left_out(definition)
        for argument_name, argument in definition.args.items():
            if argument_name in left_out or (argument_name in PAGE_ARGUMENTS and is_connection(named)):
                continue
            if is_required_argument(argument) or self.choice.chance(WANTED.get(argument_name, 40)):
                make = self._maker(type_, name, argument_name, argument)
                given[argument_name] = self._put(make, argument.type)
        for argument_name in given:
            self._note(f"{type_.name}.{name}({argument_name}:)")
        if "ids" in given:
            size = LISTED
        text = ", ".join(f"{key}: {literal(value)}" for key, value in given.items())
        return (f"({text})" if text else ""), size, cursors

    def _left_out(self, definition: GraphQLField) -> Sequence[str]:
        """Of the ways to name one row the one that isn't used; both, or neither, is an error of its own."""
        if not {"id", "databaseId"} <= set(definition.args):
            return ()
        kind = self.choice.number(0, 99)
        return ("id",) if kind < 60 else ("databaseId",) if kind < 90 or not self._is_odd else ()

    def _page(self, definition: GraphQLField, room: int, given: dict[str, Any], cursors: list[str]) -> int:
        """The arguments of a page; gives its size."""
        size = self.choice.one((2, 1, 3, 5, 7, 20))
        size = max(1, min(size, room))
        if not (room >= DEFAULT_PAGE and self.choice.chance(15)):
            backward = "last" in definition.args and self.choice.chance(25)
            name = "last" if backward else "first"
            odd = self.choice.number(0, 99) if self._is_odd else 0
            value = size if odd < 85 else self.choice.one((0, -1, 501, None))
            given[name] = self._put(lambda: value, definition.args[name].type)
            if "last" in definition.args and odd >= 97:
                given["last" if name == "first" else "first"] = size
        else:
            size = DEFAULT_PAGE
        for name in ("after", "before"):
            if name in definition.args and self.choice.chance(25 if name == "after" else 12):
                if self._is_odd and self.choice.chance(30):
                    given[name] = self.choice.one((None, *RUBBISH_CURSORS[:-1]))
                    continue
                variable = self._declare(Declared("String", lambda: None))
                self.declared[variable.name].list_key = "?"
                cursors.append(variable.name)
                given[name] = variable
        return size

    def _put(self, make: Callable[[], Any], type_: GraphQLInputType) -> Any:
        """A value for a place of this type: in the text, or by a variable."""
        if self._in_variable or not self.choice.chance(35):
            return make()
        named = str(type_)
        with self._within_variable():
            declared = Declared(named, make)
            if is_non_null_type(type_):
                # A default makes up for what the variable's own type allows.
                if self.choice.chance(15):
                    declared.type, declared.default = named.removesuffix("!"), make()
                elif self.choice.chance(15):
                    declared.default = make()
            elif self.choice.chance(20):
                declared.default = None if self.choice.chance(4) else make()
            elif self.choice.chance(20):
                declared.type = f"{named}!"
        return self._declare(declared)

    def _declare(self, declared: Declared) -> Variable:
        name = f"v{self._next()}"
        self.declared[name] = declared
        return Variable(name)

    def _give(self, declared: Declared) -> None:
        """Chooses what is sent for a variable: a value, nothing, null, or what can't be."""
        with self._within_variable():
            kind = self.choice.number(0, 99)
            may_lack = not declared.type.endswith("!") or declared.default is not ABSENT
            if declared.list_key is not None:
                declared.given = ABSENT if kind < 80 else None
            elif kind >= 80 and self._is_odd:
                declared.given = self._odd_value(declared.type)
            elif kind >= 98 and not declared.type.endswith("!"):
                declared.given = None
            elif 70 <= kind < 80 and may_lack:
                declared.given = ABSENT
            else:
                declared.given = declared.make()

    @contextmanager
    def _within_variable(self) -> Iterator[None]:
        before, self._in_variable = self._in_variable, True
        try:
            yield
        finally:
            self._in_variable = before

    def _odd_value(self, type_name: str) -> Any:
        self._note("odd variables")
        named = type_name.strip("[]!")
        options = ODD.get(named, ("NOPE", 5, {"nope": 1}, [{}], None))
        value = self.choice.one(options)
        return [value] if type_name.startswith("[") and self.choice.chance(50) else value

    # --- values ---

    def _maker(
        self, type_: GraphQLObjectType, field_name: str, name: str, argument: GraphQLArgument
    ) -> Callable[[], Any]:
        """What makes values of an argument."""
        target = get_named_type(type_.fields[field_name].type)
        makers: Mapping[str, Callable[[], Any]] = {
            "where": lambda: self._where(get_named_type(argument.type), DEEPEST_WHERE),
            "orderBy": lambda: self._order(get_named_type(argument.type)),
            "id": lambda: self._id(target.name if name == "id" and field_name != "node" else None),
            "ids": lambda: [self._id(None) for _ in range(self.choice.number(0, 5))],
            "databaseId": lambda: self._key_of(target.name),
            "name": lambda: self.choice.one(self.values.reports),
            "filter": self._report_filter,
            "expiresIn": lambda: self.choice.one((300, 1, 0, 604_800, 604_801)),
            "input": lambda: self._mutation_input(field_name, get_named_type(argument.type)),
            "username": lambda: self.choice.one(("nobody.here", "")),
            "password": lambda: self.choice.one(("wrong", "x" * 80)),
            "refreshToken": lambda: self.choice.one(("rubbish", "", "a.b.c")),
            "type": lambda: self.choice.one((*self.values.node_types, "Nothing")),
            "as": lambda: {"user": global_id("User", self.choice.one(self._keys("User")))},
        }
        if field_name == "explainAccess" and name == "databaseId":
            return lambda: self._key_of("Lead")
        return makers.get(name, lambda: self._plain(argument.type))

    def _plain(self, type_: GraphQLInputType) -> Any:
        """A value of any input type."""
        if isinstance(type_, GraphQLNonNull):
            return self._plain(type_.of_type)
        if isinstance(type_, GraphQLList):
            if self.choice.chance(10):
                return self._plain(type_.of_type)
            return [self._plain(type_.of_type) for _ in range(self.choice.number(1, 3))]
        if isinstance(type_, GraphQLEnumType):
            return self._enum(type_)
        if isinstance(type_, GraphQLInputObjectType):
            return {
                name: self._plain(one.type)
                for name, one in type_.fields.items()
                if is_required_input_field(one) or self.choice.chance(40)
            }
        assert isinstance(type_, GraphQLScalarType)
        return self.choice.one(DEFAULTS.get(type_.name, ("a",)))

    def _enum(self, type_: GraphQLEnumType) -> Name:
        name = self.choice.one(tuple(type_.values))
        self._note(f"{type_.name}.{name}")
        return Name(name)

    def _keys(self, type_name: str) -> Sequence[int]:
        return self.values.keys(type_name) or (1, 2)

    def _key_of(self, type_name: str) -> int:
        """A primary key: of a row that the caller sees, of any row, or of none."""
        kind = self.choice.number(0, 99)
        seen = self.caller.sees.get(type_name)
        if kind < 75 and seen:
            return self.choice.one(seen)
        if kind < 92:
            return self.choice.one(self._keys(type_name))
        return self.choice.one((0, -1, 999_999_999, 2**31 - 1))

    def _id(self, type_name: str | None) -> Any:
        """A global id: of a row of a type, or of any; or what looks like one."""
        if self._is_odd and self.choice.chance(25):
            return self.choice.one((*RUBBISH_IDS, 5, -7))
        if type_name is None and self.choice.chance(6):
            self._types_of_ids.append("ReportView")
            return global_id("ReportView", self.choice.one(self.values.reports))
        if type_name is None or self.choice.chance(3):
            seen = [name for name in self.caller.sees if name in self.values.node_types]
            type_name = self.choice.one(seen if seen and self.choice.chance(80) else self.values.node_types)
        self._types_of_ids.append(type_name)
        return global_id(type_name, self._key_of(type_name))

    def _order(self, type_: GraphQLInputObjectType) -> Any:
        terms = [self._order_term(type_) for _ in range(self.choice.one((1, 2, 1, 3, 0, 5 + self._is_odd)))]
        return terms[0] if len(terms) == 1 and self.choice.chance(20) else terms

    def _order_term(self, type_: GraphQLInputObjectType) -> dict[str, Any]:
        term: dict[str, Any] = {}
        for name, one in type_.fields.items():
            named = get_named_type(one.type)
            if name == "column":
                term[name] = self.choice.one(REPORT_COLUMNS)
            elif is_required_input_field(one) or self.choice.chance(60):
                assert isinstance(named, GraphQLEnumType)
                term[name] = self._put(lambda named=named: self._enum(named), one.type)  # type: ignore[misc]
        return term

    def _report_filter(self) -> Any:
        if self._is_odd:
            return self.choice.one(
                ({"nothing": {"eq": 1}}, {"leads": {"nope": 1}}, {"won": {"gte": {}}}, [], "x")
            )
        bound = {self.choice.one(("gte", "lt", "ne")): self.choice.number(0, 60)}
        return self.choice.one(
            ({}, {"leads": bound}, {"leads": {"isNull": False}}, {"salesperson": {"contains": "a"}})
        )

    # --- conditions ---

    def _where(self, type_: Any, depth: int) -> Any:
        kind = self.choice.number(0, 99)
        columns, relations = terms_of(type_)
        if kind < 55 or depth == 0:
            count = 1 if self.choice.chance(80) else 2
            names = dict.fromkeys(self.choice.one(columns) for _ in range(count))
            return {name: self._comparison(type_, name) for name in names}
        if kind < 80 and relations:
            name = self.choice.one(relations)
            self._note(f"{type_.name}.{name}")
            return {name: self._where(get_named_type(type_.fields[name].type), depth - 1)}
        if kind < 97 or not self._is_odd:
            name = self.choice.one(("not", "and", "or"))
            self._note(f"{type_.name}.{name}")
            if name == "not":
                return {name: self._where(type_, depth - 1)}
            parts = [self._where(type_, depth - 1) for _ in range(self.choice.one((2, 1, 3, 0)))]
            return {name: parts[0] if len(parts) == 1 and self.choice.chance(30) else parts}
        return self.choice.one(
            ({}, {self.choice.one(columns): None}, {self.choice.one(columns): {"eq": None}})
        )

    def _comparison(self, type_: GraphQLInputObjectType, name: str) -> dict[str, Any]:
        filter_type = get_named_type(type_.fields[name].type)
        assert isinstance(filter_type, GraphQLInputObjectType)
        self._note(f"{type_.name}.{name}")
        operator = self.choice.one(tuple(filter_type.fields))
        operand_type = filter_type.fields[operator].type
        self._note(f"{filter_type.name}.{operator}")
        known = self.values.of(type_.name.removesuffix("Where"), name)

        def make() -> Any:
            if operator == "isNull":
                return self.choice.chance(50)
            scalar = get_named_type(operand_type).name
            options = known if known and self.choice.chance(90) else DEFAULTS[scalar]
            if isinstance(operand_type, GraphQLList):
                return [self.choice.one(options) for _ in range(self.choice.number(0, 4))]
            value = self.choice.one(options)
            return value[: self.choice.number(1, 5)] if operator in {"contains", "startsWith"} else value

        return {operator: self._put(make, operand_type)}

    # --- mutations: refused, or without any effect ---

    def _mutation_input(self, field_name: str, type_: Any) -> Any:
        if field_name == "createPartnerToken":
            odd = {"name": "", "scopes": self.choice.one(([], ["nothing"], ["leads:read"]))}
            return {"partnerCompanyId": global_id("PartnerCompany", 999_999), **odd}
        type_name = "Lead" if field_name == "changeLeadStatus" else "Ticket"
        known = self.caller.statuses.get(type_name)
        if known and self.choice.chance(60):
            # The status that the row has already: it is answered, and nothing changes.
            identifier, status = self.choice.one(known)
            return {"id": identifier, "status": status}
        identifier = self.choice.one((global_id(type_name, 999_999_999), *RUBBISH_IDS))
        return {"id": identifier, "status": self.choice.one(("Demo", "Resolved", "Nonsense"))}

    # --- odds and ends ---

    def _next(self) -> int:
        self._made += 1
        return self._made

    def _note(self, what: str) -> None:
        self.touched.add(what)


def fields_of_schema(caller: Caller) -> Iterable[str]:
    """Every field, argument and enum value of a schema, as `touched` names them."""
    for type_ in caller.schema.type_map.values():
        if type_.name.startswith("__"):
            continue
        if isinstance(type_, GraphQLObjectType):
            for name, one in type_.fields.items():
                yield f"{type_.name}.{name}"
                yield from (f"{type_.name}.{name}({argument}:)" for argument in one.args)
