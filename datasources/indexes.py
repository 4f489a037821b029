"""Declares an index of an estate table once for every dialect; the tables modules call it.

On SQLite an index's name is unique over the whole file, in MySQL only over its table, and the estate uses
`idx_user_id` in many tables: on SQLite the table's name is put before it.
"""

from typing import Any

from sqlalchemy import Index
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateIndex
from sqlalchemy.sql.compiler import DDLCompiler

ESTATE_INDEX = "estate_index"
# In a table's `info`: statements that create its triggers on SQLite, where no migration in `sql/` does.
SQLITE_TRIGGERS = "sqlite_triggers"


def index(
    name: str, *columns: str, unique: bool = False, fulltext: bool = False, length: int | None = None
) -> Index:
    """An index named as in the estate's DDL; `length` is MySQL's key prefix in characters."""
    options: dict[str, Any] = {}
    for dialect in ("mysql", "mariadb"):
        options |= {f"{dialect}_prefix": "FULLTEXT"} if fulltext else {}
        options |= {f"{dialect}_length": length} if length is not None else {}
    return Index(name, *columns, unique=unique, info={ESTATE_INDEX: True}, **options)


@compiles(CreateIndex, "sqlite")
def create_index_with_table_name(create: CreateIndex, compiler: DDLCompiler, **options: Any) -> str:
    declared = create.element
    if not declared.info.get(ESTATE_INDEX):
        return str(compiler.visit_create_index(create, **options))  # type: ignore[no-untyped-call]
    assert declared.table is not None
    quote = compiler.preparer.quote
    kind = "CREATE UNIQUE INDEX" if declared.unique else "CREATE INDEX"
    exists = " IF NOT EXISTS" if create.if_not_exists else ""
    name = quote(f"{declared.table.name}_{declared.name}")
    columns = ", ".join(quote(column.name) for column in declared.columns)
    return f"{kind}{exists} {name} ON {compiler.preparer.format_table(declared.table)} ({columns})"
