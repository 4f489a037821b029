"""What functions give for the objects of a level: values, objects, lists of them, connections.

A function that fails costs its own value alone. Called by `fetching.py`, which reads on from the objects.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column

from gateway.context import Request
from gateway.engine.lists import cursor_or_failure, shows_page
from gateway.engine.objects import Child, Failure, Leaves, Objects, One, Page, Pages, Several, of_rows
from gateway.resolvers.connection import Connection
from gateway.resolvers.declarations import RowType
from gateway.resolvers.plan import Level, Step


async def results(
    objects: Objects,
    function: Callable[..., Any],
    needs: Sequence[Column[Any]],
    arguments: Mapping[str, Any],
    request: Request,
) -> list[Any]:
    """What a function gives for each object, a `Failure` where it fails; None where there is no object."""
    found: list[Any] = []
    pending: list[int] = []
    for place, (value, absent) in enumerate(zip(_inputs(objects, needs), absences(objects), strict=True)):
        if absent:
            found.append(None)
            continue
        try:
            given = function(value, request, **arguments)
        except Exception as error:
            given = Failure(error)
        if inspect.isawaitable(given):
            pending.append(place)
        found.append(given)
    if pending:
        given_later = await asyncio.gather(*[or_failure(found[place]) for place in pending])
        for place, given in zip(pending, given_later, strict=True):
            found[place] = given
    return found


async def composite(step: Step, values: Sequence[Any]) -> tuple[Child, Sequence[Objects]]:
    """What functions gave for a field, as it is written; and its objects, from which nothing has been read yet."""
    if any(isinstance(value, Connection) for value in values):
        return await _pages(step, values)
    if not step.levels:
        return Leaves(values), ()
    if any(isinstance(value, list) for value in values):
        several = _several(step.levels[0], values)
        return several, (several.objects,)
    one = _one(step.levels[0], values)
    return one, (one.objects,)


async def or_failure(work: Awaitable[Any]) -> Any:
    """What it comes to, or the failure that it ends in."""
    try:
        return await work
    except Exception as error:
        return Failure(error)


def absences(objects: Objects) -> Iterable[bool]:
    """Whether there is no object at each place."""
    if objects.present is None:
        return [False] * objects.count
    return [key is None for key in objects.present]


def _inputs(objects: Objects, needs: Sequence[Column[Any]]) -> Iterable[Any]:
    """What a function gets of each object: of a row, the cells that it needs; of another object, the object."""
    if not isinstance(objects.level.type, RowType):
        return objects.values
    if not needs:
        return [()] * objects.count
    return zip(*(objects.columns[objects.level.columns[column]] for column in needs), strict=True)


def _one(level: Level, values: Sequence[Any]) -> One:
    there = [value for value in values if value is not None and not isinstance(value, Failure)]
    places = iter(range(len(there)))
    links = [value if value is None or isinstance(value, Failure) else next(places) for value in values]
    return One(Objects(level, len(there), values=there), links)


def _several(level: Level, values: Sequence[Any]) -> Several:
    items: list[Any] = []
    links: list[Any] = []
    for value in values:
        if value is None or isinstance(value, Failure):
            links.append(value)
        else:
            links.append(list(range(len(items), len(items) + len(value))))
            items += value
    return Several(Objects(level, len(items), values=items), links)


async def _pages(step: Step, connections: Sequence[Any]) -> tuple[Pages, Sequence[Objects]]:
    read = await asyncio.gather(*[_page(step, connection) for connection in connections])
    items: list[Any] = []
    pages: list[Page | Failure | None] = []
    for page, its_items in read:
        if isinstance(page, Page):
            page.start, page.end = len(items), len(items) + len(its_items)
            items += its_items
        pages.append(page)
    sets = [_of_items(level, items) for level in step.levels]
    return Pages(sets, pages, items), sets


async def _page(step: Step, connection: Any) -> tuple[Page | Failure | None, Sequence[Any]]:
    if not isinstance(connection, Connection):
        return connection, ()
    page = Page()
    items: Sequence[Any] = ()
    if step.total:
        page.total = await or_failure(connection.total())
    if shows_page(step):
        found = await or_failure(connection.page())
        if isinstance(found, Failure):
            page.failure = found
        else:
            items = [item.node for item in found.items]
            page.next, page.previous = found.next, found.previous
            page.cursors = [cursor_or_failure(item.cursor) for item in found.items]
    return page, items


def _of_items(level: Level, items: Sequence[Any]) -> Objects:
    if isinstance(level.type, RowType):
        return of_rows(level, items)
    return Objects(level, len(items), values=items)
