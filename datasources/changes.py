"""What a source that tells its changes tells: which rows a transaction has changed, and where to go on after it.

Given by `engines/mysql_binlog.py` and `engines/mysql_polling.py`; taken by the captures in `gateway/events`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of a table: of the rows in which the column `changed` has changed, these columns.

    Without `changed`, those of the rows that are added.
    """

    columns: tuple[str, ...]
    changed: str | None = None


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row, before and after: the columns that were asked for. `before` is None where the row is new.

    `at` is when the statement ran by the server's clock, in seconds since 1970.
    """

    table: str
    before: Values | None
    after: Values
    at: int


@dataclass(frozen=True, slots=True)
class Transaction:
    """What was committed together, in the order in which it was done; no changes where only `place` has moved.

    `place` says where to go on after it, as text for whoever made it. `order` is greater for later transactions and
    the same each time that one is read.
    """

    changes: tuple[RowChange, ...]
    place: str
    order: int


class HistoryLost(Exception):
    """What happened since a place can't be known any more; the text says why, for the log."""


class LogUnusable(Exception):
    """The server's log can't be read by this account, or doesn't tell enough; the text says why, for the operator."""
