"""The pages and counts of one list, for all parents of a level at once. Called by `fetching.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import accumulate, chain
from typing import Any, TypeAlias

from sqlalchemy import func

from datasources.model import Filter, Row
from gateway.auth.access import Access
from gateway.auth.crossing import keys_named
from gateway.engine.along import Along
from gateway.engine.gathering import Gathering
from gateway.engine.objects import Failure, FirstPages, Page
from gateway.loaders.batch import by_key
from gateway.resolvers.lists import ListReader
from gateway.resolvers.plan import AskedOfList, Step

ROOT = (None,)


@dataclass
class Paged:
    """The page of each parent, and the rows that all pages show, one page's after the other's."""

    pages: Sequence[Page]
    rows: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class Lists:
    """Reads one list of each parent; `raw` are the parents' cells that the lists hang on, or `ROOT`."""

    access: Access
    reader: ListReader
    gathering: Gathering
    raw: Sequence[Any]

    @cached_property
    def _named(self) -> tuple[list[Any], Mapping[Any, Any] | None]:
        """The keys that the parents' cells name, and which each does."""
        assert self.reader.direction is not None
        return keys_named(self.raw, self.reader.direction.target)

    async def paged(self, along: Along) -> Paged:
        """The page of each parent."""
        if not shows_page(self.reader.asked):
            return Paged([Page() for _ in self.raw])
        try:
            rows = await self._rows(along)
            past = await self._past()
        except Exception as error:
            return Paged([Page(failure=Failure(error)) for _ in self.raw])
        return self._paged(rows, past)

    def _paged(self, rows: Mapping[Any, Any], past: Mapping[Any, Any]) -> Paged:
        cursors = _cursors_of(self.reader)
        asked_for_more = cursors is not None or past or self.reader.asked.total
        if not asked_for_more and not self.reader.arguments.backward:
            first = self._first_pages(rows)
            if first is not None:
                return first
        pages: list[Page] = []
        shown: list[Row] = []
        # Nothing is written into a page but its total.
        empty = None if self.reader.asked.total else Page()
        for key in self._places():
            found = rows.get(key)
            if found or past:
                page, kept = self._page(found or (), past.get(key, ()), cursors)
                page.start = len(shown)
                shown.extend(kept)
                page.end = len(shown)
                pages.append(page)
            else:
                pages.append(empty or Page())
        return Paged(pages, shown)

    def _first_pages(self, rows: Mapping[Any, Any]) -> Paged | None:
        """As `_paged`, where nothing is asked of the pages but their first items and whether there are more.

        None where any of them can't be read.
        """
        size = self.reader.arguments.size
        found = [rows.get(key) or () for key in self._places()]
        if Failure in {*map(type, found)}:
            return None
        counts = list(map(len, found))
        if max(counts, default=0) <= size:
            goes_on = [False] * len(counts)
        else:
            goes_on = [count > size for count in counts]
            found = [of_one if len(of_one) <= size else of_one[:size] for of_one in found]
            counts = list(map(len, found))
        return Paged(FirstPages(list(accumulate(counts)), goes_on), list(chain.from_iterable(found)))

    async def totals(self) -> list[int | Failure]:
        """How many rows the whole list of each parent has."""
        listing = self.reader.listing
        try:
            counts = await self._counts(listing.where, listing.fingerprint)
        except Exception as error:
            return [Failure(error) for _ in self.raw]
        return [_count_or_failure(counts.get(key, ())) for key in self._places()]

    def _places(self) -> Sequence[Any]:
        """The key of each parent."""
        if self.reader.direction is None:
            return ROOT
        _, key_of = self._named
        return self.raw if key_of is None else list(map(key_of.get, self.raw))

    def _wanted(self) -> list[Any]:
        keys, _ = self._named
        return keys

    async def _rows(self, along: Along) -> Mapping[Any, Any]:
        reader = self.reader
        if reader.direction is None:
            return {None: await self.access.read(reader.selection)}
        wanted = self._wanted()
        name = (reader.name, id(reader.asked.columns), along.name)
        return await self.gathering.rows(reader.selection, name).get(wanted) if wanted else {}

    async def _past(self) -> Mapping[Any, Any]:
        past = self.reader.past()
        return {} if past is None else await self._counts(past.where, past.name)

    async def _counts(self, where: Filter, name: Any) -> Mapping[Any, Any]:
        reader = self.reader
        if reader.direction is None:
            table = reader.listing.row_type.table
            groups = await self.access.groups(table, (func.count(),), where=where)
            return {None: [(int(groups[0][0]) if groups else 0,)]}
        wanted = self._wanted()
        counted = by_key(reader.direction.target, (), where)
        return await self.gathering.counts(counted, name).get(wanted) if wanted else {}

    def _page(
        self, rows: Sequence[Row] | Failure, past: Sequence[Row] | Failure, cursors: CursorsOf | None
    ) -> tuple[Page, Sequence[Row]]:
        if isinstance(rows, Failure):
            return Page(failure=rows), ()
        if isinstance(past, Failure):
            return Page(failure=past), ()
        kept, more = self.reader.shown(rows)
        onward, before = self.reader.ends(more=more, past=_count(past) != 0)
        return Page(next=onward, previous=before, cursors=cursors(kept) if cursors else ()), kept


CursorsOf: TypeAlias = Callable[[list[Row]], Sequence[str | Failure]]


def _cursors_of(reader: ListReader) -> CursorsOf | None:
    """What makes the cursors that an answer shows of a page: of every row, or of the first and the last."""
    if shows_cursors(reader.asked):
        return lambda rows: [cursor_or_failure(partial(reader.cursor, row)) for row in rows]
    if shows_ends(reader.asked):
        return lambda rows: [cursor_or_failure(partial(reader.cursor, row)) for row in rows[:1] + rows[-1:]]
    return None


def cursor_or_failure(make: Callable[[], str]) -> str | Failure:
    """A cursor, or why there is none: that is for the fields alone that show it."""
    try:
        return make()
    except Exception as error:
        return Failure(error)


def shows_page(step: Step | AskedOfList) -> bool:
    """Whether anything is asked of a connection that needs its rows."""
    return any(part.name in {"nodes", "edges", "pageInfo"} for part in step.parts.values())


def shows_cursors(step: AskedOfList) -> bool:
    """Whether the cursor of each item is asked for."""
    edges = (part for part in step.parts.values() if part.name == "edges")
    return any(entry.name == "cursor" for part in edges for entry in part.parts.values())


def shows_ends(step: AskedOfList) -> bool:
    """Whether the cursors of a page's ends are asked for."""
    infos = (part for part in step.parts.values() if part.name == "pageInfo")
    return any(entry.name in {"startCursor", "endCursor"} for part in infos for entry in part.parts.values())


def _count(answer: Sequence[Row]) -> int:
    return int(answer[0][0]) if answer else 0


def _count_or_failure(answer: Sequence[Row] | Failure) -> int | Failure:
    return answer if isinstance(answer, Failure) else _count(answer)
