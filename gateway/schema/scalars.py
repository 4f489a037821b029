"""The scalars of the API: their text, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

# The ends of the calendar have no room for another zone's offset.
FIRST_YEAR, LAST_YEAR = 2, 9998
MOST_DIGITS = 65


def _parse_datetime(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("no offset")
    except (TypeError, ValueError):
        raise ValueError(
            "A DateTime is ISO 8601 with an offset, such as 2026-11-20T09:30:00+05:30."
        ) from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"That DateTime is out of range: from the year {FIRST_YEAR:04} to {LAST_YEAR}.")
    return moment


def _parse_date(value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError("A Date is ISO 8601, such as 2026-11-20.") from None


def _parse_decimal(value: Any) -> Decimal:
    try:
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise InvalidOperation
        number = Decimal(value)
        if not number.is_finite():
            raise InvalidOperation
    except InvalidOperation:
        raise ValueError('A Decimal is a text such as "1499.00".') from None
    if len(number.as_tuple().digits) > MOST_DIGITS or abs(number.adjusted()) > MOST_DIGITS:
        raise ValueError(
            f"That Decimal is out of range: at most {MOST_DIGITS} digits, "
            f"and an exponent from -{MOST_DIGITS} to {MOST_DIGITS}."
        )
    return number


def _serialize_moment(value: Any) -> str:
    return value if isinstance(value, str) else str(value.isoformat())


def _as_it_is(value: Any) -> Any:
    return value


def _scalar(
    name: str,
    description: str,
    serialize: Callable[[Any], Any],
    parse: Callable[[Any], Any],
    url: str | None = None,
) -> ScalarDefinition:
    return strawberry.scalar(
        name=name, description=description, serialize=serialize, parse_value=parse, specified_by_url=url
    )


DateTime = NewType("DateTime", datetime)
Date = NewType("Date", date)
DecimalText = NewType("DecimalText", Decimal)
Json = NewType("Json", object)

# The Python types that stand for the scalars, and their definitions.
SCALARS: dict[object, ScalarDefinition] = {
    DateTime: _scalar(
        "DateTime",
        "A moment: ISO 8601 with an offset, such as `2026-11-20T09:30:00+05:30`.",
        _serialize_moment,
        _parse_datetime,
    ),
    Date: _scalar("Date", "A day: ISO 8601, such as `2026-11-20`.", _serialize_moment, _parse_date),
    DecimalText: _scalar(
        "Decimal", 'An exact decimal number, as a text such as `"1499.00"`.', str, _parse_decimal
    ),
    Json: _scalar("JSON", "Any JSON value, as the estate keeps it.", _as_it_is, _as_it_is),
}
