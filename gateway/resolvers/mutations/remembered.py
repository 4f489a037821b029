"""Remembers what an operation decided under the lock, so that its event can be told once it is committed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.auth.change import Cells, Effects


@dataclass
class Remembered:
    """Stands in for an operation's `decide`. `before` is the row as it was, where the operation changed it.

    A change that an idempotency key stands for already isn't decided a second time, and so isn't remembered either.
    """

    decide: Callable[[Cells], Effects | None]
    before: Cells | None = field(default=None, init=False)

    def __call__(self, row: Cells) -> Effects | None:
        """What becomes of the row."""
        effects = self.decide(row)
        self.before = None if effects is None else row
        return effects
