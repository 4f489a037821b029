"""The read audit while iperform's server stands still, or goes away as it commits: each entry is written once."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from sqlalchemy import make_url

from gateway.auth import audit
from tests.http.test_audit import audit_over, entry, logs_of
from tests.outages.estate import OutageEstate
from tests.outages.proxy import End, Fault, proxied


async def test_entries_wait_while_the_server_stands_still_and_are_written_once(estate: OutageEstate) -> None:
    settings = replace(estate.gateway.settings, connect_seconds=0.5, statement_seconds=0.5)
    with logs_of(settings) as found:
        async with audit_over(settings) as queue:
            for number in range(3_000):
                queue.put(entry(number))
            await asyncio.sleep(0.3)
            estate.pause("iperform")
            await asyncio.sleep(3)
            estate.iperform.resume()
            found_now = await asyncio.to_thread(found.expect, 3_000)
        assert sorted(row["user_id"] for row in found_now) == list(range(3_000))


async def test_a_commit_whose_answer_is_lost_is_not_written_again(estate: OutageEstate) -> None:
    with proxied(estate.iperform.port) as proxy:
        url = make_url(estate.gateway.settings.iperform_dsn).set(port=proxy.port)
        settings = replace(estate.gateway.settings, iperform_dsn=url.render_as_string(hide_password=False))
        with logs_of(estate.gateway.settings) as found:
            async with audit_over(settings) as queue:
                queue.put(entry(1))
                await asyncio.to_thread(found.expect, 1)
                proxy.misbehave(Fault())
                queue.put(entry(2))
                await asyncio.to_thread(found.expect, 2)
                await asyncio.sleep(0.2)
                # The same again, without the last byte: it is of the answer to the commit.
                proxy.misbehave(Fault(through=proxy.passed - 1, end=End.RESET))
                queue.put(entry(3))
                await asyncio.to_thread(found.expect, 3)
                proxy.misbehave(Fault())
                queue.put(entry(4))
                await asyncio.sleep(2 * audit.BATCH_SECONDS)
                await asyncio.to_thread(found.expect, 4)
            assert [row["user_id"] for row in found.rows()] == [1, 2, 3, 4]
