"""Reads from the binary log of MySQL or MariaDB, in row format, what each transaction has changed in a few tables.

Blocking: `gateway/events/binlog_capture.py` runs it in a thread. The events come from `mysql_binlog_stream.py`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from time import monotonic
from typing import Any

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
from pymysqlreplication.row_event import (
    PartialUpdateRowsEvent,
    TableMapEvent,
    UpdateRowsEvent,
    WriteRowsEvent,
)

from datasources.base import SourceUnavailable
from datasources.changes import HistoryLost, RowChange, Transaction, Wanted
from datasources.engines.mysql_binlog_layouts import LogLayouts, Mapped
from datasources.engines.mysql_binlog_place import LastEvent, LogPlace, decoded_place
from datasources.engines.mysql_binlog_statements import Meaning, meant, mentions, xa_name
from datasources.engines.mysql_binlog_stream import LogStreams
from datasources.engines.mysql_binlog_transactions import Changes, OpenTransaction
from datasources.engines.mysql_layout import Layout
from datasources.engines.mysql_log_server import (
    LogEnd,
    LogServer,
    database_name,
    layouts_here,
    variables,
)

# How often a place is told where nothing that is wanted has happened.
QUIET_SECONDS = 2.0

# Whole transactions, statements and rows in compressed form: MySQL's one, then MariaDB's.
_COMPRESSED = frozenset({40, 165, 166, 167, 168, 169, 170, 171})
_STANDALONE = 1  # a flag of MariaDB's GTID: no commit follows
_FIRST_POSITION = 4
_HEADER = 20  # of a packet: the event's own 19 bytes, and the one before them


class BinlogReader:
    """The changes of some tables of one database. `wanted` says of which ones, by their names in lower case.

    Not for several threads, except `close`.
    """

    def __init__(self, server: LogServer, wanted: Mapping[str, Wanted]) -> None:
        self.server = server
        self._wanted = wanted
        self._mentions = mentions(wanted)
        self._streams = LogStreams(server)
        self._open = OpenTransaction()

    def transactions(self, after: str | None) -> Generator[Transaction, None, None]:
        """Every transaction after a place, for ever; from now on where there is none.

        What comes first without a place has no changes and says where now is. Raises `HistoryLost`,
        `LogUnusable`, and `SourceUnavailable` where the server can't be reached, or is silent. Ends when closed.
        """
        try:
            with self._streams.errors():
                place = None if after is None else decoded_place(after)
                start = self._checked_start(place)
                yield from self._read(start, told=place is not None)
        except Exception:
            if not self._streams.closed:
                raise
        finally:
            self.close()

    def close(self) -> None:
        """Ends the reading, wherever it waits. For any thread, and more than once."""
        self._streams.close()

    # --- where to begin -------------------------------------------------------------------------------------

    def _checked_start(self, place: LogPlace | None) -> LogPlace:
        with self.server.asked() as cursor:
            identity = variables(cursor).get("server_uuid", "")
            self._schema = database_name(cursor)
            if place is None:
                layouts, end = layouts_here(cursor, list(self._wanted))
                return LogPlace(identity, end.file, end.position, 0, None, layouts)
        if place.server != identity:
            raise HistoryLost("the place is one of another server")
        return place

    def _asked_layout(self, table: str) -> tuple[Layout | None, LogEnd]:
        with self.server.asked() as cursor:
            layouts, end = layouts_here(cursor, [table])
        return layouts.of.get(table), end

    # --- reading --------------------------------------------------------------------------------------------

    def _read(self, start: LogPlace, *, told: bool) -> Iterator[Transaction]:
        self._place = start
        self._file, self._begun, self._expected = start.file, start.begun, start.last
        self._layouts = LogLayouts(start.layouts, self._wanted, self._asked_layout)
        self._floor: LogPlace | None = None
        self._held: list[Transaction] = []
        self._told_at = monotonic()
        position = start.last.start if start.last else start.position
        stream = self._reading = self._streams.open(self._schema, self._wanted, self._file, position)
        try:
            while (event := stream.fetchone()) is not None:
                ready = self._took(event)
                if not told and self._begun:
                    told = True
                    yield self._progress()
                yield from ready
        finally:
            with suppress(Exception):
                stream.close()
        raise SourceUnavailable(self.server.name, "the server has ended the reading of its log")

    def _took(self, event: Any) -> list[Transaction]:
        """What is known for good after an event."""
        self._check_same_history(event)
        match event:
            case UpdateRowsEvent():
                self._open.changes += self._updates(event)
            case WriteRowsEvent():
                self._open.changes += self._inserts(event)
            case TableMapEvent():
                names = event.optional_metadata.column_name_list
                self._layouts.mapped(event.table_id, Mapped(event.table, event.columns, names))
            case XidEvent():
                return self._ended(event, self._open.commit(), number=event.xid)
            case QueryEvent():
                return self._statement(event)
            case XAPrepareEvent():
                return self._prepared(event)
            case MariadbGtidEvent():
                if not event.flags & _STANDALONE:
                    self._open.begin()
            case RotateEvent():
                self._file = event.next_binlog
            case FormatDescriptionEvent():
                return self._file_begun(event)
            case HeartbeatLogEvent():
                return self._quiet()
            case NotImplementedEvent() if event.event_type in _COMPRESSED:
                raise HistoryLost("the log has a compressed transaction, which can't be read")
        return []

    def _check_same_history(self, event: Any) -> None:
        """What follows a place begins with the event that ended there."""
        expected, header = self._expected, event.packet
        if (
            expected is None
            or not header.log_pos
            or isinstance(event, FormatDescriptionEvent | HeartbeatLogEvent)
        ):
            return
        found = LastEvent(
            header.log_pos - header.event_size, event.event_type, event.timestamp, _number(event)
        )
        if found != expected:
            raise HistoryLost("the log has something else where the place is")
        self._expected = None

    def _file_begun(self, event: Any) -> list[Transaction]:
        header = event.packet
        same_file = self._file == self._place.file
        if not same_file:
            self._layouts.forget_numbers()
            # The library keeps them over a server's death, as that leaves no mark at the end of the file.
            self._reading.table_map.clear()
        if same_file and self._place.begun and self._place.begun != event.timestamp:
            raise HistoryLost("the log was begun anew")
        self._begun = event.timestamp
        position = self._place.position if same_file else max(header.log_pos, _FIRST_POSITION)
        last = self._place.last if same_file else None
        self._move(position, last)
        return self._quiet()

    def _statement(self, event: Any) -> list[Transaction]:
        if self._expected_again(event):
            return []
        statement = meant(event.query)
        if statement.meaning is Meaning.CHANGE:
            self._check_statement_change(event)
        elif statement.meaning is Meaning.DEFINITION:
            for found in {name.lower() for name in self._mentions.findall(event.query)}:
                self._layouts.defined_anew(found)
        changes = self._open.take(statement)
        return [] if changes is None else self._ended(event, changes)

    def _check_statement_change(self, event: Any) -> None:
        ours = self._schema.encode() == event.schema or self._schema in event.query
        if ours and self._mentions.search(event.query):
            raise HistoryLost(
                "a change was logged as a statement, not as rows: a session has its own binlog_format"
            )

    def _expected_again(self, event: Any) -> bool:
        """Whether an event was seen before already: it ends where the place is."""
        at = event.packet.log_pos
        return bool(at) and self._file == self._place.file and at <= self._place.position

    def _prepared(self, event: Any) -> list[Transaction]:
        if event.one_phase:
            return self._ended(event, self._open.commit())
        before = self._place
        self._open.prepare(xa_name(event.xid_gtrid.hex(), event.xid_bqual.hex()))
        if self._open.prepared and self._floor is None:
            # Until all are decided, whoever goes on has to read them again.
            self._floor = before
        return self._ended(event, ())

    def _ended(self, event: Any, changes: Changes, *, number: int = 0) -> list[Transaction]:
        """A transaction, or a statement outside of one, has ended with this event."""
        if self._expected_again(event):
            return []
        header = event.packet
        kind, at = event.event_type, event.timestamp
        self._move(header.log_pos, LastEvent(header.log_pos - header.event_size, kind, at, number))
        if not self._open.prepared:
            self._floor = None
        self._layouts.read_up_to(self._place.order)
        if changes:
            self._held.append(Transaction(changes, self._told_place(), self._place.order))
        return self._released() if self._held else self._quiet()

    def _released(self) -> list[Transaction]:
        if self._layouts.on_trial:
            return []
        held, self._held = self._held, []
        self._told_at = monotonic()
        return held

    def _quiet(self) -> list[Transaction]:
        """The place, from time to time."""
        if self._layouts.on_trial or monotonic() - self._told_at < QUIET_SECONDS:
            return []
        return [self._progress()]

    def _progress(self) -> Transaction:
        self._told_at = monotonic()
        return Transaction((), self._told_place(), self._place.order)

    def _told_place(self) -> str:
        return (self._floor or self._place).encoded()

    def _move(self, position: int, last: LastEvent | None) -> None:
        known = self._layouts.known
        self._place = LogPlace(self._place.server, self._file, position, self._begun, last, known)

    # --- rows -----------------------------------------------------------------------------------------------

    def _updates(self, event: Any) -> list[RowChange]:
        changed = self._wanted[self._layouts.table(event.table_id)].changed
        if changed is None:
            return []
        images = self._layouts.images(event.table_id)
        before, after = _bits(event.columns_present_bitmap), _bits(event.columns_present_bitmap2)
        self._check_image(event, images.has_needed(before) and images.has_needed(after))
        partial = isinstance(event, PartialUpdateRowsEvent)
        table = self._layouts.table(event.table_id)
        return [
            RowChange(table, old, new, event.timestamp)
            for old, new in images.updates(_body(event), before, after, partial=partial)
            if old[changed] != new[changed]
        ]

    def _inserts(self, event: Any) -> list[RowChange]:
        if self._wanted[self._layouts.table(event.table_id)].changed is not None:
            return []
        images = self._layouts.images(event.table_id)
        present = _bits(event.columns_present_bitmap)
        self._check_image(event, images.has_needed(present))
        table = self._layouts.table(event.table_id)
        return [RowChange(table, None, row, event.timestamp) for row in images.rows(_body(event), present)]

    def _check_image(self, event: Any, complete: bool) -> None:
        if not complete:
            raise HistoryLost(f"rows of {event.table} lack columns: a session has its own binlog_row_image")


def _number(event: Any) -> int:
    return event.xid if isinstance(event, XidEvent) else 0


def _bits(bitmap: bytes) -> int:
    return int.from_bytes(bitmap, "little")


def _body(event: Any) -> bytes:
    """The bytes of the rows: what follows the part that the library has read, without the checksum."""
    data: bytes = event.packet.packet.get_all_data()
    return data[_HEADER + event.packet.read_bytes : _HEADER + event.event_size]
