"""Reads the rows of a binary log's event: of each row the columns that are wanted, stepping over all others.

Used by `mysql_binlog.py` in place of the library's own decoding, which makes values of all columns: twenty times the
work for a table of fifty, and a text of another encoding or a type that it doesn't know would end the reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pymysql.charset import charset_by_name
from pymysqlreplication.constants import FIELD_TYPE

from datasources.changes import LogUnusable
from datasources.engines.mysql_layout import LaidColumn, Layout

Step = Callable[[bytes, int], int]
ReadValue = Callable[[bytes], Any]

_WIDTHS = {
    FIELD_TYPE.TINY: 1,
    FIELD_TYPE.YEAR: 1,
    FIELD_TYPE.SHORT: 2,
    FIELD_TYPE.INT24: 3,
    FIELD_TYPE.DATE: 3,
    FIELD_TYPE.NEWDATE: 3,
    FIELD_TYPE.TIME: 3,
    FIELD_TYPE.LONG: 4,
    FIELD_TYPE.FLOAT: 4,
    FIELD_TYPE.TIMESTAMP: 4,
    FIELD_TYPE.DOUBLE: 8,
    FIELD_TYPE.LONGLONG: 8,
    FIELD_TYPE.DATETIME: 8,
}
_FRACTIONAL = {FIELD_TYPE.TIME2: 3, FIELD_TYPE.TIMESTAMP2: 4, FIELD_TYPE.DATETIME2: 5}
_INTEGERS = frozenset(
    {FIELD_TYPE.TINY, FIELD_TYPE.SHORT, FIELD_TYPE.INT24, FIELD_TYPE.LONG, FIELD_TYPE.LONGLONG}
)
_STRINGS = frozenset({FIELD_TYPE.VARCHAR, FIELD_TYPE.VAR_STRING, FIELD_TYPE.STRING})
_DECIMAL_BYTES = (0, 1, 1, 2, 2, 3, 3, 4, 4)


class RowImages:
    """Reads the row images of one table. `columns` are those of its table map, `layout` says what they are called.

    Raises `LogUnusable` for a type that can't be stepped over, or a wanted column that isn't there.
    """

    def __init__(self, columns: Sequence[Any], layout: Layout, wanted: Sequence[str]) -> None:
        places = {laid.name.lower(): place for place, laid in enumerate(layout)}
        missing = [name for name in wanted if name not in places]
        if missing:
            raise LogUnusable(f"no column {', '.join(missing)}")
        self._needed = sum(1 << places[name] for name in wanted)
        self._json = sum(column.type == FIELD_TYPE.JSON for column in columns)
        reads = {
            places[name]: (name, _reader(columns[places[name]], layout[places[name]])) for name in wanted
        }
        self._plan = [(1 << place, _step(column), reads.get(place)) for place, column in enumerate(columns)]
        self._everything = (1 << len(columns)) - 1

    def rows(self, data: bytes, present: int) -> Iterator[Mapping[str, Any]]:
        """The rows that were added."""
        at = 0
        while at < len(data):
            row, at = self._image(data, at, present)
            yield row

    def updates(
        self, data: bytes, before: int, after: int, *, partial: bool
    ) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        """The rows that were changed, as they were and as they are."""
        at = 0
        while at < len(data):
            old, at = self._image(data, at, before)
            if partial:
                at = self._after_json_marks(data, at)
            new, at = self._image(data, at, after)
            yield old, new

    def has_needed(self, present: int) -> bool:
        """Whether images with these columns hold all that are wanted: with `binlog_row_image` FULL they do."""
        return present & self._needed == self._needed

    def _image(self, data: bytes, at: int, present: int) -> tuple[dict[str, Any], int]:
        plan = self._plan
        if present & self._everything != self._everything:
            plan = [item for item in plan if item[0] & present]
        start = at + (len(plan) + 7) // 8
        nulls, at = int.from_bytes(data[at:start], "little"), start
        row: dict[str, Any] = {}
        # The bits of the nulls count the columns that are there, not those of the table.
        bit = 1
        for _, step, wanted in plan:
            if nulls & bit:
                if wanted is not None:
                    row[wanted[0]] = None
            elif wanted is None:
                at = step(data, at)
            else:
                end = step(data, at)
                row[wanted[0]] = wanted[1](data[at:end])
                at = end
            bit <<= 1
        return row, at

    def _after_json_marks(self, data: bytes, at: int) -> int:
        """Steps over what MySQL's `binlog_row_value_options=PARTIAL_JSON` puts before an image."""
        return at + 1 + ((self._json + 7) // 8 if data[at] & 1 else 0)


def _step(column: Any) -> Step:
    prefix = _prefix(column)
    return _fixed(_width(column)) if prefix is None else _prefixed(prefix)


def _width(column: Any) -> int:
    """How many bytes the values of a type of fixed size have."""
    kind: int = column.type
    if kind in _FRACTIONAL:
        return _FRACTIONAL[kind] + int(column.fsp + 1) // 2
    if kind in {FIELD_TYPE.ENUM, FIELD_TYPE.SET}:
        return int(column.size)
    if kind == FIELD_TYPE.BIT:
        return int(column.bytes)
    if kind == FIELD_TYPE.NEWDECIMAL:
        return _digits(column.precision - column.decimals) + _digits(column.decimals)
    if kind not in _WIDTHS:
        raise LogUnusable(f"a column of the type {kind}, which isn't known")
    return _WIDTHS[kind]


def _prefix(column: Any) -> int | None:
    """How many bytes before a value tell its length; None for a type of fixed size."""
    if column.type in _STRINGS:
        return 2 if column.max_length > 255 else 1
    if column.type in {FIELD_TYPE.BLOB, FIELD_TYPE.JSON, FIELD_TYPE.GEOMETRY}:
        return int(column.length_size)
    return None


def _digits(count: int) -> int:
    return count // 9 * 4 + _DECIMAL_BYTES[count % 9]


def _fixed(width: int) -> Step:
    return lambda _, at: at + width


def _prefixed(size: int) -> Step:
    if size == 1:
        return lambda data, at: at + 1 + data[at]
    return lambda data, at: at + size + int.from_bytes(data[at : at + size], "little")


def _reader(column: Any, laid: LaidColumn) -> ReadValue:
    kind = column.type
    if kind in _INTEGERS:
        return lambda data: int.from_bytes(data, "little", signed=not laid.unsigned)
    if kind in _STRINGS or kind == FIELD_TYPE.BLOB:
        encoding = _encoding(laid.charset)
        prefix = _prefix(column)
        return lambda data: data[prefix:].decode(encoding, "replace")
    if kind == FIELD_TYPE.ENUM:
        members = ("", *laid.members)
        return lambda data: members[int.from_bytes(data, "little")]
    if kind == FIELD_TYPE.DATETIME2:
        return _packed_datetime
    if kind == FIELD_TYPE.TIMESTAMP2:
        return lambda data: datetime.fromtimestamp(int.from_bytes(data[:4], "big"), UTC)
    raise LogUnusable(f"the column {laid.name} has the type {kind}, which isn't read")


def _encoding(charset: str | None) -> str:
    try:
        found = charset_by_name(charset or "utf8mb4")
    except KeyError:
        return charset or "utf-8"
    return found.encoding if found else charset or "utf-8"


def _packed_datetime(data: bytes) -> datetime | None:
    """Bits: sign 1, year * 13 + month 17, day 5, hour 5, minute 6, second 6; then the fraction, which isn't read."""
    packed = int.from_bytes(data[:5], "big")
    year, month = divmod(packed >> 22 & 0x1FFFF, 13)
    clock = packed >> 12 & 0x1F, packed >> 6 & 0x3F, packed & 0x3F
    try:
        return datetime(year, month, packed >> 17 & 0x1F, *clock)
    except ValueError:
        # What MySQL calls zero: no moment.
        return None
