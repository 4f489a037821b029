"""Makes every driver's cells the same Python values, by the column's declared type; the SQL engines call it.

Boolean gives bool, Numeric an exact Decimal with the declared scale, Float float (None for NaN), DateTime a
naive datetime, Date a date, JSON parsed values. Text that is no JSON, and a date of no calendar, give None.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from operator import attrgetter
from types import NoneType
from typing import Any, cast

from sqlalchemy import JSON, Boolean, Date, DateTime, Float, Integer, Numeric
from sqlalchemy.types import TypeEngine

from datasources.model import Row, Value

Decoder = Callable[[Value], Value]
Fits = Callable[[set[type[Any]], Sequence[Value]], bool]


class RowDecoder:
    """Makes rows plain tuples with each cell as its column's type has it; None stays None.

    Columns are looked at as wholes: most hold what they should, and their rows are handed on as they are. `typed` says
    of which columns the driver gives integers, and moments without a zone, as they are declared.
    """

    def __init__(self, types: Sequence[TypeEngine[Any]], typed: Sequence[bool] = ()) -> None:
        known = typed or [False] * len(types)
        self._columns = [
            (place, decoder, _fit_of(type_, typed=is_typed))
            for place, (type_, is_typed) in enumerate(zip(types, known, strict=True))
            if (decoder := decoder_of(type_)) is not None and not (is_typed and isinstance(type_, Integer))
        ]

    def rows(self, rows: Iterable[Sequence[Value]]) -> list[Row]:
        """The decoded rows."""
        found: list[Any] = rows if isinstance(rows, list) else list(rows)
        if not found:
            return []
        changed: dict[int, list[Value]] = {}
        for place, decoder, fits in self._columns:
            column = [row[place] for row in found]
            if not fits(set(map(type, column)), column):
                changed[place] = [None if cell is None else decoder(cell) for cell in column]
        if changed:
            columns: list[Sequence[Value]] = list(zip(*found, strict=True))
            for place, column in changed.items():
                columns[place] = column
            return list(zip(*columns, strict=True))
        return found if type(found[0]) is tuple else list(map(tuple, found))


def decode_rows(rows: Iterable[Sequence[Value]], types: Sequence[TypeEngine[Any]]) -> list[Row]:
    """Plain tuples with each cell as its type has it; None stays None."""
    return RowDecoder(types).rows(rows)


def decoder_of(type_: TypeEngine[Any]) -> Decoder | None:
    """What makes a driver's cell a value of the type; None where drivers agree already."""
    if isinstance(type_, Numeric) and not isinstance(type_, Float):
        return partial(_decimal, exponent=None if type_.scale is None else Decimal(1).scaleb(-type_.scale))
    return next((decoder for kind, decoder in _DECODERS if isinstance(type_, kind)), None)


def _integer(cell: Value) -> Value:
    # MySQL sums integers into decimals.
    return int(cell) if isinstance(cell, Decimal | float | bool) else cell


def _float(cell: Value) -> float | None:
    number = float(cell)
    return None if math.isnan(number) else number


def _decimal(cell: Value, *, exponent: Decimal | None) -> Decimal:
    number = cell if isinstance(cell, Decimal) else Decimal(str(cell))
    return number if exponent is None else number.quantize(exponent)


def _datetime(cell: Value) -> datetime | None:
    if isinstance(cell, str):
        return cast(datetime | None, _parsed(datetime.fromisoformat, cell))
    return cell.replace(tzinfo=None) if isinstance(cell, datetime) else None


def _date(cell: Value) -> date | None:
    if isinstance(cell, str):
        return cast(date | None, _parsed(date.fromisoformat, cell[:10]))
    if isinstance(cell, datetime):
        return cell.date()
    return cell if isinstance(cell, date) else None


def _json(cell: Value) -> Value:
    return _parsed(json.loads, cell) if isinstance(cell, str | bytes) else cell


def _parsed(parse: Callable[[Any], Value], text: str | bytes) -> Any:
    try:
        return parse(text)
    except ValueError:
        return None


# --- whether a column needs it ------------------------------------------------------------------------------


def _fit_of(type_: TypeEngine[Any], *, typed: bool = False) -> Fits:
    """Says of a column, and of the kinds of its cells, that all of them are right already."""
    if typed and isinstance(type_, DateTime):
        return partial(_are, datetime)
    if isinstance(type_, Float):
        return _never
    if isinstance(type_, Numeric):
        return _never if type_.scale is None else partial(_have_scale, Decimal(1).scaleb(-type_.scale))
    return next((fits for kind, fits in _FITS if isinstance(type_, kind)), _never)


def _never(kinds: set[type[Any]], column: Sequence[Value]) -> bool:
    return False


def _are(kind: type[Any], kinds: set[type[Any]], column: Sequence[Value]) -> bool:
    return kinds <= {kind, NoneType}


def _have_scale(exponent: Decimal, kinds: set[type[Any]], column: Sequence[Value]) -> bool:
    if not kinds <= {Decimal, NoneType}:
        return False
    cells = [cell for cell in column if cell is not None] if NoneType in kinds else column
    return all(map(exponent.same_quantum, cells))


def _are_naive(kinds: set[type[Any]], column: Sequence[Value]) -> bool:
    if not kinds <= {datetime, NoneType}:
        return False
    cells = [cell for cell in column if cell is not None] if NoneType in kinds else column
    return set(map(_ZONE, cells)) <= {None}


def _are_parsed(kinds: set[type[Any]], column: Sequence[Value]) -> bool:
    return kinds.isdisjoint({str, bytes})


_ZONE = attrgetter("tzinfo")
_FITS: tuple[tuple[type[TypeEngine[Any]], Fits], ...] = (
    (Boolean, partial(_are, bool)),
    (Integer, partial(_are, int)),
    (DateTime, _are_naive),
    (Date, partial(_are, date)),
    (JSON, _are_parsed),
)

_DECODERS: tuple[tuple[type[TypeEngine[Any]], Decoder], ...] = (
    (Boolean, bool),
    (Float, _float),
    (Integer, _integer),
    (DateTime, _datetime),
    (Date, _date),
    (JSON, _json),
)
