"""Answers that are kept for a while in this process, each made once however many ask for it at the same time."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Kept(Generic[Answer]):
    """At most `most` answers, each for `seconds`; the one used longest ago goes first. Failures aren't kept."""

    def __init__(self, *, seconds: float, most: int) -> None:
        self._seconds = seconds
        self._most = most
        self._answers: OrderedDict[Hashable, tuple[float, asyncio.Future[Answer]]] = OrderedDict()

    async def get(self, key: Hashable, make: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer of this key, made now where there is none."""
        made, answer = self._answers.get(key, (0.0, None))
        if answer is None or time.monotonic() - made > self._seconds or _failed(answer):
            answer = asyncio.ensure_future(make())
            self._answers[key] = (time.monotonic(), answer)
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)
        self._answers.move_to_end(key)
        # One asker that goes away doesn't take the answer from the others.
        return await asyncio.shield(answer)


def _failed(answer: asyncio.Future[Answer]) -> bool:
    return answer.done() and (answer.cancelled() or answer.exception() is not None)
