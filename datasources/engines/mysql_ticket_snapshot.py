"""Finds tickets whose status has changed by comparing with what they were at the last look: nothing else tells of it.

The server makes a checksum of every thousand tickets, and only where one has changed the tickets are read. What a
ticket was between two looks isn't seen. Called by `mysql_polling.py`, in a thread.
"""

from __future__ import annotations

import base64
import zlib
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, cast, func, select
from sqlalchemy.dialects.mysql import BIGINT

from datasources.iperform.tables import tickets

# Older tickets aren't looked at: what is kept goes with each place.
TICKETS_KEPT = 200_000
_CHUNK = 1_000
_ABSENT = "\0"


@dataclass(frozen=True, slots=True)
class TicketChange:
    """A ticket that had one status at a look, and has another one at the next."""

    id: int
    previous: str | None
    status: str | None


@dataclass
class TicketSnapshot:
    """The statuses of the tickets at the last look, by their ids."""

    statuses: dict[int, str | None] = field(default_factory=dict)
    _checksums: dict[int, tuple[int, int]] = field(default_factory=dict)

    def look(self, connection: Connection) -> list[TicketChange]:
        """The tickets that have changed since the last look. New ones haven't."""
        with connection.begin():
            newest = connection.scalar(select(func.max(tickets.c.id))) or 0
            oldest = (newest - TICKETS_KEPT) // _CHUNK * _CHUNK
            checksums = _checksums(connection, oldest)
        changes: list[TicketChange] = []
        for chunk in sorted(self._checksums.keys() | checksums.keys() | self._chunks()):
            # A checksum from before the rows are read: whatever changes in between is found by the next look.
            if self._checksums.get(chunk) != checksums.get(chunk) or chunk not in checksums:
                changes += self._look_at(connection, chunk, gone=chunk not in checksums)
        self._checksums = checksums
        return changes

    def _chunks(self) -> set[int]:
        return set() if self._checksums else {row_id // _CHUNK for row_id in self.statuses}

    def _look_at(self, connection: Connection, chunk: int, *, gone: bool) -> list[TicketChange]:
        now = {} if gone else _statuses(connection, chunk)
        before = {
            row_id: self.statuses.pop(row_id)
            for row_id in range(chunk * _CHUNK, (chunk + 1) * _CHUNK)
            if row_id in self.statuses
        }
        self.statuses |= now
        return [
            TicketChange(row_id, before[row_id], status)
            for row_id, status in now.items()
            if row_id in before and before[row_id] != status
        ]

    def encoded(self) -> dict[str, Any]:
        """As JSON has it: some bytes for a hundred tickets."""
        ids = sorted(self.statuses)
        kinds = sorted({status for status in self.statuses.values() if status is not None})
        numbers: dict[str | None, int] = {kind: number for number, kind in enumerate(kinds, 1)} | {None: 0}
        return {
            "kinds": kinds,
            "ids": _packed(array("q", [high - low for low, high in pairwise([0, *ids])])),
            "of": _packed(array("H", [min(numbers[self.statuses[row_id]], 65_535) for row_id in ids])),
        }

    @staticmethod
    def decoded(held: Mapping[str, Any]) -> TicketSnapshot:
        """What `encoded` wrote."""
        kinds: list[str | None] = [None, *held["kinds"]]
        statuses: dict[int, str | None] = {}
        row_id = 0
        for step, number in zip(_unpacked("q", held["ids"]), _unpacked("H", held["of"]), strict=True):
            row_id += step
            statuses[row_id] = kinds[number]
        return TicketSnapshot(statuses)


def _checksums(connection: Connection, oldest: int) -> dict[int, tuple[int, int]]:
    chunk = func.floor(tickets.c.id / _CHUNK).label("chunk")
    text = func.concat_ws("|", tickets.c.id, func.coalesce(tickets.c.status, _ABSENT))
    digest = cast(func.conv(func.left(func.sha2(text, 256), 16), 16, 10), BIGINT(unsigned=True))
    statement = (
        select(chunk, func.count(), func.bit_xor(digest)).where(tickets.c.id >= oldest).group_by(chunk)
    )
    return {int(row[0]): (int(row[1]), int(row[2])) for row in connection.execute(statement)}


def _statuses(connection: Connection, chunk: int) -> dict[int, str | None]:
    first = chunk * _CHUNK
    there = tickets.c.id.between(first, first + _CHUNK - 1)
    with connection.begin():
        return {
            row[0]: row[1] for row in connection.execute(select(tickets.c.id, tickets.c.status).where(there))
        }


def _packed(numbers: array[int]) -> str:
    return base64.b64encode(zlib.compress(numbers.tobytes())).decode()


def _unpacked(code: str, text: str) -> array[int]:
    numbers: array[int] = array(code)
    numbers.frombytes(zlib.decompress(base64.b64decode(text)))
    return numbers
