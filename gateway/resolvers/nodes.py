"""`node` and `nodes`: anything that has a global id, by that id."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from gateway.context import Request
from gateway.errors import bad_input
from gateway.loaders.batch import only
from gateway.resolvers.declarations import NodeField, RowType
from gateway.resolvers.element import Element, Info, step_of
from gateway.resolvers.ids import GlobalId, decode_id, integer_key
from gateway.resolvers.plan import Step
from gateway.resolvers.read import row_by_key

MOST_IDS = 500

# Nodes that are no rows of a table: a function finds one by the key in its global id.
Finder = Callable[[Request, str], Awaitable[Any]]


def node_resolver(
    bound: NodeField, *, node_types: frozenset[str], finders: Mapping[str, Finder]
) -> Callable[..., Any]:
    """The function behind `node` or `nodes`. `node_types` are all types with global ids, of every audience."""

    async def find(request: Request, step: Step, text: str) -> Element | None:
        found = node_named(request, text, node_types)
        return None if found is None else await _element(request, step, found, finders)

    async def node(parent: Element, info: Info, id: str) -> Element | None:
        return await find(info.context, step_of(parent, info), id)

    async def nodes(parent: Element, info: Info, ids: list[str]) -> list[Element | BaseException | None]:
        check_number_of(ids)
        step = step_of(parent, info)
        # An error in the list is that of its own item: the others are given all the same.
        return list(
            await asyncio.gather(*[find(info.context, step, text) for text in ids], return_exceptions=True)
        )

    return nodes if bound.many else node


def node_named(request: Request, text: str, node_types: frozenset[str]) -> GlobalId | None:
    """What a global id says; None for a type that the caller doesn't have. Raises BAD_USER_INPUT for what is no id."""
    found = decode_id(text)
    if found.type not in node_types:
        raise bad_input("That is no id of this API: take ids from the `id` field of an object, unchanged.")
    return None if request.catalogue.composite(found.type) is None else found


def check_number_of(ids: Sequence[str]) -> None:
    """Raises BAD_USER_INPUT where there are more ids than may be asked for at once."""
    if len(ids) > MOST_IDS:
        raise bad_input(f"`ids` has more than {MOST_IDS} ids; ask for fewer at once.")


async def _element(
    request: Request, step: Step, found: GlobalId, finders: Mapping[str, Finder]
) -> Element | None:
    assert step.by_type is not None
    level = step.by_type(found.type)
    row_type = level.type
    if not isinstance(row_type, RowType):
        value = await finders[found.type](request, found.key)
        return None if value is None else Element(level, value)
    row = only(await row_by_key(request, level, integer_key(found), where=row_type.shown, name="one"))
    return None if row is None else Element(level, row)
