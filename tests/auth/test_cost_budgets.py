"""The budget of a partner's token: counted before an operation, for each token, by all workers together."""

from __future__ import annotations

import asyncio
import re
import time

import pytest
from redis.asyncio import Redis

from gateway.auth import throttle
from gateway.auth.cost_budgets import CostBudgets
from gateway.auth.principal import Principal
from gateway.auth.roles import Caller
from gateway.errors import Code, GatewayError
from tests.servers.redis import RedisServer

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis is waited for however long it takes: for a test of what it counts, not of doing without it."""
    monkeypatch.setattr(throttle, "REDIS_SECONDS", 30.0)


def _token(number: int, budget: int = 100) -> Principal:
    prefix = f"ipgw_{number:010}"
    return Principal(
        caller=Caller.PARTNER, token_id=1, token_prefix=prefix, partner_company_id=1, cost_per_minute=budget
    )


async def _charged(budgets: CostBudgets, principal: Principal, *costs: int) -> list[str]:
    """What came of operations of these costs, one after another."""
    found = []
    for cost in costs:
        try:
            await budgets.charge(principal, cost)
            found.append("ok")
        except GatewayError as error:
            found.append(error.code.value)
    return found


async def test_operations_share_a_budget_until_it_is_used_up() -> None:
    budgets = CostBudgets("memory:")
    assert await _charged(budgets, _token(1), 60, 40, 1) == ["ok", "ok", "THROTTLED"]
    assert await _charged(budgets, _token(2), 100) == ["ok"]


async def test_a_refused_operation_uses_up_nothing() -> None:
    budgets = CostBudgets("memory:")
    assert await _charged(budgets, _token(1), 60, 50, 50, 40) == ["ok", "THROTTLED", "THROTTLED", "ok"]


async def test_an_operation_dearer_than_the_whole_budget_is_told_both_numbers() -> None:
    with pytest.raises(GatewayError) as refused:
        await CostBudgets("memory:").charge(_token(1), 101)
    assert refused.value.code is Code.COST_LIMIT_EXCEEDED
    assert refused.value.message == (
        "The operation may cost 101, and the token has 100 a minute; ask for less at once."
    )


async def test_who_has_used_up_the_budget_is_told_when_to_come_back() -> None:
    budgets = CostBudgets("memory:")
    await budgets.charge(_token(1), 70)
    with pytest.raises(GatewayError) as refused:
        await budgets.charge(_token(1), 31)
    assert refused.value.code is Code.THROTTLED
    told = re.fullmatch(
        r"The operation may cost 31, and 30 of the token's 100 a minute are left; ask again in (\d+) s\.",
        refused.value.message,
    )
    assert told is not None
    assert 55 <= int(told[1]) <= 61


async def test_staff_has_no_budget() -> None:
    budgets = CostBudgets("memory:")
    for caller in (Caller.ADMIN, Caller.USER, Caller.ANONYMOUS):
        assert await _charged(budgets, Principal(caller=caller, user_id=1), 10**9, 10**9) == ["ok", "ok"]


@pytest.mark.usefixtures("patient")
async def test_workers_count_together_by_redis_and_it_forgets_within_a_minute(
    redis_server: RedisServer,
) -> None:
    async with Redis.from_url(redis_server.dsn(5)) as redis:
        await redis.flushdb()
        workers = [CostBudgets(redis_server.dsn(5)) for _ in range(2)]
        assert await _charged(workers[0], _token(1), 60) == ["ok"]
        assert await _charged(workers[1], _token(1), 60, 40) == ["THROTTLED", "ok"]
        assert await _charged(workers[0], _token(1), 1) == ["THROTTLED"]
        (key,) = await redis.keys()
        assert 0 < await redis.ttl(key) <= 60
        # The next minute.
        await redis.expire(key, 0)
        assert await _charged(workers[0], _token(1), 100) == ["ok"]


@pytest.mark.usefixtures("patient")
async def test_no_more_is_let_in_at_once_than_the_budget_holds(redis_server: RedisServer) -> None:
    async with Redis.from_url(redis_server.dsn(5)) as redis:
        await redis.flushdb()
        workers = [CostBudgets(redis_server.dsn(5)) for _ in range(3)]
        outcomes = await asyncio.gather(
            *[_charged(workers[number % 3], _token(1), 7) for number in range(60)]
        )
    # 14 times 7 is 98.
    assert outcomes.count(["ok"]) == 14
    assert outcomes.count(["THROTTLED"]) == 46


async def test_without_redis_each_process_counts_for_itself() -> None:
    budgets = CostBudgets(NOWHERE)
    assert await _charged(budgets, _token(1), 60, 60, 40) == ["ok", "THROTTLED", "ok"]


async def test_a_redis_that_hangs_up_is_left_alone_for_a_while() -> None:
    calls: list[int] = []

    def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.append(len(calls))
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        budgets = CostBudgets(f"redis://127.0.0.1:{port}/0")
        assert await _charged(budgets, _token(1), *[1] * 50) == ["ok"] * 50
    assert calls == [0]


async def test_a_redis_that_hangs_is_waited_for_once(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patience:
        patience.setattr(throttle, "REDIS_SECONDS", 30.0)
        assert await _charged(CostBudgets(redis_server.dsn(5)), _token(3), 60) == ["ok"]
    budgets = CostBudgets(redis_server.dsn(5))
    async with Redis.from_url(redis_server.dsn(5)) as redis:
        # Writes alone, or the end of the pause would have to wait too.
        await redis.client_pause(60_000, all=False)
        try:
            started = time.perf_counter()
            # Counted anew by this process alone.
            assert await _charged(budgets, _token(3), 40) == ["ok"]
            waited = time.perf_counter()
            assert waited - started >= 1
            assert await _charged(budgets, _token(3), 60, *[1] * 20) == ["ok", *["THROTTLED"] * 20]
            # Each of them would have waited for a second.
            assert time.perf_counter() - waited < 10
        finally:
            await redis.client_unpause()
