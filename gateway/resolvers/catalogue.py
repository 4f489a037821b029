"""What one audience's schema holds, by name: the declarations behind its types and fields. Pure look-ups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from graphql import OperationType
from sqlalchemy import Table

from gateway.auth.audience import Audience
from gateway.resolvers.declarations import CompositeType, Field, RowType

INTERFACE = "Node"


class Catalogue:
    """The declared types that an audience has, with the fields that it has of them."""

    def __init__(
        self, audience: Audience, types: Iterable[CompositeType], connections: Mapping[str, str]
    ) -> None:
        self.audience = audience
        self._types = {type_.name: type_ for type_ in types}
        self._fields = {
            type_.name: {bound.name: bound for bound in type_.fields} for type_ in self._types.values()
        }
        self._connections = dict(connections)
        self._by_table = {type_.table: type_ for type_ in self._types.values() if isinstance(type_, RowType)}

    def types(self) -> Iterable[CompositeType]:
        """Every declared type."""
        return self._types.values()

    def composite(self, name: str) -> CompositeType | None:
        """The declared type of this name."""
        return self._types.get(name)

    def row_type(self, table: Table) -> RowType:
        """The type whose rows live in a table. Raises LookupError where the audience has none."""
        return self._by_table[table]

    def has_table(self, table: Table) -> bool:
        """Whether the audience has the type of a table's rows."""
        return table in self._by_table

    def field(self, type_name: str, name: str) -> Field | None:
        """The declaration of a field; None for `__typename` and the parts of connections."""
        return self._fields.get(type_name, {}).get(name)

    def fields(self, type_name: str) -> Iterable[Field]:
        """The declarations of a type's fields."""
        return self._fields[type_name].values()

    def connection_item(self, name: str) -> str | None:
        """The type of the items of a connection type; None if it is none."""
        return self._connections.get(name)

    def named_type(self, bound: Field) -> str:
        """The name in a field's type, without lists and non-nulls."""
        return bound.type.strip("[]!")

    def is_interface(self, name: str) -> bool:
        """Whether the name is that of the interface of all nodes."""
        return name == INTERFACE

    def applies(self, condition: str, type_name: str) -> bool:
        """Whether a fragment on `condition` applies to objects of a type."""
        if condition == type_name:
            return True
        declared = self._types.get(type_name)
        return condition == INTERFACE and declared is not None and declared.node

    def root(self, operation: OperationType) -> CompositeType:
        """The root type of an operation."""
        return self._types[operation.value.capitalize()]
