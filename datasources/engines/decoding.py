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
from typing import Any, cast

from sqlalchemy import JSON, Boolean, Date, DateTime, Float, Integer, Numeric
from sqlalchemy.types import TypeEngine

from datasources.model import Row, Value

Decoder = Callable[[Value], Value]


def decode_rows(rows: Iterable[Sequence[Value]], types: Sequence[TypeEngine[Any]]) -> list[Row]:
    """Plain tuples with each cell as its type has it; None stays None."""
    decoders = [(index, decoder) for index, type_ in enumerate(types) if (decoder := decoder_of(type_))]
    if not decoders:
        return [tuple(row) for row in rows]
    return [_decode_row(row, decoders) for row in rows]


def _decode_row(row: Sequence[Value], decoders: Sequence[tuple[int, Decoder]]) -> Row:
    cells = list(row)
    for index, decoder in decoders:
        if (cell := cells[index]) is not None:
            cells[index] = decoder(cell)
    return tuple(cells)


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


_DECODERS: tuple[tuple[type[TypeEngine[Any]], Decoder], ...] = (
    (Boolean, bool),
    (Float, _float),
    (Integer, _integer),
    (DateTime, _datetime),
    (Date, _date),
    (JSON, _json),
)
