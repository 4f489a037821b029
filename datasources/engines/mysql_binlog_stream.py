"""The stream of events of a binary log: how the library `mysql-replication` is opened, closed, and what it fails with.

A connection is never made again below, as that would go on within a transaction. Used by `mysql_binlog.py`.
"""

from __future__ import annotations

import logging
import secrets
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pymysql
from pymysqlreplication import BinLogStreamReader
from pymysqlreplication.event import (
    FormatDescriptionEvent,
    HeartbeatLogEvent,
    MariadbGtidEvent,
    NotImplementedEvent,
    QueryEvent,
    RotateEvent,
    XAPrepareEvent,
    XidEvent,
)
from pymysqlreplication.exceptions import BinLogNotEnabled
from pymysqlreplication.row_event import (
    PartialUpdateRowsEvent,
    TableMapEvent,
    UpdateRowsEvent,
    WriteRowsEvent,
)

from datasources.base import SourceUnavailable
from datasources.changes import HistoryLost, LogUnusable
from datasources.engines.mysql_log_server import LogServer

# It warns at each start of what the gateway handles.
logging.getLogger("pymysqlreplication").setLevel(logging.ERROR)


def _skip_circumstances(event: Any, _: int) -> None:
    """Steps over what stands before a statement: modes, character sets and the like, one byte of which was read."""
    event.packet.advance(event.status_vars_length - 1)


# The library reads them one by one, and raises at one that it doesn't know: MySQL 9 and MariaDB write such. There is no
# other way to give it a reader of its own.
QueryEvent._read_status_vars_value_for_key = _skip_circumstances

HEARTBEAT_SECONDS = 1.0
_EVENTS = (
    FormatDescriptionEvent,
    HeartbeatLogEvent,
    MariadbGtidEvent,
    NotImplementedEvent,
    QueryEvent,
    RotateEvent,
    XAPrepareEvent,
    XidEvent,
    PartialUpdateRowsEvent,
    TableMapEvent,
    UpdateRowsEvent,
    WriteRowsEvent,
)
_READING_REFUSED = 1236
_NO_RIGHT = frozenset({1045, 1227})


class LogStreams:
    """Streams of one server's binary log, which `close` ends from any thread."""

    def __init__(self, server: LogServer) -> None:
        self.server = server
        self._connections: list[Any] = []
        self._lock = threading.Lock()
        self.closed = False

    def open(self, schema: str, tables: Iterable[str], file: str, position: int) -> BinLogStreamReader:
        """The events from a position on, those of rows only where they are of these tables."""
        return BinLogStreamReader(
            connection_settings={"read_timeout": self.server.answer_seconds},
            server_id=2**31 + secrets.randbelow(2**31 - 1),
            pymysql_wrapper=_Connecting(self),
            blocking=True,
            resume_stream=True,
            log_file=file,
            log_pos=position,
            only_events=_EVENTS,
            only_tables=list(tables),
            only_schemas=[schema],
            filter_non_implemented_events=False,
            # A table's number stands for one definition as long as a file of the log lasts: it is read once.
            freeze_schema=True,
            slave_heartbeat=min(HEARTBEAT_SECONDS, self.server.answer_seconds / 3),
            enable_logging=False,
        )

    def connected(self) -> Any:
        """A connection that `close` ends."""
        connection = self.server.connect()
        with self._lock:
            self._connections.append(connection)
            if self.closed:
                connection.close()
                raise SourceUnavailable(self.server.name, "closed")
        return connection

    def close(self) -> None:
        """Ends the reading, wherever it waits. For any thread, and more than once."""
        with self._lock:
            self.closed = True
            for connection in self._connections:
                # Closing alone wouldn't wake who waits for the server.
                with suppress(OSError, AttributeError):
                    connection._sock.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Says in the terms of `datasources` what goes wrong inside."""
        try:
            yield
        except (HistoryLost, LogUnusable, SourceUnavailable):
            raise
        except BinLogNotEnabled as error:
            raise LogUnusable("the server writes no binary log") from error
        except (pymysql.MySQLError, OSError, EOFError) as error:
            raise self._translated(error) from error
        except Exception as error:
            # The library or this module has met what it doesn't know; going on would mean to guess.
            raise HistoryLost(f"the log can't be understood: {type(error).__name__}: {error}") from error

    def _translated(self, error: Exception) -> Exception:
        code = error.args[0] if error.args else 0
        if code == _READING_REFUSED and "same server" not in str(error):
            return HistoryLost(f"the server can't go on from the place: {error.args[1]}")
        if code in _NO_RIGHT:
            return LogUnusable("the account may not read the binary log")
        return SourceUnavailable(self.server.name, str(error))


class _Connecting:
    """Gives the library its connections: one to the log and one beside it, and no other one after them."""

    def __init__(self, streams: LogStreams) -> None:
        self._streams = streams
        self._given = 0

    def __call__(self, **_: Any) -> Any:
        self._given += 1
        if self._given > 2:
            raise SourceUnavailable(self._streams.server.name, "the connection to the binary log was lost")
        connection = self._streams.connected()
        if self._given == 1:
            connection.cursorclass = pymysql.cursors.Cursor
        return connection
