"""Which types and fields an audience has: decided by the rules of the tables, columns and operations behind them.

`grant_of` puts together all that must hold for a field. The SDL's directives come from it, and so does what an
audience's schema holds: the one can't say anything but the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import Column

from gateway.auth.audience import Audience, Grant
from gateway.auth.policy import Owner, Policies
from gateway.auth.roles import PARTNER_SCOPES, Caller
from gateway.resolvers.catalogue import Catalogue
from gateway.resolvers.declarations import (
    ColumnField,
    CompositeType,
    Field,
    ObjectType,
    ReferenceField,
    RowType,
    ThroughField,
    column,
    columns_of_field,
    computed,
    table_of_field,
)
from gateway.resolvers.ids import GlobalIdOf

# Whoever has just logged in is told who they are, in the schema that they logged in with: nobody's.
TOLD_AT_LOGIN = frozenset({"User", "PartnerCompany"})
UNDENIABLE = frozenset({"id"})


class Narrowing:
    """The declared types under a set of rules: who has which field, and what an audience's catalogue holds."""

    def __init__(
        self, types: Iterable[CompositeType], policies: Policies, connections: Iterable[str]
    ) -> None:
        self._types = {item.name: item for item in types}
        self.policies = policies
        self._connections = {f"{name}Connection": name for name in connections}
        self._columns = {
            f"{item.name}.{bound.name}": bound.column
            for item in self._types.values()
            for bound in all_fields(item)
            if isinstance(bound, ColumnField | ThroughField)
        }
        self._names = frozenset(
            f"{item.name}.{bound.name}" for item in self._types.values() for bound in all_fields(item)
        )

    def owner(self, item: CompositeType) -> Owner | None:
        """Whose ownership decides who sees an object of a type; None for a type whose objects are no rows."""
        policy = self.policies.row_policy(item.table) if isinstance(item, RowType) else None
        return None if policy is None else policy.owner

    def may_read(self, audience: Audience, column: Column[Any]) -> bool:
        """Whether an audience may ever read a column."""
        denied = column in self.denied_columns(audience.denials)
        return not denied and self.policies.column_grant(column).covers(audience)

    def grant_of_type(self, item: CompositeType) -> Grant:
        """Who may ever have objects of a type."""
        if isinstance(item, RowType):
            return self.policies.table_grant(item.table)
        return self.policies.object_grant(item.name)

    def grant_of(self, item: CompositeType, bound: Field) -> Grant:
        """Who may ever have a field: all that its rule, its columns and what it gives ask for."""
        grant = self.grant_of_type(item)
        for part in self._parts(item, bound):
            grant = grant.and_(part)
        return grant

    def _parts(self, item: CompositeType, bound: Field) -> Iterator[Grant]:
        own = self.policies.field_grant(item.name, bound.name)
        if own is not None:
            yield own
        yield from map(self.policies.column_grant, columns_of_field(bound))
        table = table_of_field(bound)
        if table is not None:
            yield self.policies.table_grant(table)
        given = self._given(bound)
        if isinstance(given, ObjectType):
            yield self.policies.object_grant(given.name)

    def _given(self, bound: Field) -> CompositeType | None:
        name = bound.type.strip("[]!")
        return self._types.get(self._connections.get(name, name))

    def catalogue(self, audience: Audience) -> Catalogue:
        """The types and fields that an audience has."""
        denied = self.denied_columns(audience.denials)
        narrowed: list[CompositeType] = []
        for item in self._types.values():
            if not self._has_type(audience, item):
                continue
            fields = tuple(
                bound for bound in all_fields(item) if self._has_field(audience, item, bound, denied)
            )
            if fields:
                narrowed.append(replace(item, fields=fields))
        return Catalogue(audience, narrowed, self._connections)

    def _has_type(self, audience: Audience, item: CompositeType) -> bool:
        if audience.caller is Caller.ANONYMOUS and isinstance(item, RowType):
            return item.name in TOLD_AT_LOGIN
        return self.grant_of_type(item).covers(audience)

    def _has_field(
        self, audience: Audience, item: CompositeType, bound: Field, denied: frozenset[Column[Any]]
    ) -> bool:
        if audience.caller is Caller.ANONYMOUS and isinstance(item, RowType):
            return isinstance(bound, ColumnField) or bound.name == "id"
        if audience.caller is Caller.ANONYMOUS and isinstance(bound, ReferenceField):
            return self._is_told_at_login(bound)
        if f"{item.name}.{bound.name}" in audience.denials and bound.name not in UNDENIABLE:
            return False
        return not denied & set(columns_of_field(bound)) and self.grant_of(item, bound).covers(audience)

    def _is_told_at_login(self, bound: Field) -> bool:
        given = self._given(bound)
        return given is not None and given.name in TOLD_AT_LOGIN

    def denied_columns(self, denials: Iterable[str]) -> frozenset[Column[Any]]:
        """The columns behind denied names. A primary key is none: rows could not be told apart without it."""
        found = (self._columns.get(name) for name in denials)
        return frozenset(bound for bound in found if bound is not None and not bound.primary_key)

    def unknown_names(self, denials: frozenset[str]) -> frozenset[str]:
        """Denied names that the schema doesn't have: they deny nothing."""
        return denials - self._names

    def plain(self, audience: Audience) -> Audience:
        """The same audience without what makes no difference to its schema."""
        partner = audience.caller is Caller.PARTNER
        return Audience(
            audience.caller,
            audience.scopes & PARTNER_SCOPES if partner else frozenset(),
            audience.denials & self._names,
        )


def all_fields(item: CompositeType) -> tuple[Field, ...]:
    """The declared fields of a type, with the two that every row with a global id has."""
    if isinstance(item, ObjectType) or not item.node:
        return item.fields
    key = item.key
    identity = computed(
        "id",
        "ID!",
        "The global id, for `node`.",
        GlobalIdOf(item.name),
        needs=(key,),
    )
    return (
        identity,
        column(key, "The primary key in the database.", name="databaseId", nullable=False),
        *item.fields,
    )
