"""Which events each subscriber gets: read anew under their own rules, in order, each once, and read once for many."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

import gateway.live.catching_up as catching_up_module
import gateway.live.delivery as delivery_module
import gateway.live.subscription as subscription_module
from datasources.base import Statement
from gateway.errors import Code, GatewayError
from gateway.events.bounds import Bounds
from tests.live.clock import until
from tests.live.following import LEADS, LIVE, Followed, cursor, followed, ids, moved, take


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("followed")


@pytest.fixture
async def live(folder: Path) -> AsyncIterator[Followed]:
    async with followed(folder) as found:
        yield found


async def test_an_event_is_answered_with_the_row_as_it_is(live: Followed) -> None:
    subscription = await live.subscribe(
        "admin",
        "subscription { leadStatusChanged { previousStatus status lead { databaseId status } changedOn } }",
    )
    await live.tell(moved(1, "Won", "Demo"))
    (status,) = live.ask("select status from leads where id = 1")
    assert await take(subscription, 1) == [
        {
            "data": {
                "leadStatusChanged": {
                    "previousStatus": "Demo",
                    "status": "Won",
                    "lead": {"databaseId": 1, "status": status[0]},
                    "changedOn": "2026-05-04T03:02:01+05:30",
                }
            }
        }
    ]


async def test_who_resumes_gets_what_came_meanwhile_once_and_goes_on(live: Followed) -> None:
    first = await live.subscribe("admin")
    await live.tell(moved(1), moved(2))
    answers = await take(first, 2)
    first.close()
    await live.tell(moved(3))
    await live.tell(moved(4))
    second = await live.subscribe("admin", LEADS, {"after": cursor(answers[0])})
    assert ids(await take(second, 3)) == [2, 3, 4]
    await live.tell(moved(5))
    assert ids(await take(second, 1)) == [5]


async def test_each_sees_the_events_of_their_own_rows(live: Followed) -> None:
    own, others = live.leads_of(5), live.leads_of(1)
    warrior, admin = await live.subscribe("warrior"), await live.subscribe("admin")
    await live.tell(moved(others[0]), moved(own[0]), moved(others[1]), moved(own[1]))
    assert ids(await take(warrior, 2)) == own[:2]
    assert ids(await take(admin, 4)) == [others[0], own[0], others[1], own[1]]


async def test_a_lead_that_is_handed_on_takes_its_events_along(live: Followed) -> None:
    lead, of_second = live.leads_of(5)[0], live.leads_of(6)[0]
    first, second = await live.subscribe("warrior"), await live.subscribe("warrior2")
    await live.tell(moved(lead, "Demo"), moved(of_second))
    assert (ids(await take(first, 1)), ids(await take(second, 1))) == ([lead], [of_second])
    live.ask("update leads set warrior_id = '6' where id = ?", lead)
    await live.tell(moved(lead, "Won"))
    (after,) = await take(second, 1)
    assert after["data"]["leadStatusChanged"]["status"] == "Won"
    live.ask("update leads set warrior_id = '5' where id = ?", lead)
    await live.tell(moved(lead, "Lost"))
    (back,) = await take(first, 1)
    assert back["data"]["leadStatusChanged"]["status"] == "Lost"


async def test_whoever_is_put_in_another_team_follows_that_team_at_once(live: Followed) -> None:
    lead = live.leads_of(1)[0]
    live.ask("update leads set shared_salesperson_id = null where id = ?", lead)
    salesperson = await live.subscribe("salesperson")
    (own,) = live.leads_of(5)[:1]
    await live.tell(moved(lead, "Demo"), moved(own))
    assert ids(await take(salesperson, 1)) == [own]
    sales = live.ask("select id from salesperson where user_id = 3 and active = 1")[0][0]
    before = live.ask("select salesperson_id from warrior where id = 1")[0][0]
    live.ask("update warrior set salesperson_id = ? where id = 1", sales)
    await live.tell(moved(lead, "Won"))
    (answer,) = await take(salesperson, 1)
    assert answer["data"]["leadStatusChanged"]["status"] == "Won"
    live.ask("update warrior set salesperson_id = ? where id = 1", before)


async def test_a_deleted_lead_has_no_events_for_anybody(live: Followed) -> None:
    admin = await live.subscribe("admin")
    (deleted,) = live.ask("select min(id) from leads where is_deleted = 1")[0]
    await live.tell(moved(deleted), moved(1))
    assert ids(await take(admin, 1)) == [1]


async def test_from_to_and_where_choose(live: Followed) -> None:
    text = """subscription($where: LeadWhere, $from: [String!], $to: [String!]) {
        leadStatusChanged(where: $where, from: $from, to: $to) { lead { databaseId } } }"""
    industry = live.ask("select industry from leads where id = 1")[0][0]
    alike = {row[0] for row in live.ask(f"select id from leads where industry = ? and {LIVE}", industry)}
    came_from = await live.subscribe("admin", text, {"from": ["Demo", "Trial"]})
    went_to = await live.subscribe("admin", text, {"to": ["Won"]})
    chosen = await live.subscribe("admin", text, {"where": {"industry": {"eq": industry}}})
    across = await live.subscribe("admin", text, {"where": {"company": {"databaseId": {"eq": 1}}}})
    await live.tell(
        moved(1, "Won", "Demo"),
        moved(2, "Lost", "Trial"),
        moved(3, "Won", None),
        moved(4, None, "New"),
        moved(1),
    )
    assert ids(await take(came_from, 2)) == [1, 2]
    assert ids(await take(went_to, 2)) == [1, 3]
    assert ids(await take(chosen, 2)) == [lead for lead in (1, 2, 3, 4, 1) if lead in alike]
    of_company = {row[0] for row in live.ask(f"select id from leads where company_id = 1 and {LIVE}")}
    expected = [lead for lead in (1, 2, 3, 4, 1) if lead in of_company]
    assert ids(await take(across, len(expected))) == expected


async def test_what_nobody_asked_for_is_passed_over(live: Followed) -> None:
    subscription = await live.subscribe(
        "admin", 'subscription { leadStatusChanged(to: ["Won"]) { status lead { databaseId } } }'
    )
    await live.tell(moved(1, "Demo"))
    await live.tell(moved(1, "Trial"))
    await live.tell(moved(1, "Won"))
    assert ids(await take(subscription, 1)) == [1]


async def test_where_goes_by_the_row_as_it_is_when_the_event_is_delivered(live: Followed) -> None:
    text = 'subscription { leadStatusChanged(where: {status: {eq: "Won"}}) { lead { databaseId } } }'
    subscription = await live.subscribe("admin", text)
    live.ask("update leads set status = 'Won' where id = 7")
    live.ask("update leads set status = 'Demo' where id = 8")
    await live.tell(moved(7, "Demo"), moved(8, "Won"))
    assert ids(await take(subscription, 1)) == [7]
    live.ask("update leads set status = 'Demo' where id = 7")
    live.ask("update leads set status = 'Won' where id = 8")
    await live.tell(moved(7, "Won"), moved(8, "Demo"))
    assert ids(await take(subscription, 1)) == [8]


@pytest.fixture
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that is kept waiting, too, nobody is read for a second time because the first one took long."""
    monkeypatch.setattr(delivery_module, "HURRY_SECONDS", 60.0)


