"""graphql-core's executor with one answer for one outcome of all reads, whichever of them failed first.

graphql-core gives up siblings as soon as one fails, and so reports whichever was fastest. Here all siblings end, and
the error that takes their parent is the first in the order of the answer. Arguments that don't fit are the caller's
mistake, with a code. Used by `reference.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any

from graphql import GraphQLError
from graphql.execution import executor as library
from graphql.execution.executor import CollectedErrors, Executor
from graphql.pyutils import Path

from gateway.engine.arguments import argument_values


async def _gathered_in_order(*awaitables: Awaitable[Any]) -> list[Any]:
    """The results of all, or the error of the first that has one, when all have ended."""
    results = await asyncio.gather(*awaitables, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


# Both places in which graphql-core waits for siblings, fields and items, take it from their module.
library.gather_with_cancel = _gathered_in_order  # type: ignore[attr-defined]
library.get_argument_values = argument_values  # type: ignore[assignment, attr-defined]


class OrderlyErrors(CollectedErrors):
    """The errors of the positions that an answer shows: not those below a position that is null itself."""

    def __init__(self) -> None:
        super().__init__()
        self._found: list[tuple[Path | None, GraphQLError]] = []

    @property
    def errors(self) -> list[GraphQLError]:
        """The errors that remain."""
        nulled = {_place(path) for path, _ in self._found}
        return [error for path, error in self._found if not _below_any(_place(path), nulled)]

    def add(self, error: GraphQLError, path: Path | None) -> None:
        """Notes that a position is null for an error; whether something above it is, too, shows at the end."""
        self._found.append((path, error))

    def has_nulled_position(self, start_path: Path | None) -> bool:
        """Whether the position or one above it is null by now."""
        place = _place(start_path)
        nulled = {_place(path) for path, _ in self._found}
        return place in nulled or _below_any(place, nulled)


def _place(path: Path | None) -> tuple[str | int, ...]:
    return () if path is None else tuple(path.as_list())


def _below_any(place: tuple[str | int, ...], nulled: set[tuple[str | int, ...]]) -> bool:
    return any(place[:length] in nulled for length in range(len(place)))


class OrderlyExecutor(Executor[Any]):
    """An executor in which nothing fails at once, so that `_gathered_in_order` sees all that fails."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.collected_errors = OrderlyErrors()

    def execute_field(self, *arguments: Any, **named: Any) -> Any:
        """The field's value, or what will give or raise it."""
        try:
            return super().execute_field(*arguments, **named)
        except GraphQLError as error:
            return _failing(error)

    def complete_list_item_value(self, item: Any, complete_results: list[Any], *arguments: Any) -> bool:
        """Adds what the item is, or what will give or raise it; whether that is still to come."""
        try:
            return super().complete_list_item_value(item, complete_results, *arguments)
        except GraphQLError as error:
            complete_results.append(_failing(error))
            return True


def _failing(error: GraphQLError) -> Coroutine[Any, Any, Any]:
    async def fail() -> Any:
        raise error

    return fail()
