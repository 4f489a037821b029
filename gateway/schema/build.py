"""Makes a GraphQL schema of the declarations, one for each audience, and checks them at the start.

Strawberry makes the types: its classes are made here from the declarations, so that an audience's schema holds just
what the audience has. The resolvers of declared fields are then those of the generic reader.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import strawberry
from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    ListTypeNode,
    NonNullTypeNode,
    TypeNode,
    parse_type,
)
from strawberry.annotation import StrawberryAnnotation
from strawberry.schema.config import StrawberryConfig
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from datasources.iperform.tables import metadata as iperform
from gateway.auth.policies import POLICIES
from gateway.auth.policy import Policies
from gateway.auth.roles import Caller
from gateway.engine.audience import AudienceSchema
from gateway.resolvers.catalogue import INTERFACE, Catalogue
from gateway.resolvers.connection import Connection, Item
from gateway.resolvers.declarations import (
    Argument,
    CompositeType,
    EnumType,
    Field,
    InputType,
    NodeField,
    ObjectType,
    RowType,
)
from gateway.resolvers.nodes import node_resolver
from gateway.resolvers.read import Element, resolver_of
from gateway.resolvers.report_view import TYPE_NAME as REPORT_VIEW_NAME
from gateway.resolvers.report_view import find_report_view
from gateway.schema.audiences import audience_catalogue
from gateway.schema.directives import Owned
from gateway.schema.file import FILE
from gateway.schema.inputs import DIRECTION, REPORT_ORDER, filter_inputs, order_types, where_input
from gateway.schema.lead_analytics import LEAD_ANALYTICS
from gateway.schema.lead_stats import LEAD_GROUP, LEAD_STATS
from gateway.schema.report_view import REPORT_COLUMN, REPORT_VIEW
from gateway.schema.roots import MUTATION, QUERY
from gateway.schema.scalars import SCALARS, Date, DateTime, DecimalText, Json
from gateway.schema.session import SESSION
from gateway.schema.types import ROW_TYPES
from gateway.schema.viewer import ROLE, VIEWER

OBJECT_TYPES: tuple[ObjectType, ...] = (
    QUERY,
    MUTATION,
    SESSION,
    VIEWER,
    LEAD_ANALYTICS,
    LEAD_STATS,
    REPORT_VIEW,
    REPORT_COLUMN,
    FILE,
)
TYPES: tuple[CompositeType, ...] = (*OBJECT_TYPES, *ROW_TYPES)
CONNECTION_ITEMS = {
    **{row_type.name: row_type.name for row_type in ROW_TYPES},
    "File": "File",
    "ReportRow": "JSON",
}
NODE_TYPES = frozenset(item.name for item in TYPES if item.node)
FINDERS = {REPORT_VIEW_NAME: find_report_view}

_SCALARS: Mapping[str, Any] = {
    "Int": int,
    "Float": float,
    "String": str,
    "Boolean": bool,
    "ID": strawberry.ID,
    "DateTime": DateTime,
    "Date": Date,
    "Decimal": DecimalText,
    "JSON": Json,
}


@lru_cache(maxsize=len(Caller))
def schema_for(audience: Caller) -> AudienceSchema:
    """The schema of callers of one kind; built when it is first asked for."""
    return build_schema(audience, POLICIES)


def build_schema(audience: Caller, policies: Policies) -> AudienceSchema:
    """The schema of callers of one kind, under these policies."""
    catalogue = audience_catalogue(audience, TYPES, policies, CONNECTION_ITEMS)
    return _Builder(catalogue).build()


class _Builder:
    """Makes the classes of one schema. A class exists, empty, before anything refers to it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._classes: dict[str, Any] = dict(_SCALARS)
        self._node = _node_interface()
        # Without `node`, as for the anonymous, the interface would be a type that nothing leads to.
        self._has_nodes = catalogue.field("Query", "node") is not None
        self._rows = [item for item in catalogue.types() if isinstance(item, RowType)]

    def build(self) -> AudienceSchema:
        inputs = self._inputs()
        self._classes |= {"PageInfo": _page_info(), INTERFACE: self._node}
        for enumeration in self._enums():
            self._classes[enumeration.name] = _enum(enumeration)
        for given in inputs:
            self._classes[given.name] = type(given.name, (), {})
        for composite in self._catalogue.types():
            bases = (self._node,) if composite.node and self._has_nodes else ()
            self._classes[composite.name] = type(composite.name, bases, {})
        for name in (f"{item}{part}" for item in CONNECTION_ITEMS for part in ("Edge", "Connection")):
            self._classes[name] = type(name, (), {})
        for given in inputs:
            self._define_input(given)
        for item, node in CONNECTION_ITEMS.items():
            if node in self._classes:
                self._define_connection(item, node)
        for composite in self._catalogue.types():
            self._define(composite)
        return self._finished()

    def _finished(self) -> AudienceSchema:
        mutation = self._classes.get("Mutation")
        nodes = [self._classes[item.name] for item in self._catalogue.types() if item.node]
        schema = strawberry.Schema(
            query=self._classes["Query"],
            mutation=mutation,
            types=nodes if self._has_nodes else (),
            config=StrawberryConfig(scalar_map=SCALARS),
        )
        graphql = schema._schema
        _bind(graphql, self._catalogue)
        return AudienceSchema(graphql=graphql, catalogue=self._catalogue, sdl=schema.as_str() + "\n")

    # --- inputs and enums ---

    def _inputs(self) -> list[InputType]:
        made: list[InputType] = [*filter_inputs(), REPORT_ORDER]
        for row_type in self._rows:
            order, _ = order_types(self._catalogue, row_type)
            made += [where_input(self._catalogue, row_type), order]
        return made

    def _enums(self) -> Iterable[EnumType]:
        yield from (DIRECTION, ROLE, LEAD_GROUP)
        for row_type in self._rows:
            yield order_types(self._catalogue, row_type)[1]

    def _define_input(self, given: InputType) -> None:
        cls = self._classes[given.name]
        cls.__annotations__ = {}
        for argument in given.fields:
            attribute = f"{argument.name}_"
            cls.__annotations__[attribute] = self._annotation(argument.type)
            default = strawberry.UNSET if argument.default is None else self._default(argument)
            if argument.type.endswith("!") and argument.default is None:
                bound = strawberry.field(name=argument.name, description=argument.description)
            else:
                bound = strawberry.field(
                    name=argument.name, description=argument.description, default=default
                )
            setattr(cls, attribute, bound)
        strawberry.input(cls, name=given.name, description=given.description)

    def _default(self, argument: Argument) -> Any:
        cls = self._classes[argument.type.strip("[]!")]
        is_enum = isinstance(cls, type) and issubclass(cls, enum.Enum)
        return cls[argument.default] if is_enum else argument.default

    # --- objects ---

    def _define(self, item: CompositeType) -> None:
        directives = [Owned(by=item.owner)] if isinstance(item, RowType) else []
        fields = {bound.name: self._field(bound) for bound in self._catalogue.fields(item.name)}
        self._classes[item.name] = self._object(item.name, item.description, fields, directives=directives)

    def _define_connection(self, item: str, node: str) -> None:
        title = f"A page of a list of {item}."
        edge = {
            "node": self._plain(f"{node}!", "The item."),
            "cursor": self._plain("String!", "Where the item stands, for `after` and `before`."),
        }
        self._object(f"{item}Edge", f"An item of a list of {item}, with its cursor.", edge)
        # Without iperform nobody is known, and nothing answers. Of any other source that is down, a connection is there
        # and its parts are null, so that the rest of the answer is, too.
        sure = "!" if self._is_of_iperform(node) else ""
        connection = {
            "edges": self._plain(f"[{item}Edge!]{sure}", "The items with their cursors."),
            "nodes": self._plain(f"[{node}!]{sure}", "The items."),
            "pageInfo": self._plain(f"PageInfo{sure}", "Where the page lies in the list."),
            "totalCount": self._plain(
                f"Int{sure}", "How many items the whole list has; counted only where it is asked for."
            ),
        }
        self._object(f"{item}Connection", title, connection)

    def _is_of_iperform(self, name: str) -> bool:
        found = self._catalogue.composite(name)
        return name == "JSON" or (isinstance(found, RowType) and found.table.metadata is iperform)

    def _object(
        self,
        name: str,
        description: str,
        fields: Mapping[str, StrawberryField],
        *,
        directives: Sequence[object] = (),
    ) -> Any:
        cls = self._classes[name]
        cls.__annotations__ = {}
        for field_name, bound in fields.items():
            cls.__annotations__[field_name] = bound.type_annotation.annotation  # type: ignore[union-attr]
            setattr(cls, field_name, bound)
        return strawberry.type(cls, name=name, description=description, directives=list(directives))

    def _field(self, bound: Field) -> StrawberryField:
        made = self._plain(bound.type, bound.description)
        made.graphql_name = bound.name
        made.arguments = [self._argument(argument) for argument in bound.arguments]
        return made

    def _plain(self, notation: str, description: str) -> StrawberryField:
        annotation = StrawberryAnnotation(self._annotation(notation))
        return StrawberryField(type_annotation=annotation, description=description)

    def _argument(self, argument: Argument) -> StrawberryArgument:
        return StrawberryArgument(
            python_name=argument.name,
            graphql_name=argument.name,
            type_annotation=StrawberryAnnotation(self._annotation(argument.type)),
            description=argument.description,
            default=strawberry.UNSET if argument.default is None else argument.default,
        )

    def _annotation(self, notation: str) -> Any:
        return self._python_type(parse_type(notation))

    def _python_type(self, node: TypeNode) -> Any:
        if isinstance(node, NonNullTypeNode):
            return self._required(node.type)
        return self._required(node) | None

    def _required(self, node: TypeNode) -> Any:
        if isinstance(node, ListTypeNode):
            return list[self._python_type(node.type)]  # type: ignore[misc]
        return self._classes[node.name.value]  # type: ignore[attr-defined]


