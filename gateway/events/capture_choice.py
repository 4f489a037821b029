"""Chooses how changes are captured, and says what is promised by it.

Called by `services.py`, which runs what is chosen, and by `gateway doctor`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from enum import Enum

import structlog

from datasources.base import SourceError
from datasources.engines.mysql_log_examination import LogExamination, examine_log
from datasources.engines.mysql_log_server import LogServer
from datasources.engines.mysql_polling import Pace
from gateway.errors import GatewayError
from gateway.events.binlog_capture import BinlogCapture, unavailable
from gateway.events.bus import Captured
from gateway.events.capture import Capture
from gateway.events.polling_capture import PollingCapture
from gateway.events.row_changes import WANTED
from gateway.settings import CAPTURES, Settings

log = structlog.get_logger(__name__)

AUTO, BINLOG, POLLING, OFF = CAPTURES


class Promise(Enum):
    """What holds for subscribers."""

    EVERY_CHANGE = (
        "By the binary log every change of a status is seen, whoever makes it, in the order of commits."
    )
    WHAT_IS_FOUND = (
        "The database is asked again and again. Changes of leads are seen if `lead_status` gets a row, and come in the "
        "order of its ids; of a ticket only the status that it has when it is looked at, and not who changed it."
    )
    OWN_CHANGES = "Only what this gateway itself changes is seen: the embedded estate has no other writers."
    NOTHING = "Nothing is captured by this process: GATEWAY_CAPTURE is `off`."


@dataclass(frozen=True, slots=True)
class Choice:
    """A way to capture, what it promises, and in sentences why it isn't a better one, or what would make it better."""

    way: str | None
    promise: Promise
    advice: tuple[str, ...] = ()


async def choose_capture(settings: Settings) -> Choice:
    """The best way that the `iperform` database allows. Raises SOURCE_UNAVAILABLE where it can't be asked."""
    if settings.iperform_dsn.startswith("sqlite"):
        return Choice(None, Promise.OWN_CHANGES)
    if settings.capture == OFF:
        return Choice(None, Promise.NOTHING)
    if settings.capture == POLLING:
        return Choice(POLLING, Promise.WHAT_IS_FOUND, ("GATEWAY_CAPTURE asks for `polling`.",))
    found = await _examined(settings)
    if settings.capture == BINLOG or not found.obstacles:
        return Choice(BINLOG, Promise.EVERY_CHANGE, (*found.obstacles, *_naming(found)))
    return Choice(POLLING, Promise.WHAT_IS_FOUND, found.obstacles)


async def _examined(settings: Settings) -> LogExamination:
    server = LogServer(
        "iperform",
        settings.iperform_dsn,
        connect_seconds=settings.connect_seconds,
        answer_seconds=settings.statement_seconds,
    )
    try:
        return await asyncio.to_thread(examine_log, server, WANTED)
    except SourceError as error:
        raise unavailable() from error


def _naming(found: LogExamination) -> tuple[str, ...]:
    if found.names_columns:
        return ()
    return (
        "The log names no columns: with `binlog_row_metadata = FULL` on the server, no change of a table's definition "
        "can make what is read uncertain, and end the log of events.",
    )


def open_capture(settings: Settings) -> Capture | None:
    """What captures, for `capturing.py`; None where nothing is to be captured. Connects to nothing yet."""
    if settings.capture == OFF or settings.iperform_dsn.startswith("sqlite"):
        return None
    if settings.capture == BINLOG:
        return _binlog(settings)
    return _polling(settings) if settings.capture == POLLING else ChosenCapture(settings)


class ChosenCapture:
    """Captures the best way that is found when it begins, and each time that it begins again.

    A place says which way it is of: who now captures another way can't go on from it, and raises `PlaceLost`.
    """

    name = AUTO

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def changes(self, after: str | None) -> AsyncGenerator[Captured, None]:
        """Every change after a place: see `Capture`."""
        choice = await choose_capture(self._settings)
        log.info(
            "how changes are captured", way=choice.way, promise=choice.promise.value, advice=choice.advice
        )
        capture = _binlog(self._settings) if choice.way == BINLOG else _polling(self._settings)
        async with aclosing(capture.changes(after)) as found:
            async for captured in found:
                yield captured

    async def close(self) -> None:
        """Nothing is held between readings."""


def _binlog(settings: Settings) -> BinlogCapture:
    return BinlogCapture(settings.iperform_dsn, zone=settings.zone, connect_seconds=settings.connect_seconds)


def _polling(settings: Settings) -> PollingCapture:
    pace = Pace(
        look=settings.poll_seconds,
        settle=settings.poll_settle_seconds,
        connect=settings.connect_seconds,
        statement=settings.statement_seconds,
    )
    return PollingCapture(settings.iperform_dsn, zone=settings.zone, pace=pace)


async def examine_capture(settings: Settings) -> list[str]:
    """What `gateway doctor` says of it."""
    try:
        choice = await choose_capture(settings)
    except GatewayError as error:
        return [error.message]
    return [choice.promise.value, *choice.advice]
