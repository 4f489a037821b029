"""What must hold of the declarations before the gateway starts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.auth.policies import POLICIES
from gateway.auth.roles import Caller
from gateway.schema.build import PYTHON_TYPES, schema_for
from gateway.schema.types import ROW_TYPES


class SchemaError(Exception):
    """A declaration that doesn't hold; the gateway doesn't start with one."""


def check_schema() -> None:
    """Raises `SchemaError` where a table has no policy, nobody may read a field, or a description is missing."""
    problems = [*_unruled(), *_undescribed()]
    if problems:
        raise SchemaError("\n".join(problems))


def _unruled() -> Iterator[str]:
    for row_type in ROW_TYPES:
        if row_type.table not in POLICIES.tables():
            yield f"{row_type.name}: the table {row_type.table} has no policy"
        for bound in row_type.fields:
            column = getattr(bound, "column", None)
            if column is not None and not POLICIES.column_callers(column):
                yield f"{row_type.name}.{bound.name}: nobody may read {column}"
        if not row_type.node and not row_type.order:
            yield f"{row_type.name}: says neither how it is sorted nor what its key is"


def _undescribed() -> Iterator[str]:
    schema = schema_for(Caller.ADMIN).graphql
    for name, type_ in schema.type_map.items():
        if not name.startswith("__") and name not in PYTHON_TYPES and not type_.description:
            yield f"{name} has no description"
        if not name.startswith("__"):
            for place, part in _parts(type_):
                if not part.description:
                    yield f"{name}.{place} has no description"


def _parts(type_: Any) -> Iterator[tuple[str, Any]]:
    """The fields of a type with their arguments, and the values of an enum."""
    for name, field in getattr(type_, "fields", {}).items():
        yield name, field
        for argument_name, argument in getattr(field, "args", {}).items():
            yield f"{name}({argument_name})", argument
    yield from getattr(type_, "values", {}).items()
