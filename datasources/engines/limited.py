"""Reads limited for each key, on a source that has no way to say so: all rows of all keys, where they are few.

Most parents have few children. Then one plain statement of their keys answers, at a fifth of what one select for each
key costs the server. Which keys have few rows is seen from what the selects gave; where there turn out to be more than
it may give, the plain statement stops there, and the selects are taken again. `sql_source.py` asks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement

from datasources.base import Capability
from datasources.model import Direction, Keys, Read, Row
from datasources.statements import Capabilities, key_values

# More rows than this aren't read on the chance that they are all; nor more than so many for each key, or its limit.
MOST_ROWS = 5_000
MOST_OF_EACH = 10
# Reads by a key that go the other way at once, after one of which there were more.
CROWDED_FOR = 100
# Of so many keys at most one may have filled its limit, and so have any number of rows.
FULL_ONE_IN = 20
WHOLES_KEPT = 1_000


class Sparse:
    """Which keys have few rows each, as far as has been seen. Wrong in either direction, it costs time alone."""

    def __init__(self) -> None:
        self._sparse: set[ColumnElement[Any]] = set()
        self._crowded: dict[ColumnElement[Any], int] = {}
        # By the origin of a read, which is kept so that no other can have its identity.
        self._wholes: dict[tuple[int, int], tuple[Read, Read]] = {}

    def whole(self, read: Read, capabilities: Capabilities) -> Read | None:
        """As `whole_read`; the same read's again where the read comes again."""
        origin = read.repeats
        if read.keys is None or origin is None:
            return whole_read(read, capabilities)
        most = _most_rows(read, capabilities)
        if most is None:
            return None
        place = id(origin), most
        _, whole = self._wholes.get(place, (None, None))
        if whole is None:
            whole = _whole(read, most)
            if len(self._wholes) >= WHOLES_KEPT:
                self._wholes.clear()
            self._wholes[place] = origin, whole
        return whole.again(read.keys.values, is_plain=read.keys.is_plain)

    def expected(self, keys: Keys) -> bool:
        """Whether a read by this key is worth trying whole."""
        return keys.column in self._sparse

    def seen(self, read: Read, rows: Sequence[Row]) -> None:
        """What a read gave, one select for each key."""
        keys = read.keys
        if keys is None or keys.limit is None or self._is_crowded(keys):
            return
        place = _place(read, keys.column)
        full = sum(count >= keys.limit for count in Counter(row[place] for row in rows).values())
        if full * FULL_ONE_IN <= len(key_values(keys)):
            self._sparse.add(keys.column)

    def crowded(self, keys: Keys) -> None:
        """A read by this key had too many rows."""
        self._sparse.discard(keys.column)
        self._crowded[keys.column] = CROWDED_FOR

    def _is_crowded(self, keys: Keys) -> bool:
        left = self._crowded.get(keys.column, 0)
        if left:
            self._crowded[keys.column] = left - 1
        return left > 0


def whole_read(read: Read, capabilities: Capabilities) -> Read | None:
    """The read of all rows of all keys, and one more than are worth it; None where the limit is said otherwise.

    Its rows come in no order: sorted by the server, all of them would have to be read before the first.
    """
    most = _most_rows(read, capabilities)
    return None if most is None else _whole(read, most)


def _most_rows(read: Read, capabilities: Capabilities) -> int | None:
    """How many rows of all keys are worth being read: a power of two, as each number makes a statement of its own."""
    keys = read.keys
    if (
        keys is None
        or keys.limit is None
        or capabilities & {Capability.LIMIT_BY, Capability.WINDOW_FUNCTIONS}
    ):
        return None
    count = len(keys.values)
    if count < 2 or count * keys.limit > MOST_ROWS or not _can_sort(read, keys):
        return None
    wanted = count * max(keys.limit, MOST_OF_EACH)
    return min(1 << (wanted - 1).bit_length(), MOST_ROWS)


def _whole(read: Read, most: int) -> Read:
    assert read.keys is not None
    return replace(read, keys=replace(read.keys, limit=None), order=(), limit=most + 1, origin=None)


def is_whole(whole: Read, rows: Sequence[Row]) -> bool:
    """Whether these are all rows that there are."""
    return whole.limit is None or len(rows) < whole.limit


def limited(read: Read, rows: Sequence[Row]) -> list[Row]:
    """The first few rows of each key, of all rows of all keys; those of each are in the read's order."""
    keys = read.keys
    assert keys is not None
    assert keys.limit is not None
    place = _place(read, keys.column)
    found = _sorted(read, rows)
    counts = Counter(map(itemgetter(place), found))
    if max(counts.values(), default=0) <= keys.limit:
        return found
    seen: dict[Any, int] = {}
    kept = []
    for row in found:
        count = seen[row[place]] = seen.get(row[place], 0) + 1
        if count <= keys.limit:
            kept.append(row)
    return kept


def _sorted(read: Read, rows: Sequence[Row]) -> list[Row]:
    """The rows in the read's order: None before every value, text by code point, as sources sort."""
    found = list(rows)
    for order in reversed(read.order):
        place = _place(read, order.expression)
        descending = order.direction is Direction.DESC
        if None in map(itemgetter(place), found):
            found.sort(key=lambda row: (row[place] is not None, row[place]), reverse=descending)
        else:
            found.sort(key=itemgetter(place), reverse=descending)
    return found


def _can_sort(read: Read, keys: Keys) -> bool:
    """Whether the rows hold what they are grouped and sorted by."""
    needed = [keys.column, *(order.expression for order in read.order)]
    return all(any(column is wanted for column in read.columns) for wanted in needed)


def _place(read: Read, wanted: ColumnElement[Any]) -> int:
    return next(place for place, column in enumerate(read.columns) if column is wanted)
