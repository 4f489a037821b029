"""What many callers see of an event is asked together, and is what each of them sees alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from math import ceil
from pathlib import Path

import pytest

import gateway.live.delivery as delivery_module
from datasources.iperform.tables import leads
from datasources.model import Aggregate, Keys, Read, Row, Value
from gateway.auth.access import Access
from gateway.auth.principal import Principal
from gateway.auth.roles import EVENTS_READ, LEADS_READ, Caller
from gateway.live.batch import TOGETHER
from gateway.live.subscription import Subscription
from tests.live.following import LIVE, PATIENCE, Followed, followed, ids, moved, take

# Nobody is asked about a second time because a busy machine has kept the first one waiting.
UNHURRIED_SECONDS = 60.0
WHERE = (
    "subscription($where: LeadWhere) "
    "{ leadStatusChanged(where: $where) { cursor status lead { databaseId } } }"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("together")


@pytest.fixture
async def live(folder: Path) -> AsyncIterator[Followed]:
    async with followed(folder) as found:
        yield found


def callers(live: Followed) -> list[Principal]:
    """Everybody who may follow leads."""
    rows = live.ask("select u.id, u.user_id, r.role_name from user u join role r on r.id = u.role_id")
    people = [
        Principal(caller=Caller[name], user_id=id_, client_user_id=client) for id_, client, name in rows
    ]
    warriors = "select distinct partner_company_id from warrior where partner_company_id is not null"
    partners = [
        Principal(
            caller=Caller.PARTNER,
            token_id=number,
            partner_company_id=number,
            scopes=frozenset({EVENTS_READ, LEADS_READ}),
        )
        for (number,) in live.ask(warriors)
    ]
    return people + partners


def warriors(live: Followed) -> list[Principal]:
    """Every warrior: each sees other leads."""
    rows = live.ask("select u.id from user u join role r on r.id = u.role_id where r.role_name = 'WARRIOR'")
    return [Principal(caller=Caller.WARRIOR, user_id=id_) for (id_,) in rows]


async def got(live: Followed, subscription: Subscription) -> list[int]:
    """The leads of all events that a subscription has got, once it has got all that are its."""
    head = await live.bus.here()
    async with asyncio.timeout(PATIENCE):
        while subscription.position != head:  # noqa: ASYNC110 (there is nothing to wait for where nothing comes)
            await asyncio.sleep(0.01)
    subscription.end(StopAsyncIteration())
    return ids([json.loads(answer) async for answer in subscription])


def lead_statements(live: Followed) -> int:
    """How many statements were about leads."""
    return sum("from leads" in statement.text.lower() for statement in live.statements)


async def test_each_sees_together_what_they_see_alone(live: Followed) -> None:
    everybody = callers(live)
    assert {principal.caller for principal in everybody} == set(Caller) - {Caller.ANONYMOUS}
    rows = live.ask(f"select id from leads where {LIVE} order by id desc limit 150")
    some = [id_ for (id_,) in rows]
    subscriptions = [await live.subscribe(principal) for principal in everybody]
    await live.tell(*map(moved, some))
    counts = []
    for principal, subscription in zip(everybody, subscriptions, strict=True):
        access = live.services.access_for(principal)
        visible = await access.rows(leads, (leads.c.id,), keys=Keys(leads.c.id, tuple(some)))
        alone = {row[0] for row in visible}
        assert await got(live, subscription) == [id_ for id_ in some if id_ in alone], principal
        counts.append(len(alone))
    assert len(set(counts)) > 10


async def test_a_hundred_scopes_are_asked_about_in_few_statements(
    live: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_module, "HURRY_SECONDS", UNHURRIED_SECONDS)
    everybody = warriors(live)
    assert len(everybody) >= 90
    ((lead,),) = live.ask(f"select id from leads where warrior_id = '5' and {LIVE} limit 1")
    subscriptions = [await live.subscribe(principal) for principal in everybody]
    live.statements.clear()
    await live.tell(moved(lead))
    found = [await got(live, subscription) for subscription in subscriptions]
    assert sorted(found) == [[]] * (len(everybody) - 1) + [[lead]]
    looks, answers = ceil(len(everybody) / TOGETHER), 1
    assert lead_statements(live) == looks + answers


async def test_conditions_of_one_kind_are_asked_about_together_each_with_its_values(
    live: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_module, "HURRY_SECONDS", UNHURRIED_SECONDS)
    admin = await live.principal("admin")
    rows = live.ask(f"select id, firm_name from leads where {LIVE} and firm_name is not null limit 40")
    subscriptions = [
        await live.subscribe(admin, WHERE, {"where": {"firmName": {"eq": name}}}) for _, name in rows
    ]
    names = dict(rows)
    live.statements.clear()
    await live.tell(*[moved(id_) for id_, _ in rows])
    for (_, name), subscription in zip(rows, subscriptions, strict=True):
        assert await got(live, subscription) == [id_ for id_ in names if names[id_] == name]
    looks = [statement for statement in live.statements if statement.text.count("firm_name") > 1]
    assert len(looks) == ceil(len(set(names.values())) / TOGETHER)


async def test_who_is_slow_to_be_asked_about_holds_up_nobody_and_gets_everything_later(
    live: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = warriors(live)
    admin = await live.principal("admin")
    ((lead,),) = live.ask(f"select id from leads where warrior_id = '5' and {LIVE} limit 1")
    subscriptions = [await live.subscribe(principal) for principal in everybody]
    quick = await live.subscribe(admin)
    slow, seen = asyncio.Event(), Access.seen

    async def slowly(access: Access, sightings: Sequence[Aggregate]) -> list[frozenset[Value]]:
        await slow.wait()
        return await seen(access, sightings)

    monkeypatch.setattr(delivery_module, "HURRY_SECONDS", 0.1)
    monkeypatch.setattr(Access, "seen", slowly)
    for _ in range(3):
        await live.tell(moved(lead))
        assert ids(await take(quick, 1)) == [lead]
    slow.set()
    found = [await got(live, subscription) for subscription in subscriptions]
    assert sorted(found) == [[]] * (len(everybody) - 1) + [[lead] * 3]


async def test_a_source_that_hangs_holds_up_only_those_whose_condition_leads_there(
    live: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = await live.principal("admin")
    ((lead, company),) = live.ask(
        f"select id, company_id from leads where company_id between 8 and 100 and {LIVE} limit 1"
    )
    others = [{"where": {"company": {"databaseId": {"lte": company + more}}}} for more in range(20)]
    subscriptions = [await live.subscribe(admin, WHERE, variables) for variables in others]
    quick = await live.subscribe(admin)
    magenta = live.services.estate.sources["magenta"]
    back, rows = asyncio.Event(), magenta.rows

    async def late_rows(read: Read) -> list[Row]:
        await back.wait()
        return await rows(read)

    monkeypatch.setattr(delivery_module, "HURRY_SECONDS", 0.1)
    monkeypatch.setattr(magenta, "rows", late_rows)
    for _ in range(3):
        await live.tell(moved(lead))
        assert ids(await take(quick, 1)) == [lead]
    back.set()
    for subscription in subscriptions:
        assert await got(live, subscription) == [lead] * 3
