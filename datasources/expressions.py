"""Comparisons that mean the same on every engine: text by code point, lists of ids, months, two-valued truth.

Called by `statements.py` and by whoever builds a `Match`. MySQL's default collation ignores case, accents
and trailing spaces, SQLite's `lower()` knows ASCII only, ClickHouse has functions of its own: each
dialect's way is here.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from typing import cast as cast_type

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Integer,
    Label,
    Numeric,
    String,
    Text,
    and_,
    case,
    cast,
    collate,
    false,
    func,
    literal,
    literal_column,
    or_,
)
from sqlalchemy.dialects.mysql import BINARY, CHAR
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from datasources.model import Value

# The SQLite engine registers Python functions under these names on each of its connections.
SQLITE_LOWER = "unicode_lower"
SQLITE_LISTS_ANY = "lists_any"

# `lower()` follows the collation's case table: this one is in MySQL 5.7 as in MariaDB and covers all scripts.
_MYSQL_CASE_TABLE = "utf8mb4_unicode_520_ci"


def is_text(column: ColumnElement[Any]) -> bool:
    """Whether a column's values are text, so that they compare by code point."""
    return isinstance(column.type, String)


def by_code_point(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The column as it compares and sorts by code point; what isn't text passes through."""
    return CodePoints(column) if is_text(column) else column


def as_text(column: ColumnElement[Any]) -> ColumnElement[str]:
    """The decimal text of an integer column, comparable by code point: 5 is `'5'`, never `'05'`."""
    return by_code_point(column) if is_text(column) else IntegerText(column)


def bare(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The expression without its label: cells go by place; ClickHouse would take a label for the column."""
    return column.element if isinstance(column, Label) else column


def named_id(column: ColumnElement[Any]) -> ColumnElement[int]:
    """The positive id that a text column holds in its only right form: NULL for `'05'`, `' 5'`, `'5x'` and `''`."""
    return NamedId(column)


def equals(column: ColumnElement[Any], value: Value) -> ColumnElement[bool]:
    """Exactly this value: by code point for text. Never true for None."""
    return among(column, (value,))


def among(column: ColumnElement[Any], values: Iterable[Value]) -> ColumnElement[bool]:
    """Exactly one of the values, of any number; None among them matches nothing."""
    kept = [value for value in values if value is not None and not has_fraction(value)]
    if not kept:
        return false()
    if isinstance(column.type, Numeric):
        # ClickHouse 18.16 takes a list of decimals only in the column's own precision.
        return or_(*(column == value for value in kept))
    if not is_text(column):
        return column.in_(kept)
    texts = [str(value) for value in kept]
    return ExactText(column.in_(texts), by_code_point(column).in_(texts))


def less_than(column: ColumnElement[Any], value: Value) -> ColumnElement[bool]:
    """Below the value, by code point for text."""
    return _compared(operator.le if has_fraction(value) else operator.lt, column, value)


def at_most(column: ColumnElement[Any], value: Value) -> ColumnElement[bool]:
    """Below the value or equal to it, by code point for text."""
    return _compared(operator.le, column, value)


def greater_than(column: ColumnElement[Any], value: Value) -> ColumnElement[bool]:
    """Above the value, by code point for text."""
    return _compared(operator.gt, column, value)


def at_least(column: ColumnElement[Any], value: Value) -> ColumnElement[bool]:
    """Above the value or equal to it, by code point for text."""
    return _compared(operator.gt if has_fraction(value) else operator.ge, column, value)


def _compared(
    compare: Callable[[Any, Any], Any], column: ColumnElement[Any], value: Value
) -> ColumnElement[bool]:
    if is_text(column):
        value = str(value)
    elif has_fraction(value):
        value = value.replace(microsecond=0)
    return cast_type("ColumnElement[bool]", compare(by_code_point(column), value))


def has_fraction(value: Value) -> bool:
    """Whether a value is a time with a fraction of a second."""
    # The estate's dates have whole seconds, and only some engines could compare with less.
    return isinstance(value, datetime) and value.microsecond != 0


def contains_text(column: ColumnElement[Any], value: str) -> ColumnElement[bool]:
    """The value occurs in the text. In every script case is ignored, accents count; nothing is a wildcard."""
    # An empty needle is found at 1 by some engines and at 0 by others.
    return TextPosition(column, literal(value, Text)) > 0 if value else column.is_not(None)


def starts_with_text(column: ColumnElement[Any], value: str) -> ColumnElement[bool]:
    """The text begins with the value, compared as by `contains_text`."""
    return TextPosition(column, literal(value, Text)) == 1 if value else column.is_not(None)


def lists_any(column: ColumnElement[Any], ids: Iterable[int]) -> ColumnElement[bool]:
    """The comma-separated text has one of the ids as a whole item; blanks around items don't count."""
    alternatives = "|".join(str(int(id_)) for id_ in sorted(ids))
    return ListedId(column, literal(alternatives, Text)) if alternatives else false()


def year_month(column: ColumnElement[Any]) -> ColumnElement[str]:
    """The month of a date or a date with time, as `YYYY-MM`."""
    return YearMonth(column)


def is_true(expression: ColumnElement[bool]) -> ColumnElement[bool]:
    """The expression with false in the place of NULL."""
    return IsTrue(expression)


# --- the constructs, and each dialect's way to say them -----------------------------------------------------


class Condition(FunctionElement[bool]):
    """A condition that stands as it is: SQLAlchemy's `= 1` around it would keep an index from being used."""

    inherit_cache = True
    type = Boolean()

    def self_group(self, against: Any = None) -> ColumnElement[bool]:  # type: ignore[override]
        """Needs no parentheses: each form below brings its own."""
        return self


class CodePoints(FunctionElement[Any]):
    """A text column in the order and equality of its UTF-8 bytes."""

    inherit_cache = True
    type = Text()


@compiles(CodePoints)
def _code_points(element: CodePoints, compiler: SQLCompiler, **options: Any) -> str:
    return _argument(element, compiler, options)


@compiles(CodePoints, "mysql", "mariadb")
def _code_points_mysql(element: CodePoints, compiler: SQLCompiler, **options: Any) -> str:
    return f"cast(convert({_argument(element, compiler, options)} using utf8mb4) as binary)"


class IntegerText(FunctionElement[str]):
    """An integer's decimal text."""

    inherit_cache = True
    type = Text()


@compiles(IntegerText)
def _integer_text(element: IntegerText, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(cast(_first(element), Text), **options)


@compiles(IntegerText, "mysql", "mariadb")
def _integer_text_mysql(element: IntegerText, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(cast(cast(_first(element), CHAR), BINARY), **options)


@compiles(IntegerText, "clickhouse")
def _integer_text_clickhouse(element: IntegerText, compiler: SQLCompiler, **options: Any) -> str:
    return f"toString({_argument(element, compiler, options)})"


class NamedId(FunctionElement[int]):
    """The id in a text, of at most eighteen digits; a number made of rubbish would be a warning for each row."""

    inherit_cache = True
    type = Integer()


@compiles(NamedId, "mysql", "mariadb")
def _named_id_mysql(element: NamedId, compiler: SQLCompiler, **options: Any) -> str:
    text = _first(element)
    # `$` alone would let a line end pass.
    closed = func.concat(text, literal_column("'|'", Text), type_=Text)
    digits = closed.regexp_match(literal_column("'^[1-9][0-9]{0,17}[|]$'", Text))
    return compiler.process(case((digits, cast(text, Integer))), **options)


@compiles(NamedId, "sqlite")
def _named_id_sqlite(element: NamedId, compiler: SQLCompiler, **options: Any) -> str:
    text = _first(element)
    number = cast(text, Integer)
    canonical = and_(func.length(text) <= literal_column("18"), text.op("glob")(literal_column("'[1-9]*'")))
    return compiler.process(case((and_(canonical, cast(number, Text) == text), number)), **options)


class ExactText(Condition):
    """Two forms of one comparison: by the column's collation, which an index serves, and by code point."""

    inherit_cache = True


@compiles(ExactText)
def _exact_text(element: ExactText, compiler: SQLCompiler, **options: Any) -> str:
    return f"({compiler.process(_arguments(element)[1], **options)})"


@compiles(ExactText, "mysql", "mariadb")
def _exact_text_mysql(element: ExactText, compiler: SQLCompiler, **options: Any) -> str:
    # The collation's equality holds wherever the exact one does: it finds the rows, the other decides.
    return f"({compiler.process(and_(*_arguments(element)), **options)})"


class TextPosition(FunctionElement[int]):
    """Where the second text begins in the first, from 1, case ignored; 0 where it doesn't occur."""

    inherit_cache = True
    type = Integer()


@compiles(TextPosition, "mysql", "mariadb")
def _text_position_mysql(element: TextPosition, compiler: SQLCompiler, **options: Any) -> str:
    text, value = (_mysql_lower(part) for part in _arguments(element))
    return compiler.process(func.locate(value, text), **options)


def _mysql_lower(part: ColumnElement[Any]) -> ColumnElement[Any]:
    lower = func.lower(collate(_Utf8(part), _MYSQL_CASE_TABLE), type_=Text)
    return func.replace(CodePoints(lower), literal_column("'ς'"), literal_column("'σ'"))


class _Utf8(FunctionElement[str]):
    """A text in utf8mb4, whatever its column's character set."""

    inherit_cache = True
    type = Text()


@compiles(_Utf8, "mysql", "mariadb")
def _utf8_mysql(element: _Utf8, compiler: SQLCompiler, **options: Any) -> str:
    return f"convert({_argument(element, compiler, options)} using utf8mb4)"


@compiles(TextPosition, "sqlite")
def _text_position_sqlite(element: TextPosition, compiler: SQLCompiler, **options: Any) -> str:
    text, value = (compiler.process(part, **options) for part in _arguments(element))
    return f"instr({SQLITE_LOWER}({text}), {SQLITE_LOWER}({value}))"


@compiles(TextPosition, "clickhouse")
def _text_position_clickhouse(element: TextPosition, compiler: SQLCompiler, **options: Any) -> str:
    text, value = (_clickhouse_lower(compiler.process(part, **options)) for part in _arguments(element))
    return f"position({text}, {value})"


def _clickhouse_lower(text: str) -> str:
    # 18.16 leaves these letters as they are, today's makes two of the first and looks around at the last.
    for upper, lower in (("İ", "i"), ("ẞ", "ß"), ("Σ", "σ")):
        text = f"replaceAll({text}, '{upper}', '{lower}')"
    return f"replaceAll(lowerUTF8({text}), 'ς', 'σ')"


class ListedId(Condition):
    """Whether a comma-separated text lists one of the alternatives `1|22|333`."""

    inherit_cache = True


@compiles(ListedId, "mysql", "mariadb")
def _listed_id_mysql(element: ListedId, compiler: SQLCompiler, **options: Any) -> str:
    # No anchors, no escapes: `$` and `\s` differ between MySQL 5.7's, 8's and MariaDB's regular expressions.
    text, pattern = _list_and_pattern(element)
    return f"({compiler.process(text.regexp_match(pattern), **options)})"


@compiles(ListedId, "clickhouse")
def _listed_id_clickhouse(element: ListedId, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(func.match(*_list_and_pattern(element)), **options)


def _list_and_pattern(element: ListedId) -> tuple[ColumnElement[str], ColumnElement[str]]:
    column, alternatives = _arguments(element)
    comma = literal_column("','", Text)
    text = func.concat(comma, column, comma, type_=Text)
    before, after = literal_column("',[ \t]*('", Text), literal_column("')[ \t]*,'", Text)
    return text, func.concat(before, alternatives, after, type_=Text)


@compiles(ListedId, "sqlite")
def _listed_id_sqlite(element: ListedId, compiler: SQLCompiler, **options: Any) -> str:
    text, alternatives = (compiler.process(part, **options) for part in _arguments(element))
    return f"{SQLITE_LISTS_ANY}({text}, {alternatives})"


class YearMonth(FunctionElement[str]):
    """`YYYY-MM` of a date."""

    inherit_cache = True
    type = String(7)


@compiles(YearMonth, "mysql", "mariadb")
def _year_month_mysql(element: YearMonth, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(func.date_format(_first(element), literal_column("'%Y-%m'")), **options)


@compiles(YearMonth, "sqlite")
def _year_month_sqlite(element: YearMonth, compiler: SQLCompiler, **options: Any) -> str:
    return f"substr({_argument(element, compiler, options)}, 1, 7)"


@compiles(YearMonth, "clickhouse")
def _year_month_clickhouse(element: YearMonth, compiler: SQLCompiler, **options: Any) -> str:
    return f"substring(toString({_argument(element, compiler, options)}), 1, 7)"


class IsTrue(Condition):
    """Two-valued truth."""

    inherit_cache = True


@compiles(IsTrue)
def _is_true(element: IsTrue, compiler: SQLCompiler, **options: Any) -> str:
    return f"(({_argument(element, compiler, options)}) is true)"


@compiles(IsTrue, "clickhouse")
def _is_true_clickhouse(element: IsTrue, compiler: SQLCompiler, **options: Any) -> str:
    return f"ifNull({_argument(element, compiler, options)}, 0)"


def _arguments(element: FunctionElement[Any]) -> list[ColumnElement[Any]]:
    return list(element.clauses)


def _first(element: FunctionElement[Any]) -> ColumnElement[Any]:
    return _arguments(element)[0]


def _argument(element: FunctionElement[Any], compiler: SQLCompiler, options: dict[str, Any]) -> str:
    return compiler.process(_first(element), **options)
