"""A batch of generated rows of one table: what the generator makes and the loaders take."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy import Table
from sqlalchemy.types import TypeEngine

# Every column of the table by name: str, int, bool, Decimal, date, naive datetime, or what JSON holds.
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows of one table, each with all of its columns."""

    table: Table
    rows: list[Row]

    @property
    def source(self) -> str:
        """The estate database that the rows belong to: iperform, magenta or analytics."""
        return str(self.table.metadata.info["source"])


def values(chunk: Chunk, convert: Mapping[str, Callable[[Any], Any]]) -> Iterator[tuple[Any, ...]]:
    """The rows as tuples in the order of the table's columns.

    `convert` says by column name how a value other than None is written. Raises KeyError for a row that lacks
    a column: the generator leaves nothing to defaults.
    """
    names = column_names(chunk.table)
    read: Callable[[Row], tuple[Any, ...]] = itemgetter(*names)
    places = [(place, convert[name]) for place, name in enumerate(names) if name in convert]
    for row in chunk.rows:
        if not places:
            yield read(row)
            continue
        cells = list(read(row))
        for place, write in places:
            if cells[place] is not None:
                cells[place] = write(cells[place])
        yield tuple(cells)


def json_text(value: object) -> str:
    """JSON as the estate's own programs write it: other scripts stay readable."""
    return json.dumps(value, ensure_ascii=False)


def column_names(table: Table) -> list[str]:
    """The names of the table's columns, in order."""
    return [column.name for column in table.columns]


def columns_of(table: Table, kind: type[TypeEngine[Any]]) -> list[str]:
    """The names of the table's columns of this SQLAlchemy type."""
    return [column.name for column in table.columns if isinstance(column.type, kind)]
