"""Which column of a table stands where in the rows of a binary log.

Rows in the log name no columns, unless the server writes full metadata. What is known of a table here comes from there
or from its definition, and is compared with what the log says of its columns: their number and their types.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymysqlreplication.constants import FIELD_TYPE

COLUMNS_OF = (
    "select column_name, data_type, column_type, character_octet_length, datetime_precision, numeric_precision, "
    "numeric_scale, character_set_name from information_schema.columns "
    "where table_schema = database() and table_name = %s order by ordinal_position"
)

# A type that isn't compared: which one the log has for it depends on the server.
ANY_KIND = "?"

_FIXED = {
    "tinyint": FIELD_TYPE.TINY,
    "smallint": FIELD_TYPE.SHORT,
    "mediumint": FIELD_TYPE.INT24,
    "int": FIELD_TYPE.LONG,
    "bigint": FIELD_TYPE.LONGLONG,
    "float": FIELD_TYPE.FLOAT,
    "double": FIELD_TYPE.DOUBLE,
    "date": FIELD_TYPE.DATE,
    "year": FIELD_TYPE.YEAR,
}
_STRINGS = {
    "varchar": FIELD_TYPE.VARCHAR,
    "varbinary": FIELD_TYPE.VARCHAR,
    "char": FIELD_TYPE.STRING,
    "binary": FIELD_TYPE.STRING,
}
# No status has more than 255 values, which an ENUM would need two bytes for.
_MEANT = {"enum": f"{FIELD_TYPE.ENUM}:1", "json": f"{FIELD_TYPE.JSON}:4"}
_TEXTS = {"tiny": 1, "": 2, "medium": 3, "long": 4}
_TIMES = {"datetime": FIELD_TYPE.DATETIME2, "timestamp": FIELD_TYPE.TIMESTAMP2, "time": FIELD_TYPE.TIME2}
# Columns that were made before MySQL 5.6 are logged in the older form.
_OLDER = {
    f"{FIELD_TYPE.DATETIME2}:0": str(FIELD_TYPE.DATETIME),
    f"{FIELD_TYPE.TIMESTAMP2}:0": str(FIELD_TYPE.TIMESTAMP),
    f"{FIELD_TYPE.TIME2}:0": str(FIELD_TYPE.TIME),
}
_MEMBER = re.compile(r"'((?:[^']|'')*)'")
_SIZE_NAMES = {
    FIELD_TYPE.VARCHAR: "max_length",
    FIELD_TYPE.STRING: "max_length",
    FIELD_TYPE.VAR_STRING: "max_length",
    FIELD_TYPE.BLOB: "length_size",
    FIELD_TYPE.JSON: "length_size",
    FIELD_TYPE.GEOMETRY: "length_size",
    FIELD_TYPE.DATETIME2: "fsp",
    FIELD_TYPE.TIMESTAMP2: "fsp",
    FIELD_TYPE.TIME2: "fsp",
    FIELD_TYPE.ENUM: "size",
    FIELD_TYPE.SET: "size",
    FIELD_TYPE.BIT: "bits",
}


@dataclass(frozen=True, slots=True)
class LaidColumn:
    """One column. `kind` is its type as the log writes it; `members` are the values of an ENUM, in their order."""

    name: str
    kind: str
    unsigned: bool = False
    charset: str | None = None
    members: tuple[str, ...] = ()


Layout = tuple[LaidColumn, ...]


def layout_of_definition(rows: Sequence[Mapping[str, Any]]) -> Layout:
    """The layout that the rows of `COLUMNS_OF` describe."""
    return tuple(_defined({name.lower(): value for name, value in row.items()}) for row in rows)


def _defined(row: Mapping[str, Any]) -> LaidColumn:
    column_type = _text(row["column_type"])
    return LaidColumn(
        row["column_name"],
        _kind(_text(row["data_type"]).lower(), row),
        unsigned="unsigned" in column_type.lower(),
        charset=row["character_set_name"],
        members=_members(column_type) if column_type.lower().startswith("enum(") else (),
    )


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _members(column_type: str) -> tuple[str, ...]:
    return tuple(found[1].replace("''", "'") for found in _MEMBER.finditer(column_type))


def _kind(data_type: str, row: Mapping[str, Any]) -> str:
    if data_type in _FIXED:
        return str(_FIXED[data_type])
    if data_type in _TIMES:
        return f"{_TIMES[data_type]}:{row['datetime_precision'] or 0}"
    if data_type in _STRINGS:
        return f"{_STRINGS[data_type]}:{row['character_octet_length']}"
    if data_type.endswith(("text", "blob")) and data_type[:-4] in _TEXTS:
        return f"{FIELD_TYPE.BLOB}:{_TEXTS[data_type[:-4]]}"
    if data_type == "decimal":
        return f"{FIELD_TYPE.NEWDECIMAL}:{row['numeric_precision']},{row['numeric_scale']}"
    return _MEANT.get(data_type, ANY_KIND)


def kind_of_mapped(column: Any) -> str:
    """The type of a column as a table map of the log has it."""
    if column.type == FIELD_TYPE.NEWDECIMAL:
        return f"{column.type}:{column.precision},{column.decimals}"
    name = _SIZE_NAMES.get(column.type)
    return str(column.type) if name is None else f"{column.type}:{getattr(column, name)}"


def layout_of_map(names: Sequence[str], columns: Sequence[Any]) -> Layout | None:
    """The layout that a table map with full metadata tells; None where it tells too little."""
    # The library leaves the values of an ENUM empty that aren't UTF-8.
    if len(names) != len(columns) or any("" in (column.enum_values or [])[1:] for column in columns):
        return None
    return tuple(
        LaidColumn(
            name,
            kind_of_mapped(column),
            unsigned=bool(column.unsigned),
            charset=column.character_set_name,
            # The library has the error value '' before them.
            members=tuple((column.enum_values or [""])[1:]),
        )
        for name, column in zip(names, columns, strict=True)
    )


def fits(layout: Layout, columns: Sequence[Any]) -> bool:
    """Whether a table map can be of a table with this layout."""
    return len(layout) == len(columns) and all(
        laid.kind in {ANY_KIND, kind} or _OLDER.get(laid.kind) == kind
        for laid, kind in zip(layout, map(kind_of_mapped, columns), strict=True)
    )


def encoded(layout: Layout) -> list[list[Any]]:
    """A layout as JSON has it."""
    return [[item.name, item.kind, item.unsigned, item.charset, list(item.members)] for item in layout]


def decoded(items: Sequence[Sequence[Any]]) -> Layout:
    """The layout that `encoded` wrote."""
    return tuple(LaidColumn(item[0], item[1], item[2], item[3], tuple(item[4])) for item in items)
