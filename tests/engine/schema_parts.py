"""What the types of a schema are made of, as far as operations are written by it. Pure look-ups."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)

INTERFACE = "Node"
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
# What only subscriptions give: `tests/live` asks both executors for it.
FOLLOWED = frozenset({"Subscription", "LeadStatusEvent", "TicketStatusEvent"})


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


def fields_of_schema(schema: GraphQLSchema) -> Iterable[str]:
    """Every field and argument of a schema, as writers note them."""
    for type_ in schema.type_map.values():
        if type_.name.startswith("__"):
            continue
        if isinstance(type_, GraphQLObjectType):
            for name, one in type_.fields.items():
                yield f"{type_.name}.{name}"
                yield from (f"{type_.name}.{name}({argument}:)" for argument in one.args)