def _node_interface() -> Any:
    cls = type(INTERFACE, (), {"__annotations__": {"id": strawberry.ID}})
    cls.id = strawberry.field(description="Opaque, and unique over the whole estate.")  # type: ignore[attr-defined]
    return strawberry.interface(cls, name=INTERFACE, description="Anything that has a global id.")


def _page_info() -> Any:
    described = {
        "hasNextPage": (bool, "Whether the list goes on after this page."),
        "hasPreviousPage": (bool, "Whether the list has items before this page."),
        "startCursor": (str | None, "The cursor of the first item of the page."),
        "endCursor": (str | None, "The cursor of the last item of the page."),
    }
    cls = type("PageInfo", (), {"__annotations__": {name: kind for name, (kind, _) in described.items()}})
    for name, (_, description) in described.items():
        setattr(cls, name, strawberry.field(name=name, description=description))
    return strawberry.type(cls, name="PageInfo", description="Where a page lies in its list.")


def _enum(declared: EnumType) -> Any:
    # Members are texts equal to their names, so that a value from a client is used as it comes.
    make: Any = enum.StrEnum
    members = make(declared.name, {name: name for name in declared.values})
    cls = strawberry.enum(members, description=declared.description)
    for value in cls.__strawberry_definition__.values:
        value.description = declared.values[value.name]
    return cls


