"""Relay connections: the arguments of a page, and what a connection gives."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.errors import bad_input
from gateway.resolvers.cursor import misfit

DEFAULT_SIZE = 50
LARGEST_SIZE = 500
LONGEST_CURSOR = 8_192


@dataclass(frozen=True, slots=True)
class PageArguments:
    """Which page: `size` items from the start or, `backward`, from the end of what lies between the cursors."""

    size: int
    backward: bool
    after: str | None
    before: str | None


def page_arguments(arguments: Mapping[str, Any]) -> PageArguments:
    """The page that a field's arguments ask for. Raises BAD_USER_INPUT."""
    first, last = arguments.get("first"), arguments.get("last")
    if first is not None and last is not None:
        raise bad_input("Give `first` or `last`, not both.")
    for name, size in (("first", first), ("last", last)):
        if size is not None and not 0 <= size <= LARGEST_SIZE:
            raise bad_input(f"`{name}` must be between 0 and {LARGEST_SIZE}; page on with a cursor.")
    after, before = arguments.get("after"), arguments.get("before")
    if any(cursor is not None and not 0 < len(cursor) <= LONGEST_CURSOR for cursor in (after, before)):
        raise misfit()
    size = last if last is not None else DEFAULT_SIZE if first is None else first
    return PageArguments(size=size, backward=last is not None, after=after, before=before)


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a page: a row's cells, or what a function gave; `cursor` makes its cursor, where somebody asks."""

    node: Any
    cursor: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list, and whether the list goes on after it and before it."""

    items: Sequence[Item] = ()
    next: bool = False
    previous: bool = False

    @property
    def start_cursor(self) -> str | None:
        """The cursor of the first item."""
        return self.items[0].cursor() if self.items else None

    @property
    def end_cursor(self) -> str | None:
        """The cursor of the last item."""
        return self.items[-1].cursor() if self.items else None


class Connection:
    """A list, of which a page is read when a part of it is asked for, and once for all parts.

    So a source that is down costs the parts that need it, not the object that the list is of. `total` counts the
    whole list. `step` is the place in the plan where it is, which says what was selected of its items.
    """

    def __init__(
        self, page: Callable[[], Awaitable[Page]], total: Callable[[], Awaitable[int]], step: Any = None
    ) -> None:
        self._read = page
        self._page: asyncio.Future[Page] | None = None
        self.total = total
        self.step = step

    async def page(self) -> Page:
        """The page. Raises what reading it raises, for each part alike."""
        if self._page is None:
            self._page = asyncio.ensure_future(self._read())
        return await asyncio.shield(self._page)
