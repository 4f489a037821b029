"""Which types and fields an audience has: decided by the policies of the tables and columns behind them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Table

from gateway.auth.policy import Policies
from gateway.auth.roles import Caller
from gateway.resolvers.catalogue import Catalogue
from gateway.resolvers.declarations import (
    EVERYBODY,
    ColumnField,
    CompositeType,
    Field,
    ObjectType,
    RowType,
    ThroughField,
    column,
    computed,
    table_of_field,
)
from gateway.resolvers.ids import encode_id


def audience_catalogue(
    audience: Caller, types: Iterable[CompositeType], policies: Policies, connections: Iterable[str]
) -> Catalogue:
    """The types and fields that callers of one kind may ever use."""
    rows = {item.table for item in types if isinstance(item, RowType) and _has_rows(audience, item, policies)}
    narrowed: list[CompositeType] = []
    for item in types:
        if isinstance(item, RowType) and item.table not in rows:
            continue
        kept = tuple(bound for bound in _all_fields(item) if _has_field(audience, bound, rows, policies))
        if kept:
            narrowed.append(replace(item, fields=kept))
    return Catalogue(audience, narrowed, {f"{name}Connection": name for name in connections})


def _has_rows(audience: Caller, row_type: RowType, policies: Policies) -> bool:
    # Whoever has just logged in is told who they are, in the schema that they logged in with.
    if audience is Caller.ANONYMOUS:
        return row_type.name in {"User", "PartnerCompany"}
    return audience in policies.table_callers(row_type.table)


def _all_fields(item: CompositeType) -> tuple[Field, ...]:
    if isinstance(item, ObjectType) or not item.node:
        return item.fields
    name, key = item.name, item.key
    identity = computed(
        "id",
        "ID!",
        "The global id, for `node`.",
        lambda cells, _: encode_id(name, cells[0]),
        needs=(key,),
        callers=EVERYBODY,
    )
    return (
        identity,
        column(key, "The primary key in the database.", name="databaseId", nullable=False),
        *item.fields,
    )


def _has_field(audience: Caller, bound: Field, rows: set[Table], policies: Policies) -> bool:
    if audience is Caller.ANONYMOUS:
        return isinstance(bound, ColumnField) or audience in bound.callers
    if audience not in bound.callers:
        return False
    if isinstance(bound, ColumnField | ThroughField):
        return audience in policies.column_callers(bound.column)
    table = table_of_field(bound)
    return table is None or table in rows