# --- what the executor finds on the types -------------------------------------------------------------------


def _bind(graphql: GraphQLSchema, catalogue: Catalogue) -> None:
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
    async def nodes(connection: Connection, _: Any) -> list[Any]:
        return [_node_of(connection, item) for item in (await connection.page()).items]

    async def edges(connection: Connection, _: Any) -> list[tuple[Any, Item]]:
        return [(_node_of(connection, item), item) for item in (await connection.page()).items]

    connection = {
        "nodes": nodes,
        "edges": edges,
        "pageInfo": lambda connection, _: connection.page(),
        "totalCount": lambda connection, _: connection.total(),
    }
    edge = {"node": lambda found, _: found[0], "cursor": lambda found, _: found[1].cursor()}
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


def _node_of(connection: Connection, item: Item) -> Any:
    node = item.node
    return node if isinstance(node, Element) or connection.level is None else Element(connection.level, node)


# --- at the start -------------------------------------------------------------------------------------------


class SchemaError(Exception):
    """A declaration that doesn't hold; the gateway doesn't start with one."""


def check_schema() -> None:
    """Raises `SchemaError` where a type has no policy, or a field of a row reads what nobody may see."""
    problems = []
    for row_type in ROW_TYPES:
        if row_type.table not in POLICIES.tables():
            problems.append(f"{row_type.name}: the table {row_type.table} has no policy")
        for bound in row_type.fields:
            column = getattr(bound, "column", None)
            if column is not None and not POLICIES.column_callers(column):
                problems.append(f"{row_type.name}.{bound.name}: nobody may read {column}")
        if not row_type.node and not row_type.order:
            problems.append(f"{row_type.name}: says neither how it is sorted nor what its key is")
    schema = schema_for(Caller.ADMIN).graphql
    for name, type_ in schema.type_map.items():
        if not name.startswith("__") and name not in _SCALARS and not type_.description:
            problems.append(f"{name} has no description")
        for field_name, field in getattr(type_, "fields", {}).items():
            if not name.startswith("__") and not field.description:
                problems.append(f"{name}.{field_name} has no description")
    if problems:
        raise SchemaError("\n".join(problems))
