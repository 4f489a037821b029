"""Captures changes by asking the database again and again, where its account may not read the binary log.

Chosen by `capture_choice.py`; run by `capturing.py`. It promises less: of leads it sees the changes that are written to
`lead_status`, each one, in the order of ids rather than of commits; of tickets what has changed between two looks, not
who did it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from datasources.base import SourceError
from datasources.changes import HistoryLost
from datasources.engines.mysql_history_gaps import HistoryRow
from datasources.engines.mysql_polling import Looked, Pace, Poller
from datasources.engines.mysql_ticket_snapshot import TicketChange
from gateway.events.binlog_capture import unavailable
from gateway.events.bus import Captured
from gateway.events.capture import PlaceLost
from gateway.events.event import StatusEvent, Subject
from gateway.events.handover import Handover

log = structlog.get_logger(__name__)


class PollingCapture:
    """The changes that looking at the `iperform` database finds."""

    name = "polling"

    def __init__(self, dsn: str, *, zone: ZoneInfo, pace: Pace) -> None:
        self._dsn = dsn
        self._zone = zone
        self._pace = pace

    async def changes(self, after: str | None) -> AsyncGenerator[Captured, None]:
        """Every change after a place: see `Capture`. `order` is None: the same look is never had twice."""
        poller = Poller(self._dsn, self._pace)
        handover: Handover[Looked] = Handover(lambda: poller.looks(after), stop=poller.close, name="polling")
        try:
            while found := await handover.taken():
                for looked in found:
                    yield self._captured(looked)
        except HistoryLost as error:
            log.warning("the database can't be followed from the place", reason=str(error))
            raise PlaceLost(str(error)) from error
        except SourceError as error:
            log.warning("the database can't be asked for changes", reason=str(error))
            raise unavailable() from error
        finally:
            await handover.close()

    def _captured(self, looked: Looked) -> Captured:
        now = datetime.now(self._zone).replace(tzinfo=None, microsecond=0)
        leads = [_lead_event(row, now) for row in looked.history if _is_change(row)]
        return Captured((*leads, *(_ticket_event(change, now) for change in looked.tickets)), looked.place)

    async def close(self) -> None:
        """Nothing is held between readings."""


def _is_change(row: HistoryRow) -> bool:
    """The first row of a lead counts: it can't be told from a first change."""
    return not row.has_previous or row.previous != row.status


def _lead_event(row: HistoryRow, now: datetime) -> StatusEvent:
    return StatusEvent(
        subject=Subject.LEAD,
        row_id=row.lead_id,
        previous=row.previous,
        status=row.status,
        changed_on=row.changed_on or now,
        changed_by=row.changed_by,
        status_change_id=row.id,
    )


def _ticket_event(change: TicketChange, now: datetime) -> StatusEvent:
    return StatusEvent(
        subject=Subject.TICKET,
        row_id=change.id,
        previous=change.previous,
        status=change.status,
        changed_on=now,
    )
