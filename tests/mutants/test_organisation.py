"""What teams, warriors, lists of ids and `active` mean is changed in turn, and the suite must notice every change."""

from __future__ import annotations

import pytest

from datasources.model import EVERYTHING
from gateway.auth import organisation
from gateway.auth.policies import POLICIES
from gateway.auth.roles import Caller
from tests.mutants.organisation import NAMED
from tests.mutants.suite import Suite

CASES = [(what, caller) for what, change in NAMED.items() for caller in change.callers]


@pytest.mark.parametrize(("what", "caller"), CASES, ids=[f"{caller.name}: {what}" for what, caller in CASES])
async def test_every_change_of_the_terms_is_noticed(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, what: str, caller: Caller
) -> None:
    change = NAMED[what]
    # Of all warriors, so that what a scope is made of them stands alone.
    monkeypatch.setattr(organisation, "_of_team", lambda *_: EVERYTHING)
    monkeypatch.setattr(change.module, change.name, change.changed)
    try:
        complaint = await suite.complaint(POLICIES, caller, [change.on])
    except TimeoutError as error:
        complaint = str(error)
    assert complaint is not None, "a survivor"
