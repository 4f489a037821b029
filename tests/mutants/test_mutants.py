"""Each access rule is taken away or widened in turn; the suite must notice every one. A survivor is named."""

from __future__ import annotations

import pytest

from gateway.auth.policies import POLICIES
from gateway.auth.roles import Caller
from tests.mutants.rules import Mutant, all_named, dependents, mask_mutants, row_mutants
from tests.mutants.suite import ASKERS, Suite

CALLERS = tuple(ASKERS)
# Changes that change nothing, and why.
EQUIVALENT = {
    # The leads that a client sees are of their own company, which another ground shows.
    "magenta.company for USER: without ITS_LEAD",
    # A partner sees only leads of active warriors.
    "iperform.warrior (inner): no guard, asked by PARTNER",
}


@pytest.mark.parametrize("caller", CALLERS)
async def test_suite_has_no_complaint_about_the_contracts_rules(suite: Suite, caller: Caller) -> None:
    tables = [policy.table for policy in POLICIES.rows if caller in policy.rules]
    assert await suite.complaint(POLICIES, caller, tables) is None
    assert await suite.masked(POLICIES, caller) is None


@pytest.mark.parametrize("caller", CALLERS)
async def test_every_change_of_a_row_rule_is_noticed(suite: Suite, caller: Caller) -> None:
    mutants = [mutant for mutant in all_named(row_mutants()) if mutant.caller is caller]
    survivors = [mutant.name for mutant in mutants if not await notices(suite, mutant)]
    assert set(survivors) == {mutant.name for mutant in mutants} & EQUIVALENT


async def notices(suite: Suite, mutant: Mutant) -> bool:
    assert mutant.policy is not None
    assert mutant.caller is not None
    tables = [policy.table for policy in dependents(mutant.policy)]
    return await suite.complaint(mutant.policies, mutant.caller, tables) is not None


async def test_every_change_of_a_mask_is_noticed(suite: Suite) -> None:
    survivors = [mutant.name for mutant in all_named(mask_mutants()) if not await _is_seen(suite, mutant)]
    assert survivors == []


async def _is_seen(suite: Suite, mutant: Mutant) -> bool:
    for caller in CALLERS:
        if await suite.masked(mutant.policies, caller) is not None:
            return True
    return False
