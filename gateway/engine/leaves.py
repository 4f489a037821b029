"""Whole columns of leaves as JSON has them, each checked by what all its values have in common.

`Unexpected` is whatever a column holds that its GraphQL type doesn't promise: then the answer is completed value by
value, as the specification says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from math import isfinite
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import orjson

from gateway.engine.objects import Failure

# A zone's offset is looked for from then on.
OFFSETS_LAST_SINCE = datetime(1970, 2, 1)
LARGEST_INT = 2**31 - 1
SMALLEST_INT = -(2**31)

Column: TypeAlias = Sequence[Any]
Nothing = type(None)


class Unexpected(Exception):
    """A value isn't what its type promises."""


def check_types(values: Column, *kinds: type) -> bool:
    """Whether a value is None. Raises `Unexpected` where one is of none of these types."""
    found = {*map(type, values)}
    if Nothing not in found:
        if not found.issubset(kinds):
            raise Unexpected
        return False
    found.discard(Nothing)
    if not found.issubset(kinds):
        raise Unexpected
    return True


def check_present(values: Column, absent: int) -> None:
    """Raises `Unexpected` where more values are None than objects are absent."""
    if values.count(None) != absent:
        raise Unexpected


def texts(values: Column, _: ZoneInfo) -> Column:
    """Texts and ids, as they are."""
    check_types(values, str)
    return values


def truths(values: Column, _: ZoneInfo) -> Column:
    """Truth values, as they are."""
    check_types(values, bool)
    return values


def integers(values: Column, _: ZoneInfo) -> Column:
    """Integers of 32 bits, as they are."""
    known = [value for value in values if value is not None] if check_types(values, int) else values
    if known and (max(known) > LARGEST_INT or min(known) < SMALLEST_INT):
        raise Unexpected
    return values


def floats(values: Column, _: ZoneInfo) -> Column:
    """Finite numbers, as they are."""
    check_types(values, float)
    if not all(map(isfinite, filter(None, values))):
        raise Unexpected
    return values


def anything(values: Column, _: ZoneInfo) -> Column:
    """JSON, as it is: anything but why there is none."""
    if Failure in {*map(type, values)}:
        raise Unexpected
    return values


def decimals(values: Column, _: ZoneInfo) -> Column:
    """Exact numbers as text."""
    check_types(values, Decimal)
    return [None if value is None else str(value) for value in values]


def days(values: Column, _: ZoneInfo) -> Column:
    """Days as ISO 8601 has them."""
    check_types(values, date)
    return [None if value is None else value.isoformat() for value in values]


def moments(values: Column, _: ZoneInfo) -> Column:
    """Moments as ISO 8601 has them, each with the offset that it has."""
    check_types(values, datetime)
    return [None if value is None else value.isoformat() for value in values]


def wall_clock(values: Column, zone: ZoneInfo) -> Column:
    """Cells of a DATETIME column: the estate's wall clock, with its zone's offset."""
    some_absent = check_types(values, datetime)
    known = [value for value in values if value is not None] if some_absent else values
    offset = _lasting_offset(zone)
    if offset is None or min(known, default=OFFSETS_LAST_SINCE) < OFFSETS_LAST_SINCE:
        return [None if value is None else value.replace(tzinfo=zone).isoformat() for value in values]
    written = _offset_by(known, offset)
    if not some_absent:
        return written
    texts = iter(written)
    return [None if value is None else next(texts) for value in values]


def _offset_by(values: Column, offset: str) -> list[str]:
    """As `isoformat` writes each, with an offset behind it; a fifth of its time, as orjson writes all at once."""
    if not values:
        return []
    texts = orjson.dumps(values).decode()[2:-2].replace('","', offset + '","') + offset
    return texts.split('","')


@lru_cache(maxsize=8)
def _lasting_offset(zone: ZoneInfo) -> str | None:
    """The offset that a zone has had ever since; None where it changes, as with the seasons."""
    days = (datetime(year, month, 1, tzinfo=zone) for year in range(1970, 2101) for month in range(1, 13))
    offsets = {day.isoformat()[19:] for day in days}
    return offsets.pop() if len(offsets) == 1 else None


def one_of(names: frozenset[str]) -> Callable[[Column, ZoneInfo], Column]:
    """Values of an enum, as they are."""

    def values_of(values: Column, _: ZoneInfo) -> Column:
        check_types(values, str)
        if not {*values} <= names | {None}:
            raise Unexpected
        return values

    return values_of


SCALARS: dict[str, Callable[[Column, ZoneInfo], Column]] = {
    "String": texts,
    "ID": texts,
    "Boolean": truths,
    "Int": integers,
    "Float": floats,
    "JSON": anything,
    "Decimal": decimals,
    "Date": days,
    "DateTime": moments,
}
