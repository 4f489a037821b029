"""ClickHouse's dialect of Core statements, and its literals, for the server's engine and the embedded one's.

Statements carry their values as literals, so that version 18.16 and today's answer the same text: `literal`
is the only place where a value becomes text.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.sql.compiler import SQLCompiler

from datasources.engines.compiled import Prepared
from datasources.model import Value

_ESCAPES = str.maketrans(
    {
        "\\": "\\\\",
        "'": "\\'",
        "\0": "\\0",
        "\b": "\\b",
        "\f": "\\f",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
    }
)
# What a DateTime and a Date can hold; beyond, ClickHouse would count on from the other end.
_DATETIMES = (datetime(1970, 1, 1), datetime(2106, 2, 7, 6, 28, 15))
_DATES = (date(1970, 1, 1), date(2105, 12, 31))


class ClickHouseCompiler(SQLCompiler):
    """Core statements in the words that ClickHouse 18.16 knows already."""

    def visit_asc_op_unary_modifier(self, unary: Any, modifier: Any, **options: Any) -> str:
        """NULL is the smallest value here as in the other sources; descending it comes last by itself."""
        return f"{self.process(unary.element, **options)} ASC NULLS FIRST"


class ClickHouseDialect(DefaultDialect):
    """Compiles only: connections are the engines' own."""

    name = "clickhouse"
    statement_compiler = ClickHouseCompiler
    default_paramstyle = "format"
    supports_statement_cache = True
    supports_native_decimal = True


def full_text(prepared: Prepared) -> str:
    """The statement with its values in their places."""
    return prepared.text % tuple(map(literal, prepared.parameters))


def literal(value: Value) -> str:  # noqa: PLR0911 - one for each kind of value
    """A value as ClickHouse reads it back. Raises `TypeError` for a kind of value that no column holds."""
    match value:
        case None:
            return "NULL"
        case bool():
            return "1" if value else "0"
        case int():
            return str(value)
        case str():
            return f"'{value.translate(_ESCAPES)}'"
        case datetime():
            return f"toDateTime('{_within(value, _DATETIMES):%Y-%m-%d %H:%M:%S}', 'UTC')"
        case date():
            return f"toDate('{_within(value, _DATES):%Y-%m-%d}')"
        case float() | Decimal() if isfinite(value):
            return _number(value)
        case list() | tuple() | frozenset():
            return f"[{', '.join(map(literal, value))}]"
    raise TypeError(f"ClickHouse has no literal for {value!r}")


def _number(value: float | Decimal) -> str:
    if isinstance(value, float):
        return repr(value)
    digits = max(0, -int(value.as_tuple().exponent))
    return f"toDecimal128('{value:f}', {digits})"


def _within(value: Any, limits: Iterable[Any]) -> Any:
    first, last = limits
    return min(max(value, first), last)
