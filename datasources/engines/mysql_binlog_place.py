"""A place in a server's binary log, with what shows later that the log there is still the same one.

A file's name and a position alone would also be found in the log of another server, or after `reset master`. So the
place says which server it is of, when the file was begun, and what the last event was: reading goes on with that event,
and where another one stands there, the history is another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from datasources.changes import HistoryLost
from datasources.engines import mysql_layout
from datasources.engines.mysql_layout import Layout

KIND = "binlog"


@dataclass(frozen=True, slots=True)
class LastEvent:
    """The event that ends at a place: where it begins, its type, its time and, of a commit, its number."""

    start: int
    kind: int
    at: int
    number: int


@dataclass(frozen=True)
class Layouts:
    """The layouts of tables at a place. None, or no entry, where it isn't known."""

    of: Mapping[str, Layout | None] = field(default_factory=dict)

    def with_one(self, table: str, layout: Layout | None) -> Layouts:
        """The same with another layout of one table."""
        return Layouts({**self.of, table: layout})

    @cached_property
    def text(self) -> str:
        """As JSON, written once: every transaction's place has it."""
        known = {
            table: mysql_layout.encoded(layout) for table, layout in self.of.items() if layout is not None
        }
        return json.dumps(known, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class LogPlace:
    """The end of an event of the log. `begun` is when the file was begun, in seconds since 1970."""

    server: str
    file: str
    position: int
    begun: int
    last: LastEvent | None
    layouts: Layouts

    @property
    def order(self) -> int:
        """Greater for later places of one history."""
        return order_of(self.file, self.position)

    def encoded(self) -> str:
        """As text."""
        last = self.last and [self.last.start, self.last.kind, self.last.at, self.last.number]
        head = {
            "kind": KIND,
            "server": self.server,
            "file": self.file,
            "position": self.position,
            "begun": self.begun,
            "last": last,
        }
        return f'{json.dumps(head)[:-1]}, "layouts": {self.layouts.text}}}'


def order_of(file: str, position: int) -> int:
    """A number that grows along the log: files are numbered, and a file's positions have 32 bits."""
    return int(file.rpartition(".")[2]) * 2**32 + position


def decoded_place(text: str) -> LogPlace:
    """The place that `encoded` wrote. Raises `HistoryLost` for any other text."""
    try:
        return _place(json.loads(text))
    except (ValueError, KeyError, TypeError, IndexError):
        raise HistoryLost("the place is not one of a binary log") from None


def _place(held: dict[str, Any]) -> LogPlace:
    if held["kind"] != KIND:
        raise ValueError(held["kind"])
    layouts = {table: mysql_layout.decoded(items) for table, items in held["layouts"].items()}
    last = held["last"] and LastEvent(*held["last"])
    return LogPlace(held["server"], held["file"], held["position"], held["begun"], last, Layouts(layouts))
