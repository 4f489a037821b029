"""From columns to objects: a list of dictionaries with the same keys, in the order of the answer.

A shape that comes again gets a function of its own, made of a comprehension over its columns: twice as fast as a
general loop, and half a millisecond to make. The functions are bounded, so that unique texts can't grow memory.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import repeat
from typing import Any, TypeAlias

# The keys of an object in their order; a text beside a key is its value in every object.
Shape: TypeAlias = tuple[tuple[str, str | None], ...]
Maker: TypeAlias = Callable[[list[Sequence[Any]], int], list[Any]]

MOST_KEPT = 2_000
# Larger objects aren't kept: a client's two thousand aliases, in thousands of texts, would fill the memory.
MOST_KEYS = 100
MADE_AT_USE = 3

_uses: OrderedDict[tuple[Shape, bool], int] = OrderedDict()
_makers: OrderedDict[tuple[Shape, bool], Maker] = OrderedDict()


def dictionaries(
    shape: Shape, columns: Sequence[Sequence[Any]], count: int, present: Sequence[Any] | None
) -> list[Any]:
    """One dictionary for each place; None where `present` has None. The columns are those that have no fixed value."""
    place = (shape, present is not None)
    given = list(columns) if present is None else [*columns, present]
    maker = _makers.get(place) if len(shape) <= MOST_KEYS else _general(*place)
    if maker is None:
        maker = _maker(place)
    return maker(given, count)


def _maker(place: tuple[Shape, bool]) -> Maker:
    uses = _uses.pop(place, 0) + 1
    if uses < MADE_AT_USE:
        _uses[place] = uses
        _bound(_uses)
        return _general(*place)
    maker = _makers[place] = _compiled(*place)
    _bound(_makers)
    return maker


def _bound(kept: OrderedDict[Any, Any]) -> None:
    while len(kept) > MOST_KEPT:
        kept.popitem(last=False)


def _general(shape: Shape, with_presence: bool) -> Maker:
    keys = [key for key, _ in shape]

    def make(columns: list[Sequence[Any]], count: int) -> list[Any]:
        given = iter(columns)
        cells = [repeat(fixed, count) if fixed is not None else next(given) for _, fixed in shape]
        rows = zip(*cells, strict=True) if cells else repeat((), count)
        made = [dict(zip(keys, row, strict=True)) for row in rows]
        if not with_presence:
            return made
        return [row if there is not None else None for row, there in zip(made, next(given), strict=True)]

    return make


def _compiled(shape: Shape, with_presence: bool) -> Maker:
    """The function of a shape. Its text holds names of GraphQL and numbered variables alone."""
    names = [f"v{place}" for place, (_, fixed) in enumerate(shape) if fixed is None]
    values = [
        f"{key!r}: {f'v{place}' if fixed is None else repr(fixed)}"
        for place, (key, fixed) in enumerate(shape)
    ]
    made = "{" + ", ".join(values) + "}"
    if with_presence:
        names.append("there")
        made = f"({made} if there is not None else None)"
    over = f"for {', '.join(names)}, in zip(*columns)" if names else "for _ in range(count)"
    text = f"def make(columns, count):\n    return [{made} {over}]\n"
    scope: dict[str, Any] = {}
    exec(text, {"zip": zip, "range": range}, scope)  # noqa: S102 - nothing of a client's but names that GraphQL allows
    make: Maker = scope["make"]
    return make
