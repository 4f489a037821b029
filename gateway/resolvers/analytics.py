"""`Lead.analytics`: how leads have moved, from the ClickHouse mirror, for all leads of a level in one statement.

The mirror lags: everything here is as of its newest version of the lead. It never decides who sees a lead.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiodataloader import DataLoader
from sqlalchemy import Column, ColumnElement, func

from datasources.analytics.tables import (
    mirror_demo_scheduled_data,
    mirror_lead_logs,
    mirror_lead_status,
    mirror_leads,
)
from gateway.auth.access import Access, Part
from gateway.context import Request

SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class LeadAnalytics:
    """What the mirror knows of one lead; times are the estate's wall clock."""

    as_of: datetime
    status_changes: int = 0
    last_status_change: datetime | None = None
    activities: int = 0
    last_activity: datetime | None = None
    demo_scheduled: datetime | None = None

    def days_in_status(self) -> float | None:
        """Days from the last status change to the moment that the mirror shows."""
        if self.last_status_change is None:
            return None
        return round((self.as_of - self.last_status_change).total_seconds() / SECONDS_A_DAY, 4)


def _part(key: Column[Any], moment: ColumnElement[Any]) -> Part:
    return Part(key, (func.count(), moment))


_status_changed = mirror_lead_status.c.changed_on
_logged = mirror_lead_logs.c.logged_on
_scheduled = mirror_demo_scheduled_data.c

SEEN = _part(mirror_leads.c.id, func.max(mirror_leads.c.version, type_=mirror_leads.c.version.type))
CHANGED = _part(mirror_lead_status.c.lead_id, func.max(_status_changed, type_=_status_changed.type))
LOGGED = _part(mirror_lead_logs.c.lead_id, func.max(_logged, type_=_logged.type))
SCHEDULED = _part(
    mirror_demo_scheduled_data.c.lead_id,
    func.argMax(_scheduled.scheduled_date, _scheduled.version, type_=_scheduled.scheduled_date.type),
)
# What a field is made of; whether the mirror has the lead at all is asked for each.
PART_OF: Mapping[str, Part] = {
    "statusChanges": CHANGED,
    "daysInStatus": CHANGED,
    "activities": LOGGED,
    "lastActivityOn": LOGGED,
    "demoScheduledOn": SCHEDULED,
}


class AnalyticsByLeadId(DataLoader[int, "LeadAnalytics | None"]):
    """Takes ids of leads, gives what some parts of the mirror know of each."""

    def __init__(self, access: Access, parts: Sequence[Part]) -> None:
        super().__init__()
        self._access = access
        self._parts = (SEEN, *parts)

    async def batch_load_fn(self, keys: list[int]) -> list[LeadAnalytics | None]:
        """One statement for all leads."""
        answers = await self._access.groups_by_key(self._parts, keys)
        known = {
            part: {row[0]: row[1:] for row in rows} for part, rows in zip(self._parts, answers, strict=True)
        }

        def of_lead(part: Part, key: int) -> tuple[Any, ...]:
            return known.get(part, {}).get(key, (0, None))

        def analytics(key: int) -> LeadAnalytics | None:
            if key not in known[SEEN]:
                return None
            changes, last_change = of_lead(CHANGED, key)
            activities, last_activity = of_lead(LOGGED, key)
            return LeadAnalytics(
                as_of=of_lead(SEEN, key)[1],
                status_changes=int(changes),
                last_status_change=last_change,
                activities=int(activities),
                last_activity=last_activity,
                demo_scheduled=of_lead(SCHEDULED, key)[1],
            )

        return [analytics(key) for key in keys]


def lead_analytics(
    cells: tuple[Any, ...], request: Request, *, asked: Set[str]
) -> Awaitable[LeadAnalytics | None]:
    """The analytics of the lead whose id is the first cell, as far as they are asked for."""
    parts = tuple(dict.fromkeys(part for name, part in PART_OF.items() if name in asked))
    loader = request.loaders.shared(("analytics", parts), AnalyticsByLeadId, request.access, parts)
    return loader.load(cells[0])
