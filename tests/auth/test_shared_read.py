"""A read that several share is never older than any of their questions, and nobody's trouble is another's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from gateway.auth import shared_read
from gateway.auth.shared_read import SharedRead


class Slow:
    """Something that changes, and takes until it is let go on to be read. An answer is as it was at the beginning."""

    def __init__(self) -> None:
        self.value = 0
        self.begun: list[int] = []
        self._held: list[asyncio.Event] = []
        self._began = asyncio.Condition()

    async def __call__(self) -> int:
        found = self.value
        held = asyncio.Event()
        async with self._began:
            self.begun.append(found)
            self._held.append(held)
            self._began.notify_all()
        await held.wait()
        if found < 0:
            raise ValueError(found)
        return found

    async def has_begun(self, count: int) -> None:
        """Waits until so many reads have begun."""
        async with asyncio.timeout(5), self._began:
            await self._began.wait_for(lambda: len(self.begun) >= count)

    async def let_go(self, place: int) -> None:
        """Lets one read end, and whoever waits for it go on."""
        await self.has_begun(place + 1)
        self._held[place].set()
        await asyncio.sleep(0)


async def _asked(
    shared: SharedRead[int], read: Callable[[], Awaitable[int]], count: int = 1
) -> list[asyncio.Task[int]]:
    tasks = [asyncio.create_task(shared.get(read)) for _ in range(count)]
    await asyncio.sleep(0)
    return tasks


async def test_who_asks_while_a_read_lasts_shares_the_next_and_sees_what_has_changed_since() -> None:
    shared, slow = SharedRead[int](), Slow()
    (first,) = await _asked(shared, slow)
    slow.value = 1
    others = await _asked(shared, slow, 10)
    assert slow.begun == [0]
    await slow.let_go(0)
    await slow.let_go(1)
    assert await first == 0
    assert await asyncio.gather(*others) == [1] * 10
    assert slow.begun == [0, 1]


async def test_one_after_the_other_each_reads_for_themselves() -> None:
    shared, slow = SharedRead[int](), Slow()
    for number in range(3):
        slow.value = number
        (task,) = await _asked(shared, slow)
        await slow.let_go(number)
        assert await task == number
    assert slow.begun == [0, 1, 2]


async def test_a_shared_read_that_has_begun_is_too_old_for_those_who_come_later() -> None:
    shared, slow = SharedRead[int](), Slow()
    (first,) = await _asked(shared, slow)
    second = await _asked(shared, slow, 3)
    await slow.let_go(0)
    await first
    await slow.has_begun(2)
    slow.value = 7
    third = await _asked(shared, slow, 3)
    await slow.let_go(1)
    await slow.let_go(2)
    assert await asyncio.gather(*second) == [0] * 3
    assert await asyncio.gather(*third) == [7] * 3


async def test_a_failure_is_that_of_all_who_share_it_and_of_nobody_after() -> None:
    shared, slow = SharedRead[int](), Slow()
    (first,) = await _asked(shared, slow)
    slow.value = -1
    others = await _asked(shared, slow, 3)
    await slow.let_go(0)
    await slow.let_go(1)
    assert await first == 0
    for failed in others:
        with pytest.raises(ValueError, match="-1"):
            await failed
    slow.value = 2
    (after,) = await _asked(shared, slow)
    await slow.let_go(2)
    assert await after == 2


@pytest.mark.parametrize("who", ["runs", "asked first", "asked later", "all who share"])
async def test_who_gives_up_takes_nothing_from_the_others(who: str) -> None:
    shared, slow = SharedRead[int](), Slow()
    (first,) = await _asked(shared, slow)
    others = await _asked(shared, slow, 3)
    gone = {"runs": [first], "asked first": others[:1], "asked later": others[1:2], "all who share": others}[
        who
    ]
    for task in gone:
        task.cancel()
    await asyncio.sleep(0)
    await slow.let_go(0)
    await slow.let_go(1)
    for task in (first, *others):
        if task in gone:
            with pytest.raises(asyncio.CancelledError):
                await task
        else:
            assert await task == 0
    (after,) = await _asked(shared, slow)
    await slow.let_go(2)
    assert await after == 0


async def test_a_read_that_hangs_holds_up_others_for_a_moment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_read, "PATIENCE", 0.02)
    shared, slow = SharedRead[int](), Slow()
    (hanging,) = await _asked(shared, slow)
    slow.value = 1
    others = await _asked(shared, slow, 3)
    await slow.let_go(1)
    async with asyncio.timeout(5):
        assert await asyncio.gather(*others) == [1] * 3
    assert not hanging.done()
    # It is no longer the one that is waited for, nor does its end disturb the one that is.
    (current,) = await _asked(shared, slow)
    await slow.let_go(0)
    assert await hanging == 0
    waiting = await _asked(shared, slow, 2)
    assert slow.begun == [0, 1, 1]
    await slow.let_go(2)
    await slow.let_go(3)
    assert [await current, *await asyncio.gather(*waiting)] == [1] * 3
    assert shared_read.PATIENCE < 0.1
