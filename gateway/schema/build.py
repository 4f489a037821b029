"""Makes a GraphQL schema of the declarations, one for each audience.

Strawberry makes the types: its classes are made here from the declarations, so that an audience's schema holds just
what the audience has. `bind.py` then gives the fields their resolvers.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import strawberry
from graphql import (
    ListTypeNode,
    NonNullTypeNode,
    TypeNode,
    parse_type,
)
from sqlalchemy import Column
from strawberry.annotation import StrawberryAnnotation
from strawberry.schema.config import StrawberryConfig
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from datasources.iperform.tables import metadata as iperform
from gateway.auth.audience import Audience
from gateway.auth.policies import POLICIES
from gateway.auth.policy import Policies
from gateway.auth.roles import Caller
from gateway.engine.audience import AudienceSchema
from gateway.resolvers.catalogue import INTERFACE, Catalogue
from gateway.resolvers.declarations import (
    Argument,
    CompositeType,
    EnumType,
    Field,
    InputType,
    RowType,
)
from gateway.schema.access_explanation import COLUMN_ACCESS
from gateway.schema.audiences import Narrowing
from gateway.schema.bind import bind_resolvers
from gateway.schema.directives import EVERYTHING_GRANTED, Owned, RoleEnum, directives_of
from gateway.schema.enums import enum_class
from gateway.schema.everything import CONNECTION_ITEMS, FINDERS, INPUTS, NODE_TYPES, TYPES
from gateway.schema.inputs import DIRECTION, REPORT_ORDER, filter_inputs, order_types, where_input
from gateway.schema.lead_stats import LEAD_GROUP
from gateway.schema.scalars import SCALARS, Date, DateTime, DecimalText, Json

PYTHON_TYPES: Mapping[str, Any] = {
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


SCHEMAS_KEPT = 64


class Schemas:
    """The schemas of all audiences under one set of rules: each built when it is first asked for, and kept."""

    def __init__(self, policies: Policies) -> None:
        self.narrowing = Narrowing(TYPES, policies, CONNECTION_ITEMS)
        self._kept = lru_cache(maxsize=SCHEMAS_KEPT)(self._build)

    def of(self, audience: Audience) -> AudienceSchema:
        """The schema of an audience."""
        return self._kept(self.narrowing.plain(audience))

    def build_ahead(self) -> None:
        """Builds the schemas that don't depend on what somebody was granted or denied: all but partners'.

        Each takes a third of a second, for which whoever asks first would wait, and everybody else in the process.
        """
        for caller in Caller:
            if caller is not Caller.PARTNER:
                self.of(Audience(caller))

    def catalogue_of(self, audience: Audience) -> Catalogue:
        """The declarations behind the schema of an audience."""
        return self.of(audience).catalogue

    def denied_columns(self, audience: Audience) -> frozenset[Column[Any]]:
        """The columns that the audience's role is denied by name."""
        return self.narrowing.denied_columns(audience.denials)

    def _build(self, audience: Audience) -> AudienceSchema:
        return _Builder(self.narrowing, self.narrowing.catalogue(audience)).build()


SCHEMAS = Schemas(POLICIES)


def schema_for(audience: Audience) -> AudienceSchema:
    """The schema of an audience under the rules of the contract."""
    return SCHEMAS.of(audience)


class _Builder:
    """Makes the classes of one schema. A class exists, empty, before anything refers to it."""

    def __init__(self, narrowing: Narrowing, catalogue: Catalogue) -> None:
        self._narrowing = narrowing
        self._catalogue = catalogue
        self._classes: dict[str, Any] = dict(PYTHON_TYPES)
        self._node = _node_interface()
        # Without `node`, as for the anonymous, the interface would be a type that nothing leads to.
        self._has_nodes = catalogue.field("Query", "node") is not None
        self._rows = [item for item in catalogue.types() if isinstance(item, RowType)]

    def build(self) -> AudienceSchema:
        inputs = self._inputs()
        self._classes |= {"PageInfo": _page_info(), INTERFACE: self._node}
        for enumeration in self._enums():
            self._classes[enumeration.name] = enum_class(enumeration)
        self._classes["Role"] = RoleEnum
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
        mutation, subscription = self._classes.get("Mutation"), self._classes.get("Subscription")
        nodes = [self._classes[item.name] for item in self._catalogue.types() if item.node]
        schema = strawberry.Schema(
            query=self._classes["Query"],
            mutation=mutation,
            subscription=subscription,
            types=nodes if self._has_nodes else (),
            config=StrawberryConfig(scalar_map=SCALARS),
        )
        graphql = schema._schema
        bind_resolvers(graphql, self._catalogue)
        return AudienceSchema(
            graphql=graphql,
            catalogue=self._catalogue,
            sdl=schema.as_str() + "\n",
            node_types=NODE_TYPES,
            finders=FINDERS,
        )

    # --- inputs and enums ---

    def _inputs(self) -> list[InputType]:
        made: list[InputType] = [*filter_inputs(), REPORT_ORDER, *INPUTS]
        for row_type in self._rows:
            order, _ = order_types(self._catalogue, row_type)
            made += [where_input(self._catalogue, row_type), order]
        return made

    def _enums(self) -> Iterable[EnumType]:
        yield from (DIRECTION, self._readable(LEAD_GROUP), COLUMN_ACCESS)
        for row_type in self._rows:
            yield order_types(self._catalogue, row_type)[1]

    def _readable(self, declared: EnumType) -> EnumType:
        """The enum without values that stand for columns that the audience may not read."""
        kept = {
            name: meaning
            for name, meaning in declared.values.items()
            if name not in declared.tells
            or self._narrowing.may_read(self._catalogue.audience, declared.tells[name])
        }
        return replace(declared, values=kept)

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
        strawberry.input(cls, name=given.name, description=given.description, one_of=given.one_of or None)

    def _default(self, argument: Argument) -> Any:
        cls = self._classes[argument.type.strip("[]!")]
        is_enum = isinstance(cls, type) and issubclass(cls, enum.Enum)
        return cls[argument.default] if is_enum else argument.default

    # --- objects ---

    def _define(self, item: CompositeType) -> None:
        grant = self._narrowing.grant_of_type(item)
        owner = self._narrowing.owner(item)
        directives = [
            *([] if owner is None else [Owned(by=owner)]),
            *directives_of(grant, EVERYTHING_GRANTED),
        ]
        fields = {bound.name: self._field(bound) for bound in self._catalogue.fields(item.name)}
        for bound in self._catalogue.fields(item.name):
            narrower = directives_of(self._narrowing.grant_of(item, bound), grant)
            fields[bound.name].directives = list(narrower)
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
