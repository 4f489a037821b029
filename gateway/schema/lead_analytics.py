"""LeadAnalytics: how a lead has moved, from the ClickHouse mirror."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from gateway.context import Request
from gateway.resolvers.analytics import LeadAnalytics
from gateway.resolvers.declarations import ObjectType, computed


def _moment(read: Callable[[LeadAnalytics], datetime | None]) -> Callable[[LeadAnalytics, Request], Any]:
    def resolve(analytics: LeadAnalytics, request: Request) -> datetime | None:
        moment = read(analytics)
        return None if moment is None else moment.replace(tzinfo=request.zone)

    return resolve


def _plain(read: Callable[[LeadAnalytics], Any]) -> Callable[[LeadAnalytics, Request], Any]:
    return lambda analytics, _: read(analytics)


LEAD_ANALYTICS = ObjectType(
    name="LeadAnalytics",
    description="How a lead has moved, from the ClickHouse mirror; it lags behind the lead itself.",
    fields=(
        computed(
            "asOf",
            "DateTime!",
            "The moment that the mirror shows of this lead.",
            _moment(lambda of: of.as_of),
        ),
        computed(
            "statusChanges", "Int!", "How often the status has changed.", _plain(lambda of: of.status_changes)
        ),
        computed(
            "daysInStatus",
            "Float",
            "Days from the last change of the status to `asOf`; null where it never changed.",
            _plain(lambda of: of.days_in_status()),
        ),
        computed("activities", "Int!", "How many activities were logged.", _plain(lambda of: of.activities)),
        computed(
            "lastActivityOn",
            "DateTime",
            "When the last activity was logged.",
            _moment(lambda of: of.last_activity),
        ),
        computed(
            "demoScheduledOn",
            "DateTime",
            "When the demonstration is, or was; null where none was scheduled.",
            _moment(lambda of: of.demo_scheduled),
        ),
    ),
)
