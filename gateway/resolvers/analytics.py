"""`Lead.analytics`: how leads have moved, from the ClickHouse mirror, for all leads of a level in one statement.

The mirror lags: everything here is as of its newest version of the lead. It never decides who sees a lead.
"""

from __future__ import annotations

from collections.abc import Awaitable
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

PARTS = (
    _part(mirror_leads.c.id, func.max(mirror_leads.c.version, type_=mirror_leads.c.version.type)),
    _part(mirror_lead_status.c.lead_id, func.max(_status_changed, type_=_status_changed.type)),
    _part(mirror_lead_logs.c.lead_id, func.max(_logged, type_=_logged.type)),
    _part(
        mirror_demo_scheduled_data.c.lead_id,
        func.argMax(_scheduled.scheduled_date, _scheduled.version, type_=_scheduled.scheduled_date.type),
    ),
)


class AnalyticsByLeadId(DataLoader[int, "LeadAnalytics | None"]):
    """Takes ids of leads, gives what the mirror knows of each."""

    def __init__(self, access: Access) -> None:
        super().__init__()
        self._access = access

    async def batch_load_fn(self, keys: list[int]) -> list[LeadAnalytics | None]:
        """One statement for all leads."""
        answers = await self._access.groups_by_key(PARTS, keys)
        seen, changed, logged, demos = ({row[0]: row[1:] for row in answer} for answer in answers)
        found: list[LeadAnalytics | None] = []
        for key in keys:
            if key not in seen:
                found.append(None)
                continue
            changes, last_change = changed.get(key, (0, None))
            activities, last_activity = logged.get(key, (0, None))
            found.append(
                LeadAnalytics(
                    as_of=seen[key][1],
                    status_changes=int(changes),
                    last_status_change=last_change,
                    activities=int(activities),
                    last_activity=last_activity,
                    demo_scheduled=demos.get(key, (0, None))[1],
                )
            )
        return found


def lead_analytics(cells: tuple[Any, ...], request: Request) -> Awaitable[LeadAnalytics | None]:
    """The analytics of the lead whose id is the first cell."""
    loader = request.loaders.shared("analytics", AnalyticsByLeadId, request.access)
    return loader.load(cells[0])
