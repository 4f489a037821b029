"""The plan that ADMIN may ask for beside an answer: what was read for which part of it, as a tree.

`gateway/auth/trace.py` holds what was noted. Here both executors say at which part of the answer they are, and the
notes become JSON: sources, tables, statements without values, rules, times and numbers of rows; never a row.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from graphql.pyutils import Path as ResponsePath

from gateway.auth.trace import Here, Noted, Path, Purpose, Ruled, Trace, here
from gateway.engine.orderly import OrderlyExecutor
from gateway.resolvers.plan import Level, Selected

LONGEST_STATEMENT = 4_000
# From the fourth place of a list on, a text only says how many there are.
_LONG_LIST = re.compile(r"(%s|\?)((?:, \1){3,})")


# --- where the executors are --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Placing:
    """Says of each level of a planned operation where in the answer it is."""

    _paths: dict[Level, Path] = field(default_factory=dict)

    @contextmanager
    def field(self, place: Here, level: Level, key: str) -> Iterator[None]:
        """What the block reads is for a field of the objects of a level."""
        if level not in self._paths:
            # The root of a plan, or of what is below an interface, whose levels turn up as they are read.
            self._paths.update(_levels(level, place.path))
        with place.below((*self._paths[level], key)):
            yield


def _levels(level: Level, path: Path) -> Iterator[tuple[Level, Path]]:
    yield level, path
    for key, step in level.steps.items():
        below = (*path, key)
        if step.parts:
            yield from _of_parts(step.parts.values(), below)
        else:
            for inner in step.levels:
                yield from _levels(inner, below)


def _of_parts(parts: Any, path: Path) -> Iterator[tuple[Level, Path]]:
    """The levels of a connection's items: below its `nodes`, and below the `node` of its `edges`."""
    part: Selected
    for part in parts:
        below = (*path, part.key)
        if part.level is not None:
            yield from _levels(part.level, below)
        yield from _of_parts(part.parts.values(), below)


class PlacingExecutor(OrderlyExecutor):
    """The reference executor, saying where each field is that has to wait for something."""

    def execute_field(self, *arguments: Any, **named: Any) -> Any:
        """The field's value, or what will give or raise it."""
        path = next(value for value in (*arguments, *named.values()) if isinstance(value, ResponsePath))
        place = here()
        assert place is not None
        keys = tuple(key for key in path.as_list() if isinstance(key, str))
        with place.below(keys):
            found = super().execute_field(*arguments, **named)
        return _placed(place, keys, found) if inspect.isawaitable(found) else found


async def _placed(place: Here, keys: Path, waiting: Awaitable[Any]) -> Any:
    with place.below(keys):
        return await waiting


def reference_executor() -> type[OrderlyExecutor]:
    """The executor of the reference; while a plan is asked for, one that says where it is."""
    place = here()
    if place is None:
        return OrderlyExecutor
    place.trace.engine = "reference"
    return PlacingExecutor


# --- the plan -----------------------------------------------------------------------------------------------


def plan_of(trace: Trace, *, cached: bool) -> dict[str, Any]:
    """What was noted until now. `cached` says whether the operation had been planned before. Times are milliseconds."""
    plan = {
        "engine": trace.engine,
        "cached": cached,
        "milliseconds": _milliseconds(perf_counter() - trace.began),
        "reads": _tree(trace.reads),
    }
    return {**plan, "leftOut": trace.left_out} if trace.left_out else plan


def _tree(reads: Sequence[Noted]) -> list[dict[str, Any]]:
    """The reads as a tree: below each those that it had to have first, and those of what hangs on its rows."""
    entries = {read: _entry(read) for read in reads}
    top: list[dict[str, Any]] = []
    # By path, the reads of rows: whatever is longer hangs on them.
    trunks = {
        read.path: read for read in reversed(reads) if read.within is None and read.purpose is Purpose.ROWS
    }
    # What was spared comes after what it was spared by.
    for read in sorted(reads, key=lambda read: read.shared is not None):
        above = read.within or _trunk(trunks, read.path)
        (top if above not in entries else entries[above]["children"]).append(entries[read])
    return top


def _trunk(trunks: dict[Path, Noted], path: Path) -> Noted | None:
    shorter = (path[:length] for length in range(len(path) - 1, -1, -1))
    return next((trunks[prefix] for prefix in shorter if prefix in trunks), None)


def _entry(read: Noted) -> dict[str, Any]:
    own, *along = read.tables or (None,)
    return {
        "path": list(read.path),
        "purpose": read.purpose.value,
        "source": read.source,
        "table": None if own is None else own.table,
        "policy": [] if own is None else _policy(own),
        "proven": read.proven,
        "along": [{"table": other.table, "policy": _policy(other)} for other in along if other is not None],
        "statement": None if read.statement is None else shortened(read.statement),
        "cached": read.kept or read.shared is not None,
        "sharedWith": None if read.shared is None else list(read.shared),
        "rows": read.rows,
        "begun": None if read.begun is None else _milliseconds(read.begun),
        "milliseconds": _milliseconds(read.seconds),
        "error": None if read.code is None else read.code.value,
        "children": [],
    }


def _policy(ruled: Ruled) -> list[dict[str, str]]:
    return [{"name": reason.name, "says": reason.says} for reason in ruled.policy]


def shortened(statement: str) -> str:
    """The text of a statement without its line breaks, with long lists of places, and what is too long, cut."""
    text = _LONG_LIST.sub(_counted, " ".join(statement.split()))
    return text if len(text) <= LONGEST_STATEMENT else text[:LONGEST_STATEMENT] + " …"


def _counted(found: re.Match[str]) -> str:
    place: str = found[1]
    return f"{place}, … {1 + found[2].count(place)} in all"


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1_000, 3)
