"""Finds out whether a server's binary log can be followed with an account, by trying. Blocking.

Called by `gateway/events/capture_choice.py`, for the choice and for what `gateway doctor` says.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

import pymysql

from datasources.base import SourceUnavailable
from datasources.changes import HistoryLost, LogUnusable, Wanted
from datasources.engines.mysql_binlog import BinlogReader
from datasources.engines.mysql_log_server import Cursor, LogEnd, LogServer, database_name, log_end, variables

GRANT_MYSQL = "grant replication slave, replication client on *.* to the gateway's account"


@dataclass(frozen=True, slots=True)
class LogExamination:
    """What was found. `obstacles` are sentences that say what to change; none where the log can be followed.

    `names_columns` says whether the log names the columns of its rows, so that changed tables never puzzle.
    """

    obstacles: tuple[str, ...]
    names_columns: bool = False


def examine_log(server: LogServer, wanted: dict[str, Wanted]) -> LogExamination:
    """Tries to follow the log of a server. Raises `SourceUnavailable` where the server can't be reached."""
    try:
        with server.asked() as cursor:
            found = variables(cursor)
            obstacles = [*_of_variables(found), *_of_position(cursor)]
    except (pymysql.MySQLError, OSError) as error:
        raise SourceUnavailable(server.name, str(error)) from error
    if not obstacles:
        obstacles = _of_reading(server, wanted)
    return LogExamination(tuple(obstacles), found.get("binlog_row_metadata", "").upper() == "FULL")


def _of_variables(found: dict[str, str]) -> list[str]:
    """What the server's settings stand in the way with."""
    if found.get("log_bin", "OFF").upper() != "ON":
        return ["The server writes no binary log: start it with `log_bin`."]
    return [
        f"`{name}` is {found[name]}: set it to {right}."
        for name, right in (
            ("binlog_format", "ROW"),
            ("binlog_row_image", "FULL"),
            ("binlog_transaction_compression", "OFF"),
            ("log_bin_compress", "OFF"),
        )
        if found.get(name, right).upper() != right
    ]


def _of_position(cursor: Cursor) -> list[str]:
    try:
        end = log_end(cursor)
    except LogUnusable as unusable:
        return [f"It can't be followed, as {unusable}: {GRANT_MYSQL}."]
    return (
        [] if _is_logged(end, database_name(cursor).lower()) else ["The binary log leaves this database out."]
    )


def _is_logged(end: LogEnd, database: str) -> bool:
    return database in end.only if end.only else database not in end.without


def _of_reading(server: LogServer, wanted: dict[str, Wanted]) -> list[str]:
    try:
        with closing(BinlogReader(server, wanted).transactions(None)) as transactions:
            next(transactions)
    except LogUnusable as unusable:
        return [f"It can't be followed, as {unusable}: {GRANT_MYSQL}."]
    except HistoryLost as lost:
        return [f"It can't be followed, as {lost}."]
    return []
