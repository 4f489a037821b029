"""What is kept of a caller's rules between requests ends with a change of the organisation, and is nobody else's."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from datasources.iperform.tables import leads
from datasources.magenta.tables import company
from datasources.model import Filter, Row
from gateway.auth import caller_rules, organisation
from gateway.auth.caller_rules import CALLERS_KEPT, KeptRules
from gateway.auth.policies import POLICIES
from gateway.auth.policy import Rules
from gateway.auth.principal import Client, Principal
from gateway.auth.roles import Caller
from gateway.auth.selection import Selection
from gateway.auth.system_access import SystemAccess
from gateway.services import no_column
from tests.live.following import Followed, followed

LEADS = Selection(leads, (leads.c.id, leads.c.company_id), lasting=True)
COMPANIES = Selection(company, (company.c.id, company.c.company_name), key=company.c.id, lasting=True)


def _staff(live: Followed, role: str, *, with_sales: bool = False) -> list[Principal]:
    rows = live.ask(
        "select distinct u.id from user u join role r on r.id = u.role_id and r.role_name = ? and u.active = 1 "
        + ("join salesperson s on s.user_id = u.id and s.active = 1 " if with_sales else "")
        + "order by u.id",
        role,
    )
    return [Principal(caller=Caller[role], user_id=id_) for (id_,) in rows]


async def _leads(live: Followed, principal: Principal) -> set[int]:
    rows = await live.services.access_for(principal).read(LEADS)
    return {row[0] for row in rows}


async def test_rules_are_the_same_object_until_the_organisation_changes(tmp_path: Path) -> None:
    async with followed(tmp_path) as live:
        for seller in _staff(live, "SALESPERSON", with_sales=True):
            before = await _leads(live, seller)
            if before:
                break
        first = await live.services.access_for(seller).rules()
        assert await live.services.access_for(seller).rules() is first
        ((warrior, owner),) = live.ask(
            "select w.id, w.salesperson_id from warrior w join salesperson s on s.id = w.salesperson_id "
            f"where s.user_id = {seller.user_id} and w.active = 1 and w.id in "
            "(select warrior_id from leads where coalesce(is_deleted, 0) = 0) limit 1"
        )
        theirs = set(live.leads_of(warrior))
        for change, back in (
            (
                "update warrior set salesperson_id = null where id = ?",
                "update warrior set salesperson_id = ? where id = ?",
            ),
            (
                "update warrior set active = 0 where id = ?",
                "update warrior set salesperson_id = ?, active = 1 where id = ?",
            ),
        ):
            live.ask(change, warrior)
            fewer = await live.services.access_for(seller).rules()
            assert fewer is not first
            assert warrior not in fewer.scope.sales_warriors
            found = await _leads(live, seller)
            assert found < before
            assert found.isdisjoint(theirs - found)
            live.ask(back, owner, warrior)
            assert await _leads(live, seller) == before


async def test_one_selection_gives_everybody_their_own_rows(tmp_path: Path) -> None:
    async with followed(tmp_path) as live:
        callers = [*_staff(live, "SALESPERSON"), *_staff(live, "MANAGER"), *_staff(live, "WARRIOR")[:20]]
        alone = {}
        for caller in callers:
            rules = KeptRules(live.services.rules.policies, live.services.rules.denied_columns)
            access = replace(live.services, rules=rules).access_for(caller)
            alone[caller.user_id] = {row[0] for row in await access.rows(leads, (leads.c.id,))}
        for _ in range(2):
            for caller in callers:
                assert await _leads(live, caller) == alone[caller.user_id]
        assert len(set(map(frozenset, alone.values()))) > 5


async def test_what_rows_have_proven_in_one_request_is_proven_in_no_other(tmp_path: Path) -> None:
    async with followed(tmp_path) as live:
        (manager, *_) = [one for one in _staff(live, "MANAGER", with_sales=True) if await _leads(live, one)]
        every = [
            row[0]
            for row in await live.services.access_for(_staff(live, "ADMIN")[0]).rows(company, (company.c.id,))
        ]
        for _ in range(2):
            # The leads that were read prove that their companies are visible: no rule is in the statement.
            access = live.services.access_for(manager)
            named = {row[1] for row in await access.read(LEADS)} & {*every}
            live.statements.clear()
            assert set(await access.by_key(COMPANIES, sorted(named))) == named
            assert [statement.source for statement in live.statements] == ["magenta"]
            # Another request knows of no lead, and is asked about every company.
            other = live.services.access_for(manager)
            found = set(await other.by_key(COMPANIES, every))
            assert named <= found < {*every}
            assert set(await other.by_key(COMPANIES, every)) == found


async def test_callers_who_ask_at_the_same_time_share_the_look_at_the_organisation(tmp_path: Path) -> None:
    async with followed(tmp_path) as live:
        several = _staff(live, "SALESPERSON", with_sales=True)[:5]

        async def bound(*callers: Principal) -> list[Rules]:
            return await asyncio.gather(*[live.services.access_for(caller).rules() for caller in callers])

        await bound(*several)
        live.statements.clear()
        rules = await bound(*[several[0]] * 20)
        # The first for itself, the others together.
        assert len(live.statements) == 4
        assert set(rules) == {rules[0]}
        live.statements.clear()
        rules = await bound(*several)
        assert [one.scope.user for one in rules] == [{caller.user_id} for caller in several]
        tables = Counter(re.findall(r"FROM (\w+)", statement.text)[0] for statement in live.statements)
        # All salespeople are the same whoever asks: read for who came first, then for all others together.
        assert tables == {"salesperson": 2, "warrior": len(several)}


async def test_a_change_is_seen_by_who_asks_after_it_while_an_older_look_is_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with followed(tmp_path) as live:
        for seller in _staff(live, "SALESPERSON", with_sales=True):
            rules = await live.services.access_for(seller).rules()
            if rules.scope.sales_warriors:
                break
        gone = min(rules.scope.sales_warriors)
        read = organisation._warriors
        changes: list[bool] = []
        late: list[asyncio.Future[Rules]] = []

        async def changed_since(system: SystemAccess, where: Filter) -> list[Row]:
            rows = await read(system, where)
            if changes:
                live.ask("update warrior set active = ? where id = ?", changes.pop(), gone)
                late.extend(asyncio.ensure_future(live.services.access_for(seller).rules()) for _ in range(3))
                # They ask while these rows, which are old by now, haven't been given to anybody.
                await asyncio.sleep(0.01)
            return rows

        monkeypatch.setattr(organisation, "_warriors", changed_since)
        for active in [False, True] * 5:
            changes.append(active)
            early = await live.services.access_for(seller).rules()
            assert (gone in early.scope.sales_warriors) is not active
            assert [gone in one.scope.sales_warriors for one in await asyncio.gather(*late)] == [active] * 3
            late.clear()


async def test_callers_who_asked_longest_ago_are_forgotten() -> None:
    kept = KeptRules(POLICIES, no_column)
    first = Principal(caller=Caller.ADMIN, user_id=1)
    rules = kept.of(first)
    assert kept.of(first) is rules
    # Equal, but not the same: whatever has changed of a session makes another.
    assert kept.of(replace(first)) is not rules
    for number in range(CALLERS_KEPT):
        kept.of(Principal(caller=Caller.ADMIN, user_id=number))
    assert kept.of(first) is not rules
    assert len(kept._kept) == CALLERS_KEPT
    assert caller_rules.CALLERS_KEPT <= 1_000


async def test_a_session_that_is_checked_again_is_the_same_caller_unless_something_has_changed(
    tmp_path: Path,
) -> None:
    async with followed(tmp_path) as live:
        authenticator = live.services.authenticator
        session = await authenticator.login("manager", "demo", Client("127.0.0.1", "tests"))
        authorization = f"Bearer {session.access_token}"

        async def checked_anew() -> Principal:
            for session_id, (_, principal) in authenticator._checked.items():
                authenticator._checked[session_id] = 0.0, principal
            return await authenticator.authenticate(authorization)

        first = await checked_anew()
        assert await checked_anew() is first
        live.ask("update role set allowed_status_list = 'New' where role_name = 'MANAGER'")
        changed = await checked_anew()
        assert changed is not first
        assert changed.allowed_statuses == ("New",)
        assert await checked_anew() is changed