@pytest.mark.usefixtures("_unhurried")
async def test_a_thousand_subscribers_of_one_scope_cost_one_read(live: Followed) -> None:
    principal = await live.principal("manager")
    subscriptions = [await live.subscribe(principal) for _ in range(1_000)]
    lead = live.ask("select id from leads where coalesce(is_deleted, 0) = 0 and warrior_id = '5'")[0][0]
    live.statements.clear()
    await live.tell(moved(lead))
    for subscription in subscriptions:
        assert ids(await take(subscription, 1)) == [lead]
    assert [_table(statement) for statement in live.statements].count("leads") == 2
    assert len(live.statements) == 4


@pytest.mark.usefixtures("_unhurried")
async def test_users_of_one_company_share_a_read_though_they_are_several_users(live: Followed) -> None:
    one = await live.principal("client")
    other = replace(one, user_id=11, session_id=None)
    subscriptions = [await live.subscribe(principal) for principal in (one, other)]
    lead = live.ask(f"select l.id from leads l where company_id = ? and {LIVE}", _company(live))[0][0]
    live.statements.clear()
    await live.tell(moved(lead))
    for subscription in subscriptions:
        assert ids(await take(subscription, 1)) == [lead]
    assert [_table(statement) for statement in live.statements].count("leads") == 2


async def test_what_is_masked_for_one_is_not_shared_with_another(live: Followed) -> None:
    text = "subscription { leadStatusChanged { lead { databaseId createdBy { username email } } } }"
    lead = live.leads_of(1)[0]
    live.ask("update leads set created_by = 1 where id = ?", lead)
    admin, manager = await live.principal("admin"), await live.principal("manager2")
    live.ask("update leads set shared_salesperson_id = null where id = ?", lead)
    subscriptions = [await live.subscribe(principal, text) for principal in (admin, manager)]
    sales = live.ask("select id from salesperson where user_id = 6 and active = 1")[0][0]
    live.ask("update leads set shared_salesperson_id = ? where id = ?", str(sales), lead)
    await live.tell(moved(lead))
    seen = [
        (await take(subscription, 1))[0]["data"]["leadStatusChanged"]["lead"]
        for subscription in subscriptions
    ]
    assert [found["createdBy"]["username"] for found in seen] == ["admin", "admin"]
    assert seen[0]["createdBy"]["email"] is not None
    assert seen[1]["createdBy"]["email"] is None


def _table(statement: Statement) -> str:
    found = re.search(r"from\W+(\w+)", statement.text, re.IGNORECASE)
    assert found is not None
    return found[1]


