"""The generic reader: every field that gives rows, whether a root list, a row by id, a relation or a connection.

`resolver_of` gives the function behind a declared field.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement

from datasources.model import EVERYTHING, Filter, Row
from gateway.context import Request
from gateway.errors import bad_input
from gateway.loaders.batch import by_key, named_by, only
from gateway.resolvers.company_rows import company_rows_resolver
from gateway.resolvers.connection import Connection
from gateway.resolvers.declarations import (
    ColumnField,
    CompanyRowsField,
    ComputedField,
    Field,
    NodeField,
    ReferenceField,
    RootListField,
    RootOneField,
    RowType,
    ThroughField,
    ToManyField,
    ToOneField,
)
from gateway.resolvers.element import Element, Info, level_of, presented, step_of
from gateway.resolvers.ids import database_id
from gateway.resolvers.lists import list_resolver
from gateway.resolvers.plan import Level, Step, function_of

Resolver: TypeAlias = Callable[..., Any]


def resolver_of(bound: Field) -> Resolver:  # noqa: PLR0911 - one line for each kind of field
    """The function that resolves a declared field."""
    match bound:
        case ColumnField():
            return _column(bound)
        case ThroughField():
            return _through(bound)
        case ToOneField():
            return _to_one(bound)
        case ToManyField(direction=direction):
            return list_resolver(direction.table, direction)
        case CompanyRowsField():
            return company_rows_resolver(bound)
        case RootListField(table=table):
            return list_resolver(table, None)
        case RootOneField():
            return _by_id(bound)
        case ReferenceField():
            return _reference(bound)
        case NodeField() | ComputedField():
            return _computed(bound)
    raise TypeError(f"{bound.name} has no resolver")


def _column(bound: ColumnField) -> Resolver:
    column = bound.column

    def resolve(parent: Element, info: Info) -> Any:
        return presented(column, parent.cell(column), info.context.zone)

    return resolve


def _through(bound: ThroughField) -> Resolver:
    direction = bound.direction
    convert = bound.convert

    async def resolve(parent: Element, info: Info) -> Any:
        columns = parent.level.through[direction]
        batch = named_by(direction.target, columns, EVERYTHING)
        row = only(await info.context.loaders.rows(batch, parent.cell(direction.source), name="through"))
        if row is None:
            return None
        value = presented(bound.column, row[columns[bound.column]], info.context.zone)
        return value if convert is None or value is None else convert(value)

    return resolve


def _to_one(bound: ToOneField) -> Resolver:
    direction = bound.direction

    async def resolve(parent: Element, info: Info) -> Element | None:
        request: Request = info.context
        level = level_of(step_of(parent, info))
        where = request.catalogue.row_type(direction.table).shown
        batch = named_by(direction.target, level.columns, where)
        row = only(await request.loaders.rows(batch, parent.cell(direction.source), name="one"))
        return None if row is None else Element(level, row)

    return resolve


def row_by_key(request: Request, level: Level, key: Any, *, where: Filter, name: str) -> Awaitable[list[Row]]:
    """The row of a level's type with this primary key, if the caller sees it."""
    row_type = level.type
    assert isinstance(row_type, RowType)
    return request.loaders.rows(by_key(row_type.key, level.columns, where), key, name=name)


def _by_id(bound: RootOneField) -> Resolver:
    async def resolve(
        parent: Element,
        info: Info,
        id: str | None = None,
        databaseId: int | None = None,  # noqa: N803 - the argument's name in the schema
        includeDeleted: bool = False,  # noqa: N803
    ) -> Element | None:
        level = level_of(step_of(parent, info))
        row_type = info.context.catalogue.row_type(bound.table)
        if (id is None) == (databaseId is None):
            raise bad_input("Give either `id` or `databaseId`.")
        key = databaseId if id is None else database_id(id, row_type.name)
        where = EVERYTHING if includeDeleted else row_type.shown
        row = only(await row_by_key(info.context, level, key, where=where, name=f"by id {includeDeleted}"))
        return None if row is None else Element(level, row)

    return resolve


def _reference(bound: ReferenceField) -> Resolver:
    async def resolve(parent: Element, info: Info, **arguments: Any) -> Any:
        request: Request = info.context
        level = level_of(step_of(parent, info))
        named = bound.resolve(_value_for(bound.needs, parent), request, **arguments)
        if inspect.isawaitable(named):
            named = await named
        where = request.catalogue.row_type(bound.table).shown
        if not bound.many:
            row = (
                None
                if named is None
                else only(await row_by_key(request, level, named, where=where, name="one"))
            )
            return None if row is None else Element(level, row)
        found = await asyncio.gather(
            *[row_by_key(request, level, key, where=where, name="one") for key in named]
        )
        return [Element(level, rows[0]) for rows in found if rows]

    return resolve


def _computed(bound: ComputedField | NodeField) -> Resolver:
    if isinstance(bound, NodeField):
        raise TypeError("nodes are resolved by nodes.py")

    async def resolve(parent: Element, info: Info, **arguments: Any) -> Any:
        step = parent.level.steps.get(str(info.path.key))
        value = function_of(bound, step)(_value_for(bound.needs, parent), info.context, **arguments)
        if inspect.isawaitable(value):
            value = await value
        return value if step is None else _wrapped(step, value)

    return resolve


def _value_for(needs: Sequence[ColumnElement[Any]], parent: Element) -> Any:
    """What a function gets: of a row, the cells that it needs; of another object, the object."""
    if isinstance(parent.level.type, RowType):
        return tuple(parent.cell(column) for column in needs)
    return parent.value


def _wrapped(step: Step, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, Connection):
        value.step = step
        return value
    if step.level is None:
        return value
    if isinstance(value, list):
        return [Element(step.level, item) for item in value]
    return Element(step.level, value)
