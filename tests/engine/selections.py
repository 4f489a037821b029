"""Selections: fields under keys of their own and of others, merged, in fragments of every kind, under conditions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLObjectType, get_named_type, is_interface_type, is_leaf_type

from tests.engine.arguments import ArgumentWriter
from tests.engine.document import Entry, Scope
from tests.engine.draft import Draft
from tests.engine.schema_parts import CLOCKED, INTERFACE, is_connection, parts_of
from tests.engine.sides import CLOCK

CURSOR_FIELDS = frozenset({"cursor", "startCursor", "endCursor"})
# How many objects an operation may give, and how many fields it has, about.
ROOMS = (12, 30, 60, 200)
SIZES = (8, 5, 14, 30, 3)
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


class SelectionWriter:
    """Writes the selections of one document, and the fragments that they spread."""

    def __init__(self, draft: Draft) -> None:
        self._draft, self._choice = draft, draft.choice
        self._schema = draft.caller.schema
        self._arguments = ArgumentWriter(draft)
        self._fields_left = draft.choice.one(SIZES)
        self._fragments: dict[str, list[Fragment]] = {}
        self.texts: list[str] = []

    def operation(self, kind: str) -> str:
        """The selections of an operation; `texts` are the fragments then."""
        root = self._schema.mutation_type if kind == "mutation" else self._schema.query_type
        assert root is not None
        scope = Scope(root.name)
        fields = (self._mutation_fields if kind == "mutation" else self._root_fields)(root, scope)
        return f"{{ {' '.join(self._wrapped(root, scope, fields, depth=2, room=10))} }}"

    # --- root fields ---

    def _root_fields(self, root: GraphQLObjectType, scope: Scope) -> list[str]:
        depth = self._choice.one((2, 3, 3, 4, 5, 1))
        room = self._choice.one(ROOMS)
        count = self._choice.one((1, 1, 2, 3))
        found = [self._root_field(root, scope, depth, room // count) for _ in range(count)]
        if self._choice.chance(4):
            self._draft.note("introspection")
            found.append(self._choice.one(INTROSPECTION))
        return found + self._again(root, scope, depth, room // 2)

    def _root_field(self, root: GraphQLObjectType, scope: Scope, depth: int, room: int) -> str:
        parts = parts_of(root)
        kind = self._choice.number(0, 99)
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
        return self._field(root, self._choice.one(names), scope, depth, room)

    def _mutation_fields(self, root: GraphQLObjectType, scope: Scope) -> list[str]:
        names = [
            name for name in root.fields if name not in {"logout"} or self._draft.caller.name == "nobody"
        ]
        # A password takes a tenth of a second to check, whoever it isn't of.
        cheap = [name for name in names if name != "login"] or names
        found = []
        for _ in range(self._choice.number(1, 3)):
            name = self._choice.one(names if self._choice.chance(8) else cheap)
            found.append(self._field(root, name, scope, self._choice.number(1, 3), 20))
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
            for name in self._choice.some(parts.leaves, min(5, max(1, self._fields_left // 2)))
        ]
        if depth > 0 and room > 0 and self._fields_left > 0 and (parts.objects or parts.lists):
            count = self._choice.one((1, 1, 2, 0, 3))
            for _ in range(count):
                lists = parts.lists if not parts.objects or self._choice.chance(45) else parts.objects
                name = self._choice.one(lists or parts.objects)
                found.append(self._field(type_, name, scope, depth - 1, room // count))
        if not found or self._choice.chance(8):
            found.append(self._typename(scope))
        return found + self._again(type_, scope, depth, room)

    def _of_interface(self, scope: Scope, depth: int, room: int) -> list[str]:
        found = [self._typename(scope)] if self._choice.chance(70) else []
        if not found or self._choice.chance(40):
            found.append(f"id{self._directives()}")
            scope.add("id", Entry(INTERFACE, "id", "", "ID!"))
        types = self._node_types()
        for _ in range(self._choice.one((1, 2, 3))):
            type_ = self._choice.one(types)
            below = scope.alternative(type_.name)
            parts = self._wrapped(
                type_, below, self._of_object(type_, below, depth, room // 2), depth=depth, room=room
            )
            self._draft.note(f"... on {type_.name}")
            found.append(f"... on {type_.name}{self._directives()} {{ {' '.join(parts)} }}")
        return found

    def _node_types(self) -> list[GraphQLObjectType]:
        """Types with global ids, those that are asked for first."""
        interface = self._schema.type_map[INTERFACE]
        types = list(self._schema.get_possible_types(interface))  # type: ignore[arg-type]
        return [type_ for type_ in types if type_.name in self._draft.types_of_ids] * 20 + types

    def _of_connection(self, type_: GraphQLObjectType, scope: Scope, depth: int, room: int) -> list[str]:
        names = []
        if self._choice.chance(80):
            names.append("nodes")
        if self._choice.chance(25):
            names.append("totalCount")
        if self._choice.chance(30):
            names.append("pageInfo")
        if not names or self._choice.chance(25):
            names.append("edges")
        found = [self._field(type_, name, scope, depth, room) for name in names]
        if self._choice.chance(5):
            found.append(self._typename(scope))
        return self._wrapped(
            type_, scope, found + self._again(type_, scope, depth, room), depth=depth, room=room
        )

    def _typename(self, scope: Scope) -> str:
        key = f"a{self._draft.next()}" if self._choice.chance(20) else "__typename"
        scope.add(key, Entry(scope.type_name, "__typename", "", "String!"))
        alias = "" if key == "__typename" else f"{key}: "
        return f"{alias}__typename{self._directives()}"

    def _again(self, type_: GraphQLObjectType, scope: Scope, depth: int, room: int) -> list[str]:
        """Fields that are asked for already, once more: with other selections and other conditions."""
        if not scope.entries or self._fields_left <= 0 or not self._choice.chance(18):
            return []
        self._draft.note("merged fields")
        key = self._choice.one(tuple(scope.entries))
        entry = scope.entries[key]
        if entry.name not in type_.fields:
            return []
        return [self._text_of(type_, key, entry, depth - 1, room)]

    # --- fragments and conditions ---

    def _wrapped(
        self, type_: GraphQLObjectType, scope: Scope, parts: list[str], *, depth: int, room: int
    ) -> list[str]:
        """The parts of a selection, some of them within a fragment; or with a fragment besides."""
        kind = self._choice.number(0, 99)
        if kind < 72 or not parts or self._fields_left <= 0:
            return parts
        split = self._choice.number(0, len(parts) - 1)
        outside, inside = parts[:split], " ".join(parts[split:])
        if kind < 80:
            self._draft.note("inline fragment without a type")
            return [*outside, f"...{self._directives()} {{ {inside} }}"]
        if kind < 87:
            self._draft.note("inline fragment")
            return [*outside, f"... on {type_.name}{self._directives()} {{ {inside} }}"]
        if kind < 91 and any(one.name == INTERFACE for one in type_.interfaces):
            return [*outside, self._through_interface(type_, inside)]
        spread = self._spread(type_, scope, depth, room)
        return [spread, *parts] if spread and kind % 2 else [*parts, *([spread] if spread else [])]

    def _through_interface(self, type_: GraphQLObjectType, inside: str) -> str:
        """The selection by way of the interface; and what would be asked of another type, and never is."""
        self._draft.note("fragment on an interface within an object")
        other = self._choice.one(self._node_types())
        never = f" ... on {other.name} {{ a{self._draft.next()}: id }}" if other is not type_ else ""
        typename = f"a{self._draft.next()}: __typename"
        return f"... on {INTERFACE}{self._directives()} {{ {typename} ... on {type_.name} {{ {inside} }}{never} }}"

    def _spread(self, type_: GraphQLObjectType, scope: Scope, depth: int, room: int) -> str | None:
        """A named fragment, one that is there already or a new one; None where it doesn't fit what is here."""
        known = self._fragments.get(type_.name, ())
        fitting = [one for one in known if one.room <= room and scope.fits(one.scope)]
        if fitting and self._choice.chance(60):
            fragment: Fragment | None = self._choice.one(fitting)
        else:
            fragment = self._new_fragment(type_, scope, depth - 1, room)
        if fragment is None:
            return None
        self._draft.note("fragment spread")
        scope.absorb(fragment.scope)
        return f"...{fragment.name}{self._directives()}"

    def _new_fragment(self, type_: GraphQLObjectType, scope: Scope, depth: int, room: int) -> Fragment | None:
        own = Scope(type_.name)
        texts = len(self.texts)
        fragments = {name: list(known) for name, known in self._fragments.items()}
        if type_ is self._schema.query_type:
            parts = [self._root_field(type_, own, depth, room // 2)]
        elif is_connection(type_):
            parts = self._of_connection(type_, own, depth, room)
        else:
            parts = self._wrapped(
                type_, own, self._of_object(type_, own, depth, room), depth=depth, room=room
            )
        if type_ is self._schema.mutation_type or not scope.fits(own):
            # Nothing may be defined that isn't used.
            del self.texts[texts:]
            self._fragments = fragments
            return None
        fragment = Fragment(f"Part{self._draft.next()}", own, room)
        self.texts.append(f"fragment {fragment.name} on {type_.name} {{ {' '.join(parts)} }}")
        self._fragments.setdefault(type_.name, []).append(fragment)
        return fragment

    def _directives(self) -> str:
        kind = self._choice.number(0, 99)
        if kind < 88:
            return ""
        found = []
        if kind < 95 or kind >= 98:
            found.append(f" @include(if: {self._draft.condition(usually=True)})")
        if kind >= 95:
            found.append(f" @skip(if: {self._draft.condition(usually=False)})")
        self._draft.note("directives")
        return "".join(found)

    # --- fields ---

    def _field(self, type_: GraphQLObjectType, name: str, scope: Scope, depth: int, room: int) -> str:
        self._fields_left -= 1
        definition = type_.fields[name]
        given = self._arguments.written(type_, name, room)
        named = get_named_type(definition.type)
        shape = str(definition.type) if is_leaf_type(named) else f"{type_.name}.{name}"
        below = None if is_leaf_type(named) else Scope(named.name)
        entry = Entry(type_.name, name, given.text, shape, given.size, below)
        key = self._key(type_, name, scope, entry)
        for variable in given.cursors:
            self._draft.declared[variable].list_key = key
        entry = scope.add(key, entry)
        return self._text_of(type_, key, entry, depth, room)

    def _text_of(self, type_: GraphQLObjectType, key: str, entry: Entry, depth: int, room: int) -> str:
        self._draft.note(f"{type_.name}.{entry.name}")
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
            key = f"{start}{self._draft.next()}"
        return key

    def _wished_key(self, type_: GraphQLObjectType, name: str, scope: Scope, entry: Entry) -> str:
        if (type_.name, name) in CLOCKED:
            return f"{CLOCK}{name}"
        if scope.prefix and (entry.scope is not None or self._choice.chance(60)):
            return f"{scope.prefix}{name}"
        kind = self._choice.number(0, 99)
        if kind < 88 or name in CURSOR_FIELDS:
            return name
        leaves = parts_of(type_).leaves
        if kind < 95 or not leaves or entry.scope is not None:
            return f"a{self._draft.next()}"
        other = self._choice.one(leaves)
        return name if other == "id" or (type_.name, other) in CLOCKED or other in CURSOR_FIELDS else other