def _company(live: Followed) -> int:
    path = live.settings.magenta_dsn.partition("///")[2]
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("select company_id from user where id = 4").fetchone()[0])


async def test_the_reference_executor_gives_the_same(folder: Path) -> None:
    text = """subscription { leadStatusChanged {
        status changedBy { username } lead { databaseId company { companyName } } } }"""
    found = []
    for engine in ("compiled", "reference"):
        async with followed(folder, engine=engine) as live:
            subscription = await live.subscribe("manager", text)
            leads = live.leads_of(5)
            await live.tell(
                moved(leads[0], changed_by=3), moved(999_999), moved(leads[1], changed_by=999_999)
            )
            found.append(await take(subscription, 2))
    assert found[0] == found[1]
    assert [answer["data"]["leadStatusChanged"]["changedBy"] for answer in found[0]] == [
        {"username": "salesperson"},
        None,
    ]


# --- how far a subscriber has got ---------------------------------------------------------------------------


async def test_who_takes_nothing_holds_up_nobody_and_loses_nothing(
    live: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription_module, "MOST_WAITING", 10)
    idle, quick = await live.subscribe("admin"), await live.subscribe("admin")
    for _ in range(30):
        await live.tell(moved(1), moved(2))
        assert ids(await take(quick, 2)) == [1, 2]
    assert ids(await take(idle, 60)) == [1, 2] * 30
    await live.tell(moved(3))
    assert ids(await take(idle, 1)) == ids(await take(quick, 1)) == [3]


async def test_who_takes_nothing_for_long_is_told_to_come_again(
    live: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription_module, "MOST_WAITING", 2)
    monkeypatch.setattr(catching_up_module, "SLOW_SECONDS", 0.2)
    idle = await live.subscribe("admin")
    await live.tell(*[moved(1, f"status {number}") for number in range(5)])
    await until(lambda: idle.is_over)
    answers = await take(idle, 2)
    with pytest.raises(GatewayError) as refused:
        await anext(idle)
    assert refused.value.code is Code.SLOW_CONSUMER
    resumed = await live.subscribe("admin", LEADS, {"after": cursor(answers[-1])})
    assert [answer["data"]["leadStatusChanged"]["status"] for answer in await take(resumed, 2)] == [
        "status 2",
        "status 3",
    ]


async def test_a_cursor_is_good_for_anybody_and_any_subscription(live: Followed) -> None:
    admin = await live.subscribe("admin")
    own = live.leads_of(5)
    await live.tell(moved(own[0]), moved(own[1]))
    (first, _) = await take(admin, 2)
    resumed = await live.subscribe("warrior", LEADS, {"after": cursor(first)})
    assert ids(await take(resumed, 1)) == [own[1]]


@pytest.mark.parametrize("after", ["", "nonsense", "ZXZlbnQ6MC0w", "é" * 20, "A" * 100_000])
async def test_a_malformed_cursor_is_refused(live: Followed, after: str) -> None:
    with pytest.raises(GatewayError) as refused:
        await live.subscribe("admin", LEADS, {"after": after})
    assert refused.value.code is Code.BAD_USER_INPUT


async def test_a_cursor_of_a_log_that_has_ended_is_refused_and_whoever_follows_it_is_told(
    live: Followed,
) -> None:
    subscription = await live.subscribe("admin")
    await live.tell(moved(1))
    (answer,) = await take(subscription, 1)
    await live.bus.begin("somewhere else")
    with pytest.raises(GatewayError) as ended:
        await take(subscription, 1)
    assert ended.value.code is Code.CURSOR_EXPIRED
    with pytest.raises(GatewayError) as refused:
        await live.subscribe("admin", LEADS, {"after": cursor(answer)})
    assert refused.value.code is Code.CURSOR_EXPIRED
    fresh = await live.subscribe("admin")
    await live.tell(moved(2))
    assert ids(await take(fresh, 1)) == [2]


async def test_a_cursor_older_than_the_log_is_refused(folder: Path) -> None:
    async with followed(folder, bounds=Bounds(entries=3, seconds=3_600)) as live:
        subscription = await live.subscribe("admin")
        answers = []
        for _ in range(8):
            await live.tell(moved(1))
            answers += await take(subscription, 1)
        with pytest.raises(GatewayError) as refused:
            await live.subscribe("admin", LEADS, {"after": cursor(answers[0])})
        assert refused.value.code is Code.CURSOR_EXPIRED
        kept = await live.subscribe("admin", LEADS, {"after": cursor(answers[5])})
        assert len(await take(kept, 2)) == 2


async def test_whoever_has_closed_gets_nothing_more(live: Followed) -> None:
    subscription = await live.subscribe("admin")
    await live.tell(moved(1))
    await take(subscription, 1)
    subscription.close()
    subscription.close()
    await live.tell(moved(1))
    with pytest.raises(StopAsyncIteration):
        await anext(subscription)
