"""Compiles Core statements for one dialect and keeps the result by shape; the SQL engines call it.

SQLAlchemy's own `execute` costs one to three milliseconds a statement over the driver's cursor, most of it in
making results. The engines therefore take its compiler and its cache, and hand text and values to the driver.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ClauseElement, CompoundSelect, Dialect, Insert, Select, Update, insert
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.util import LRUCache

from datasources.model import InsertMany, Value
from datasources.statements import ONE_KEY, PerKey

_SHAPES_KEPT = 500


@dataclass(frozen=True, slots=True)
class Prepared:
    """What goes to a driver: text with positional places, and their values. `kept` says that the text was there."""

    text: str
    parameters: tuple[Value, ...]
    kept: bool = False


@dataclass(frozen=True, slots=True)
class PreparedRows:
    """What goes to a driver for many rows: the text for one of them, and the values of each."""

    text: str
    rows: Sequence[tuple[Value, ...]]


class StatementCompiler:
    """The compiler of one dialect, which must have positional parameters."""

    def __init__(self, dialect: Dialect) -> None:
        assert dialect.positional
        self.dialect = dialect
        self._shapes: LRUCache[Any, Any] = LRUCache(_SHAPES_KEPT)

    def prepare(self, statement: Select[Any] | CompoundSelect[Any] | PerKey | Insert | Update) -> Prepared:
        """Text and parameters of a statement; values of one key each are spread over a `PerKey`."""
        if isinstance(statement, PerKey):
            return self._per_key(statement)
        text, names, values = self._compile(statement)
        return Prepared(text, tuple(values[name] for name in names))

    def prepare_rows(self, write: InsertMany) -> PreparedRows:
        """Text and parameters of an insert of many rows: the text is that of one of them."""
        statement = insert(write.table).inline()
        compiled = statement.compile(dialect=self.dialect, column_keys=list(write.columns))
        assert isinstance(compiled, SQLCompiler)
        processors: dict[str, Any] = dict(compiled._bind_processors)
        places = [(write.columns.index(name), processors.get(name)) for name in compiled.positiontup or ()]
        rows = [
            tuple([row[place] if process is None else process(row[place]) for place, process in places])
            for row in write.values
        ]
        return PreparedRows(compiled.string, rows)

    def _per_key(self, statement: PerKey) -> Prepared:
        text, names, values = self._compile(statement.select)
        parameters: list[Value] = []
        for key in statement.keys:
            values[ONE_KEY] = key
            parameters.extend(values[name] for name in names)
        union = " UNION ALL ".join([f"({text})"] * len(statement.keys))
        return Prepared(union, tuple(parameters))

    def _compile(self, statement: ClauseElement) -> tuple[str, list[str], dict[str, Value]]:
        # These are the steps of SQLAlchemy's own execution, without its connection: lookup by shape, this
        # statement's values in place of the cached one's, lists spread out, values as the driver takes them.
        compiled, extracted, collected, _ = statement._compile_w_cache(
            self.dialect, compiled_cache=self._shapes, column_keys=[]
        )
        assert isinstance(compiled, SQLCompiler)
        values = compiled.construct_params(
            extracted_parameters=extracted, escape_names=False, _collected_params=collected
        )
        processors: dict[str, Any] = dict(compiled._bind_processors)
        text, names = compiled.string, compiled.positiontup or []
        if compiled.literal_execute_params or compiled.post_compile_params:
            expanded = compiled._process_parameters_for_postcompile(values)
            text, names = expanded.statement, list(expanded.positiontup or [])
            processors |= expanded.processors
        for name, process in processors.items():
            if name in values:
                values[name] = process(values[name])
        return text, names, dict(values)
