"""An object of the answer on its way to the client: what the resolvers pass on to each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from graphql import GraphQLResolveInfo
from sqlalchemy import ColumnElement, DateTime

from gateway.context import Request
from gateway.resolvers.plan import Level, Step

Info: TypeAlias = GraphQLResolveInfo[Request]


@dataclass(frozen=True, slots=True)
class Element:
    """An object of the answer: a row's cells in the order of the level's columns, or whatever a function gave."""

    level: Level
    value: Any

    def cell(self, column: ColumnElement[Any]) -> Any:
        """The row's value of a column that the level has."""
        return self.value[self.level.columns[column]]


def presented(column: ColumnElement[Any], value: Any, zone: ZoneInfo) -> Any:
    """A cell as the API gives it: the estate's naive wall clock becomes a moment."""
    if isinstance(value, datetime) and isinstance(column.type, DateTime):
        return value.replace(tzinfo=zone)
    return value


def step_of(parent: Element, info: Info) -> Step:
    """The step of the plan that a field is."""
    return parent.level.steps[str(info.path.key)]


def level_of(step: Step) -> Level:
    """The level of a step that has just one."""
    if step.level is None:
        raise LookupError(step.declared.name)
    return step.level
