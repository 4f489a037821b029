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
from gateway.auth.access import Access, Along
from gateway.auth.crossing import table_of
from gateway.auth.trace import Path, Purpose, here
from gateway.engine.objects import Failure
from gateway.loaders.batch import Batch, place_of, unique

Answer: TypeAlias = Mapping[Any, "list[Row] | Failure"]


@dataclass(eq=False)
class Asking:
    """Keys that will be asked for together, and what came of it. `path` is where, if somebody asked for a plan."""

    answer: asyncio.Future[Answer]
    path: Path
    keys: dict[Any, None] = field(default_factory=dict)
    task: asyncio.Future[None] | None = None


@dataclass(eq=False)
class Gathered:
    """The rows, or counts, of one kind by key; each key is asked for once."""

    access: Access
    batch: Batch
    along: tuple[Along, ...] = ()
    counts: bool = False
    asked: dict[Any, Asking] = field(default_factory=dict)
    open: Asking | None = None

    async def get(self, keys: Iterable[Any]) -> Answer:
        """What each key has; a count is a row of one cell. A failure stands for every key that it concerns."""
        if not self.asked:
            # Whatever else is asked in this moment comes to the same statement.
            first = self._opened()
            first.keys.update(dict.fromkeys(keys))
            self.asked.update(dict.fromkeys(first.keys, first))
            return await first.answer
        askings: dict[Asking, None] = {}
        for key in keys:
            asking = self.asked.get(key)
            if asking is None:
                asking = self.asked[key] = self._opened()
                asking.keys[key] = None
            askings[asking] = None
        self._note_shared(askings)
        if len(askings) == 1:
            return await next(iter(askings)).answer
        found: dict[Any, list[Row] | Failure] = {}
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
            self.access.note_shared(place, paths[0], table_of(self.batch.key), purpose)

    def _opened(self) -> Asking:
        if self.open is None:
            loop = asyncio.get_running_loop()
            place = here()
            self.open = Asking(loop.create_future(), () if place is None else place.path)
            # After whatever else starts in this moment.
            loop.call_soon(self._send)
        return self.open

    def _send(self) -> None:
        asking, self.open = self.open, None
        assert asking is not None
        asking.task = asyncio.ensure_future(self._answered(asking))

    async def _answered(self, asking: Asking) -> None:
        keys = tuple(asking.keys)
        try:
            answer: Answer = await (self._counted(keys) if self.counts else self._read(keys))
        except Exception as error:
            failure = Failure(error)
            answer = dict.fromkeys(keys, failure)
        except asyncio.CancelledError:
            asking.answer.cancel()
            raise
        if not asking.answer.done():
            asking.answer.set_result(answer)

    async def _read(self, keys: Sequence[Any]) -> Answer:
        batch = self.batch
        columns = unique((*batch.columns, batch.key))
        place = place_of(columns, batch.key)
        rows = await self.access.rows(
            table_of(batch.key),
            columns,
            where=batch.where,
            order=batch.order,
            keys=Keys(batch.key, tuple(keys), batch.limit),
            use=batch.use,
            along=self.along,
        )
        found: dict[Any, list[Row] | Failure] = {key: [] for key in keys}
        for row in rows:
            found[row[place]].append(row)  # type: ignore[union-attr]
        return found

    async def _counted(self, keys: Sequence[Any]) -> Answer:
        batch = self.batch
        groups = await self.access.groups(
            table_of(batch.key), (func.count(),), where=batch.where, keys=Keys(batch.key, tuple(keys))
        )
        counted = {group[0]: [(int(group[1]),)] for group in groups}
        return {key: counted.get(key, [(0,)]) for key in keys}


class Gathering:
    """All reads by key of one request."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._gathered: dict[Hashable, Gathered] = {}

    def rows(self, batch: Batch, name: Hashable, along: tuple[Along, ...] = ()) -> Gathered:
        """The rows of a batch. Batches of one `name` are one: it says what tells them apart."""
        return self._of(("rows", batch.key, name), batch, along)

    def counts(self, batch: Batch, name: Hashable) -> Gathered:
        """How many rows of a batch each key has."""
        return self._of(("counts", batch.key, name), batch, (), counts=True)

    def _of(
        self, place: Hashable, batch: Batch, along: tuple[Along, ...], *, counts: bool = False
    ) -> Gathered:
        found = self._gathered.get(place)
        if found is None:
            found = self._gathered[place] = Gathered(self._access, batch, along, counts)
        return found
