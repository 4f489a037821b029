"""What a subscription's events are to its resolvers: the rows that they name are read like any others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.context import Request
from gateway.events.event import StatusEvent


@dataclass(frozen=True, slots=True)
class Seen:
    """An event on its way to a subscriber, and its cursor."""

    event: StatusEvent
    cursor: str


def seen(value: Seen, _: Request, **arguments: Any) -> Seen:
    """The event itself: which ones a subscriber gets was decided before (`gateway/live`)."""
    del arguments
    return value


def cursor(value: Seen, _: Request) -> str:
    """The event's place in the log."""
    return value.cursor


def row_id(value: Seen, _: Request) -> int:
    """The lead or ticket."""
    return value.event.row_id


def previous(value: Seen, _: Request) -> str | None:
    """The status before the change."""
    return value.event.previous


def status(value: Seen, _: Request) -> str | None:
    """The status after the change."""
    return value.event.status


def changed_on(value: Seen, request: Request) -> datetime:
    """When the change was made."""
    return value.event.changed_on.replace(tzinfo=request.zone)


def changed_by(value: Seen, _: Request) -> int | None:
    """Who made the change, where that is known."""
    return value.event.changed_by


def status_change(value: Seen, _: Request) -> int | None:
    """The step of a lead's history that was written with the change."""
    return value.event.status_change_id
