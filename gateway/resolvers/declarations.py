"""What the schema is made of: types, and fields that are bound to a column, a relation or a function.

The files of `gateway/schema` declare with these; `plan.py` plans by them; `gateway/schema/build.py` makes the
GraphQL types of them. Types are named in GraphQL's own notation: `"Int"`, `"[String!]!"`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sqlalchemy import JSON, Boolean, Column, Date, DateTime, Integer, Numeric, Table

from datasources.model import EVERYTHING, Filter, Not
from gateway.auth.crossing import table_of
from gateway.loaders.relations import Direction


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a field. `default` is a Python value; absent where it is None."""

    name: str
    type: str
    description: str
    default: Any = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """What every field has. Who has it is no part of the declaration: `gateway/auth/policies.py` says that."""

    name: str
    type: str
    description: str
    arguments: tuple[Argument, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnField(Field):
    """A column of the row's own table."""

    column: Column[Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class ThroughField(Field):
    """A column of the one row of another table that belongs to this row; `convert` makes the API's value of it."""

    direction: Direction
    column: Column[Any]
    convert: Callable[[Any], Any] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ToOneField(Field):
    """The row of another type that this row names."""

    direction: Direction


@dataclass(frozen=True, kw_only=True, slots=True)
class ToManyField(Field):
    """A connection of the rows of another type that name this row."""

    direction: Direction


@dataclass(frozen=True, kw_only=True, slots=True)
class CompanyRowsField(Field):
    """A connection of rows that the company has in a schema of its own.

    `table` is the one over all companies. `key` and `schema` are columns of the company: its id, and what its schema
    is called; a company whose schema isn't called as its id would have it has no rows.
    """

    table: Table
    key: Column[Any]
    schema: Column[Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class RootListField(Field):
    """A connection of all rows of a type that the caller sees."""

    table: Table


@dataclass(frozen=True, kw_only=True, slots=True)
class RootOneField(Field):
    """One row of a type, by its global or its database id."""

    table: Table


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeField(Field):
    """A row of any type by global id, or several; or another thing that has a global id."""

    many: bool


Resolver: TypeAlias = Callable[..., Any | Awaitable[Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class ComputedField(Field):
    """What a function gives: `resolve(value, request, **arguments)`.

    `needs` are columns of the row that it reads, `tells` columns of other rows that its value is made of: whoever may
    not read one of them doesn't have the field. `writes` is the table whose rows a mutation changes. `first` is
    awaited before anything of the operation is read. Where it gives objects and is `projected`, it is also told, as
    `asked`, the names of the fields that are selected of them.
    """

    resolve: Resolver
    needs: tuple[Column[Any], ...] = ()
    tells: tuple[Column[Any], ...] = ()
    writes: Table | None = None
    first: Callable[[Any], Awaitable[None]] | None = None
    projected: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ReferenceField(Field):
    """A row of another type whose key a function gives; the row is then read like any other.

    `needs` and `tells` are as those of a computed field.
    """

    resolve: Resolver
    table: Table
    many: bool = False
    needs: tuple[Column[Any], ...] = ()
    tells: tuple[Column[Any], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RowType:
    """A GraphQL type whose objects are rows of a table.

    `order` is how a list is sorted where nobody says otherwise; it ends in what tells rows apart. `shown_unless`
    names a column that keeps rows out of every read that doesn't speak of it (deleted leads).
    """

    name: str
    table: Table
    description: str
    fields: tuple[Field, ...]
    plural: str = ""
    order: tuple[tuple[Column[Any], bool], ...] = ()
    node: bool = True
    hidden: Filter | None = None
    hidden_by: Column[Any] | None = None

    @property
    def shown(self) -> Filter:
        """The rows that are there without being spoken of."""
        return EVERYTHING if self.hidden is None else Not(self.hidden)

    @property
    def key(self) -> Column[Any]:
        """The primary key of a type that is a node."""
        return next(iter(self.table.primary_key.columns))


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectType:
    """A GraphQL type whose objects are made by functions. `node`: it has a global id like a row."""

    name: str
    description: str
    fields: tuple[Field, ...]
    node: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class EnumType:
    """A GraphQL enum: its values with what they mean. `tells` has the columns that a value stands for."""

    name: str
    description: str
    values: Mapping[str, str]
    tells: Mapping[str, Column[Any]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class InputType:
    """A GraphQL input. Of one with `one_of` exactly one field is given."""

    name: str
    description: str
    fields: tuple[Argument, ...] = field(default_factory=tuple)
    one_of: bool = False


CompositeType: TypeAlias = RowType | ObjectType


# --- how declarations are written ---------------------------------------------------------------------------

_SCALARS: tuple[tuple[type, str], ...] = (
    (Boolean, "Boolean"),
    (JSON, "JSON"),
    (DateTime, "DateTime"),
    (Date, "Date"),
    (Numeric, "Decimal"),
    (Integer, "Int"),
)


def camel_case(name: str) -> str:
    """`client_email_id` as `clientEmailId`."""
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)


def snake_case(name: str) -> str:
    """`clientEmailId` as `client_email_id`."""
    return re.sub(r"(?<!^)([A-Z])", lambda match: "_" + match[1].lower(), name).lower()


def scalar_of(column: Column[Any]) -> str:
    """The GraphQL scalar of a column's values."""
    return next((scalar for kind, scalar in _SCALARS if isinstance(column.type, kind)), "String")


def column(
    bound: Column[Any], description: str, *, name: str | None = None, nullable: bool | None = None
) -> ColumnField:
    """A field bound to a column; non-null where the column is."""
    optional = bound.nullable if nullable is None else nullable
    return ColumnField(
        name=name or camel_case(bound.name),
        type=scalar_of(bound) + ("" if optional else "!"),
        description=description,
        column=bound,
    )


def through(
    name: str,
    direction: Direction,
    bound: Column[Any],
    description: str,
    *,
    type: str | None = None,
    convert: Callable[[Any], Any] | None = None,
) -> ThroughField:
    """A field bound to a column of the one row that belongs to this one in another table."""
    return ThroughField(
        name=name,
        type=type or scalar_of(bound),
        description=description,
        direction=direction,
        column=bound,
        convert=convert,
    )


def to_one(name: str, type: str, direction: Direction, description: str) -> ToOneField:
    """A field bound to the row that this row names."""
    return ToOneField(name=name, type=type, description=description, direction=direction)


FIRST = Argument(
    "first",
    "Int",
    "How many to give, from the start; 50 where neither `first` nor `last` is given, at most 500.",
)
AFTER = Argument("after", "String", "Only what comes after this cursor.")
LAST = Argument("last", "Int", "How many to give, from the end; at most 500. Not together with `first`.")
BEFORE = Argument("before", "String", "Only what comes before this cursor.")
PAGE = (FIRST, AFTER, LAST, BEFORE)


def choosing(type: str) -> tuple[Argument, Argument]:
    """The arguments that choose and sort rows of a type."""
    return (
        Argument("where", f"{type}Where", "Only rows that match."),
        Argument("orderBy", f"[{type}Order!]", "How to sort; newest first where it isn't given."),
    )


def to_many(
    name: str,
    type: str,
    direction: Direction,
    description: str,
    *,
    choose: bool = True,
    backward: bool = True,
) -> ToManyField:
    """A connection of the rows that name this row, limited for each parent."""
    return ToManyField(
        name=name,
        type=f"{type}Connection!",
        description=description,
        arguments=(PAGE if backward else PAGE[:2]) + (choosing(type) if choose else ()),
        direction=direction,
    )


def company_rows(
    name: str, type: str, table: Table, description: str, *, key: Column[Any], schema: Column[Any]
) -> CompanyRowsField:
    """A connection of rows that the company has in a schema of its own."""
    return CompanyRowsField(
        name=name,
        type=f"{type}Connection!",
        description=description,
        arguments=PAGE[:2],
        table=table,
        key=key,
        schema=schema,
    )


def computed(
    name: str,
    type: str,
    description: str,
    resolve: Resolver,
    *,
    needs: tuple[Column[Any], ...] = (),
    tells: tuple[Column[Any], ...] = (),
    arguments: tuple[Argument, ...] = (),
    first: Callable[[Any], Awaitable[None]] | None = None,
    projected: bool = False,
) -> ComputedField:
    """A field that a function gives."""
    return ComputedField(
        name=name,
        type=type,
        description=description,
        resolve=resolve,
        needs=needs,
        tells=tells,
        arguments=arguments,
        first=first,
        projected=projected,
    )


def changing(
    name: str, description: str, resolve: Resolver, *, sets: Column[Any], arguments: tuple[Argument, ...]
) -> ComputedField:
    """A mutation that changes a row, above all its column `sets`: whoever may not read that doesn't have it.

    Its payload is named after it, and its rule is in `WRITES`.
    """
    return ComputedField(
        name=name,
        type=f"{name[0].upper()}{name[1:]}Payload!",
        description=description,
        resolve=resolve,
        tells=(sets,),
        arguments=arguments,
        writes=table_of(sets),
    )


def reference(
    name: str,
    type: str,
    table: Table,
    description: str,
    resolve: Resolver,
    *,
    many: bool = False,
    needs: tuple[Column[Any], ...] = (),
    tells: tuple[Column[Any], ...] = (),
) -> ReferenceField:
    """A field whose row, or rows, a function names by database id."""
    return ReferenceField(
        name=name,
        type=type,
        description=description,
        resolve=resolve,
        table=table,
        many=many,
        needs=needs,
        tells=tells,
    )


def columns_of_field(bound: Field) -> tuple[Column[Any], ...]:
    """The columns that a field's value shows or is made of: whoever may not read one doesn't have the field."""
    match bound:
        case ColumnField(column=column):
            return (column,)
        case ThroughField(direction=direction, column=column):
            return (column, *_ends(direction))
        case ToOneField(direction=direction) | ToManyField(direction=direction):
            return _ends(direction)
        case CompanyRowsField(key=key, schema=schema):
            return (key, schema)
        case ComputedField(needs=needs, tells=tells) | ReferenceField(needs=needs, tells=tells):
            return (*needs, *tells)
        case _:
            return ()


def _ends(direction: Direction) -> tuple[Column[Any], ...]:
    """The columns that a relation compares, but for primary keys: that a row is there is told by the row itself."""
    return tuple(end for end in (direction.source, direction.target) if not end.primary_key)


def table_of_field(bound: Field) -> Table | None:
    """The table whose rows a field gives, if it gives rows."""
    match bound:
        case ToOneField(direction=direction) | ToManyField(direction=direction):
            return table_of(direction.target)
        case (
            RootListField(table=table)
            | RootOneField(table=table)
            | ReferenceField(table=table)
            | CompanyRowsField(table=table)
        ):
            return table
        case _:
            return None
