"""Gives the fields of a built schema their resolvers: those of the generic reader, of nodes and of connections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema

from gateway.resolvers.catalogue import Catalogue
from gateway.resolvers.connection import Connection, Item
from gateway.resolvers.declarations import Field, NodeField
from gateway.resolvers.element import Element, Info
from gateway.resolvers.nodes import node_resolver
from gateway.resolvers.plan import Selected
from gateway.resolvers.read import resolver_of
from gateway.schema.everything import CONNECTION_ITEMS, FINDERS, NODE_TYPES


def bind_resolvers(graphql: GraphQLSchema, catalogue: Catalogue) -> None:
    """Gives every declared field its resolver, and lets values come in as plain as GraphQL has them."""
    for type_ in graphql.type_map.values():
        if isinstance(type_, GraphQLInterfaceType):
            type_.resolve_type = lambda element, *_: element.level.type.name
        elif isinstance(type_, GraphQLObjectType):
            type_.is_type_of = None
            for field in type_.fields.values():
                for argument in field.args.values():
                    argument.out_name = None
        elif isinstance(type_, GraphQLInputObjectType):
            for given in type_.fields.values():
                given.out_name = None
    # A type that nothing leads to is left out by GraphQL itself.
    for item in (item for item in catalogue.types() if item.name in graphql.type_map):
        fields = _object_type(graphql, item.name).fields
        for bound in catalogue.fields(item.name):
            fields[bound.name].resolve = _resolver(bound)
    for name, resolvers in _page_resolvers(graphql):
        fields = _object_type(graphql, name).fields
        for field_name, resolve in resolvers.items():
            fields[field_name].resolve = resolve


def _resolver(bound: Field) -> Callable[..., Any]:
    if isinstance(bound, NodeField):
        return node_resolver(bound, node_types=NODE_TYPES, finders=FINDERS)
    return resolver_of(bound)


def _object_type(graphql: GraphQLSchema, name: str) -> GraphQLObjectType:
    found = graphql.type_map[name]
    assert isinstance(found, GraphQLObjectType)
    return found


def _page_resolvers(graphql: GraphQLSchema) -> Iterable[tuple[str, Mapping[str, Callable[..., Any]]]]:
    async def nodes(connection: Connection, info: Info) -> list[Any]:
        part = connection.step.parts[str(info.path.key)]
        return [_node_of(part, item) for item in (await connection.page()).items]

    async def edges(connection: Connection, info: Info) -> list[tuple[Selected, Item]]:
        part = connection.step.parts[str(info.path.key)]
        return [(part, item) for item in (await connection.page()).items]

    connection = {
        "nodes": nodes,
        "edges": edges,
        "pageInfo": lambda connection, _: connection.page(),
        "totalCount": lambda connection, _: connection.total(),
    }
    edge = {"node": _node_of_edge, "cursor": lambda found, _: found[1].cursor()}
    for item in CONNECTION_ITEMS:
        if f"{item}Connection" in graphql.type_map:
            yield f"{item}Connection", connection
            yield f"{item}Edge", edge
    if "PageInfo" in graphql.type_map:
        yield (
            "PageInfo",
            {
                "hasNextPage": lambda page, _: page.next,
                "hasPreviousPage": lambda page, _: page.previous,
                "startCursor": lambda page, _: page.start_cursor,
                "endCursor": lambda page, _: page.end_cursor,
            },
        )


def _node_of_edge(edge: tuple[Selected, Item], info: Info) -> Any:
    part, item = edge
    return _node_of(part.parts[str(info.path.key)], item)


def _node_of(part: Selected, item: Item) -> Any:
    """An item as its part of the plan has it; the rows of a report are values of a scalar, and have no level."""
    return item.node if part.level is None else Element(part.level, item.node)
