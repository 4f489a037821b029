"""Reads by key of one request: what is asked of the same table in the same moment shares a statement.

Unlike a data loader it has one future for each statement, not for each key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sqlalchemy import func

from datasources.model import Keys, Row
from gateway.auth.access import Access
from gateway.auth.selection import Selection
from gateway.auth.trace import Path, Purpose, here
from gateway.engine.objects import Failure

Answer: TypeAlias = Mapping[Any, "Sequence[Row] | Failure"]


@dataclass(eq=False)
class Asking:
    """Keys that are asked for together, and what came of it. `path` is where, if somebody asked for a plan."""

    answer: asyncio.Future[Answer]
    path: Path
    keys: dict[Any, None] = field(default_factory=dict)


@dataclass(eq=False)
class Gathered:
    """The rows, or counts, of one kind by key; each key is asked for once."""

    access: Access
    selection: Selection
    counts: bool = False
    asked: dict[Any, Asking] = field(default_factory=dict)
    open: Asking | None = None

    async def get(self, keys: Iterable[Any]) -> Answer:
        """What each key has; a count is a row of one cell. A failure stands for every key that it concerns."""
        if not self.asked:
            first = self._opened()
            first.keys.update(dict.fromkeys(keys))
            self.asked.update(dict.fromkeys(first.keys, first))
            return await self._answered(first)
        askings: dict[Asking, None] = {}
        own: Asking | None = None
        for key in keys:
            asking = self.asked.get(key)
            if asking is None:
                if self.open is None:
                    own = self._opened()
                asking = self.asked[key] = self.open or self._opened()
                asking.keys[key] = None
            askings[asking] = None
        self._note_shared(askings)
        if own is not None:
            await self._answered(own)
        if len(askings) == 1:
            return await next(iter(askings)).answer
        found: dict[Any, Sequence[Row] | Failure] = {}
        for asking in askings:
            found.update(await asking.answer)
        return found

    def _note_shared(self, askings: Iterable[Asking]) -> None:
        """Where somebody asked for a plan: that all of this is asked for already."""
        place = here()
        if place is None:
            return
        paths = [asking.path for asking in askings]
        if paths and place.path not in paths:
            purpose = Purpose.GROUPS if self.counts else Purpose.ROWS
            self.access.note_shared(place, paths[0], self.selection.table, purpose)

    def _opened(self) -> Asking:
        place = here()
        future = asyncio.get_running_loop().create_future()
        self.open = Asking(future, () if place is None else place.path)
        return self.open

    async def _answered(self, asking: Asking) -> Answer:
        """Asks, for all who have come to the same statement; whoever opened it does."""
        try:
            # Whatever else is asked in this moment comes to it.
            await asyncio.sleep(0)
            self.open = None
            keys = tuple(asking.keys)
            try:
                answer: Answer = await (self._counted(keys) if self.counts else self._read(keys))
            except Exception as error:
                answer = dict.fromkeys(keys, Failure(error))
        except asyncio.CancelledError:
            asking.answer.cancel()
            raise
        if not asking.answer.done():
            asking.answer.set_result(answer)
        return answer

    async def _read(self, keys: Sequence[Any]) -> Answer:
        return await self.access.by_key(self.selection, keys)

    async def _counted(self, keys: Sequence[Any]) -> Answer:
        selection = self.selection
        assert selection.key is not None
        groups = await self.access.groups(
            selection.table, (func.count(),), where=selection.where, keys=Keys(selection.key, tuple(keys))
        )
        counted = {group[0]: [(int(group[1]),)] for group in groups}
        return {key: counted.get(key, [(0,)]) for key in keys}


class Gathering:
    """All reads by key of one request."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._gathered: dict[Hashable, Gathered] = {}

    def rows(self, selection: Selection, name: Hashable) -> Gathered:
        """The rows of a selection. Those of one `name` are one: it says what tells them apart."""
        return self._of(("rows", selection.key, name), selection)

    def counts(self, selection: Selection, name: Hashable) -> Gathered:
        """How many rows of a selection each key has."""
        return self._of(("counts", selection.key, name), selection, counts=True)

    def _of(self, place: Hashable, selection: Selection, *, counts: bool = False) -> Gathered:
        found = self._gathered.get(place)
        if found is None:
            found = self._gathered[place] = Gathered(self._access, selection, counts)
        return found
