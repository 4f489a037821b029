"""What the command line says of an error that whoever runs it can mend: one sentence for each. Asked by `cli.py`.

An error that isn't known is a mistake in the gateway, and keeps its traceback.
"""

from __future__ import annotations

import sqlite3

import pymysql
from asynch.errors import ClickHouseException
from asyncmy.errors import MySQLError as AsyncmyError
from botocore.exceptions import BotoCoreError, ClientError
from sqlalchemy.exc import DBAPIError

from datasources.base import SourceError
from datasources.migration_journal import MigrationError
from datasources.seed import NotEmptyError
from gateway.errors import GatewayError
from gateway.settings import EMBEDDED_TABLES, MYSQL_TABLES, SettingsError

NO_SUCH_TABLE = 1146
# What MySQL's drivers call a statement that is wrong: the gateway's mistake, but for a table that isn't there.
_MYSQL_MISTAKES = frozenset({"ProgrammingError", "InterfaceError", "NotSupportedError"})


def sentence_of(error: Exception) -> str | None:
    """What to say of an error; None where nobody but the gateway's makers can mend it. Never holds a password."""
    if isinstance(error, DBAPIError) and isinstance(error.orig, Exception):
        # SQLAlchemy's own text has the statement in it, and its values.
        return sentence_of(error.orig)
    match error:
        case SettingsError() | NotEmptyError() | MigrationError() | GatewayError() | SourceError():
            return str(error)
        case ModuleNotFoundError(name="chdb"):
            return (
                "a DSN of chdb:// needs the package chdb: install lock/chdb.txt, or name a ClickHouse server"
            )
        case OSError():
            return _of_system(error)
        case _:
            return _of_driver(error)


def _of_driver(error: Exception) -> str | None:
    match error:
        case pymysql.MySQLError() | AsyncmyError():
            return _of_mysql(error)
        case sqlite3.DatabaseError():
            return _of_sqlite(error)
        case ClickHouseException():
            return f"ClickHouse: {first_line(error)}; {_asking('GATEWAY_ANALYTICS_DSN')}"
        case BotoCoreError() | ClientError():
            return f"the file store: {first_line(error)}; {_asking('GATEWAY_FILES_DSN')}"
        case _:
            return None


def first_line(error: Exception) -> str:
    """What a server or driver said, without its number and without what follows the first line."""
    # ClickHouse's driver keeps what the server said in an attribute, MySQL's after the number.
    said = getattr(error, "message", None) or (error.args[-1] if error.args else None)
    said = said if isinstance(said, str) else str(error)
    return next(iter(said.strip().splitlines()), type(error).__name__).rstrip(".")


def _of_mysql(error: Exception) -> str | None:
    if error.args and error.args[0] == NO_SUCH_TABLE:
        return f"{first_line(error)}: {MYSQL_TABLES}"
    if type(error).__name__ in _MYSQL_MISTAKES:
        return None
    return f"MySQL: {first_line(error)}; {_asking('GATEWAY_IPERFORM_DSN and GATEWAY_MAGENTA_DSN')}"


def _of_sqlite(error: Exception) -> str:
    said = first_line(error)
    if said.startswith("no such table"):
        return f"{said}: {EMBEDDED_TABLES}"
    return f"SQLite: {said}; is there a database in the file, and may it be written to?"


def _of_system(error: OSError) -> str:
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{(error.strerror or str(error) or type(error).__name__).lower()}"


def _asking(settings: str) -> str:
    return f"is the server up, are address and account right in {settings}, and may the account do this?"
