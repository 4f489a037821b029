"""Strawberry's classes of declared enums."""

from __future__ import annotations

import enum
from typing import Any

import strawberry

from gateway.resolvers.declarations import EnumType


def enum_class(declared: EnumType) -> Any:
    """The class of an enum. Its members are texts equal to their names: a client's value is used as it comes."""
    make: Any = enum.StrEnum
    members = make(declared.name, {name: name for name in declared.values})
    cls = strawberry.enum(members, description=declared.description)
    for value in cls.__strawberry_definition__.values:
        value.description = declared.values[value.name]
    return cls
