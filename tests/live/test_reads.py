"""By what callers are told apart, for whom the same is read of an event."""

from __future__ import annotations

import pytest
from sqlalchemy import Table

from datasources.iperform.tables import leads, tickets, user
from gateway.auth.policies import POLICIES
from gateway.auth.policy import Rules
from gateway.auth.principal import Principal
from gateway.auth.roles import Caller
from gateway.auth.scope import Scope
from gateway.live.reads import masks_of


def _rules(caller: Caller, user_id: int) -> Rules:
    return POLICIES.for_scope(Scope(principal=Principal(caller=caller, user_id=user_id)))


def test_conditions_of_two_callers_go_by_other_masks_where_each_reads_a_column_on_other_rows() -> None:
    first, second = _rules(Caller.MANAGER, 1), _rules(Caller.MANAGER, 2)
    assert masks_of(user, first) != masks_of(user, second)


def test_conditions_of_one_caller_go_by_the_same_masks() -> None:
    scope = Scope(principal=Principal(caller=Caller.MANAGER, user_id=1))
    assert masks_of(user, POLICIES.for_scope(scope)) == (POLICIES.for_scope(scope).mask(user.c.email),)


@pytest.mark.parametrize("table", [leads, tickets], ids=str)
@pytest.mark.parametrize(
    "caller", [one for one in Caller if one is not Caller.ANONYMOUS], ids=lambda one: one.name
)
def test_conditions_on_what_is_followed_are_everybodys(table: Table, caller: Caller) -> None:
    assert masks_of(table, _rules(caller, 1)) == ()
