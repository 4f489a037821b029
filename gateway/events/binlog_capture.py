"""Captures changes from the binary log of MySQL or MariaDB: every one, in the order of commits, whoever makes it.

Chosen by `capture_choice.py`; run by `capturing.py`. The log is read in a thread, as its driver blocks.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from zoneinfo import ZoneInfo

import structlog

from datasources.base import SourceError
from datasources.changes import HistoryLost, LogUnusable, Transaction
from datasources.engines.mysql_binlog import BinlogReader
from datasources.engines.mysql_log_server import LogServer
from gateway.errors import Code, GatewayError
from gateway.events.bus import Captured
from gateway.events.capture import PlaceLost
from gateway.events.handover import Handover
from gateway.events.row_changes import WANTED, status_events

log = structlog.get_logger(__name__)

# The server tells every second that it is there.
SILENCE_SECONDS = 4.0


class BinlogCapture:
    """The changes that the log of the `iperform` database's server tells."""

    name = "binlog"

    def __init__(self, dsn: str, *, zone: ZoneInfo, connect_seconds: float) -> None:
        self._server = LogServer(
            "iperform", dsn, connect_seconds=connect_seconds, answer_seconds=SILENCE_SECONDS
        )
        self._zone = zone

    async def changes(self, after: str | None) -> AsyncGenerator[Captured, None]:
        """Every change after a place: see `Capture`."""
        reader = BinlogReader(self._server, WANTED)
        handover: Handover[Transaction] = Handover(
            lambda: reader.transactions(after), stop=reader.close, name="binlog"
        )
        try:
            while found := await handover.taken():
                for transaction in found:
                    yield self._captured(transaction)
        except HistoryLost as error:
            log.warning("the binary log can't be followed from the place", reason=str(error))
            raise PlaceLost(str(error)) from error
        except (LogUnusable, SourceError) as error:
            log.warning("the binary log can't be read", reason=str(error))
            raise unavailable() from error
        finally:
            await handover.close()

    def _captured(self, transaction: Transaction) -> Captured:
        return Captured(status_events(transaction, self._zone), transaction.place, transaction.order)

    async def close(self) -> None:
        """Nothing is held between readings."""


def unavailable() -> GatewayError:
    """What a capture raises where the database doesn't let itself be read just now."""
    return GatewayError(
        Code.SOURCE_UNAVAILABLE, "Changes can't be read from the database right now; they are read later."
    )
