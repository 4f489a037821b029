"""The scopes of many callers, read together, are those that each has alone."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from gateway.auth.organisation import scope_in_database, scopes_in_database
from gateway.auth.principal import Principal
from gateway.auth.roles import Caller
from gateway.auth.scope import SalespersonRow, Scope, Staff, WarriorRow, scope_of
from gateway.auth.system_access import SystemAccess
from tests.live.following import followed

# So few that cycles, several rows of one user, and warriors of several salespeople come about by themselves.
IDS = some.integers(1, 7)
LISTS = some.one_of(
    some.none(), some.lists(some.sampled_from(["1", " 2", "3 ", "04", "5x", "", "6,7"])).map(",".join)
)
SALESPEOPLE = some.lists(
    some.builds(SalespersonRow, IDS, IDS, some.one_of(some.none(), IDS), LISTS), unique_by=lambda row: row.id
)
WARRIORS = some.lists(
    some.builds(WarriorRow, IDS, IDS, some.one_of(some.none(), IDS)), unique_by=lambda row: row.id
)
STAFF = (Caller.MANAGER, Caller.SALESPERSON, Caller.WARRIOR)


def _said(scope: Scope) -> tuple[object, ...]:
    """All that a rule can ask of a scope."""
    return (
        scope.sales,
        scope.team,
        scope.sales_warriors,
        scope.team_warriors,
        scope.own_warriors,
        scope.team_users,
        scope.company,
        scope.open_warriors,
        scope.limited_warriors,
        scope.principal,
    )


# A busy machine is no fault of the examples.
@settings(max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SALESPEOPLE, WARRIORS, IDS, some.sampled_from(STAFF))
def test_a_team_is_the_same_among_all_as_alone(
    salespeople: list[SalespersonRow], warriors: list[WarriorRow], user_id: int, caller: Caller
) -> None:
    principal = Principal(caller=caller, user_id=user_id)
    alone = scope_of(principal, salespeople=salespeople, warriors=warriors)
    assert _said(Staff(salespeople, warriors).scope(principal)) == _said(alone)


async def test_every_caller_of_an_estate_has_the_same_scope_together_as_alone(tmp_path: Path) -> None:
    async with followed(tmp_path) as live:
        rows = live.ask("select u.id, u.user_id, r.role_name from user u join role r on r.id = u.role_id")
        principals = [
            Principal(caller=Caller[name], user_id=id_, client_user_id=client) for id_, client, name in rows
        ]
        partners = live.ask(
            "select distinct partner_company_id from warrior where partner_company_id is not null"
        )
        principals += [
            Principal(caller=Caller.PARTNER, token_id=number, partner_company_id=number)
            for (number,) in partners
        ]
        assert {principal.caller for principal in principals} == set(Caller) - {Caller.ANONYMOUS}
        system = SystemAccess(live.services.estate)
        together = await scopes_in_database(system, principals)
        alone = [await scope_in_database(system, principal) for principal in principals]
        assert [_said(scope) for scope in together] == [_said(scope) for scope in alone]
        assert sum(bool(scope.team_warriors) for scope in together) > 3
        assert sum(bool(scope.company) for scope in together) > 3
        assert sum(bool(scope.open_warriors or scope.limited_warriors) for scope in together) > 1
