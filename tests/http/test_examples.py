"""What GraphiQL offers can be run as it is by whoever it is for."""

from __future__ import annotations

import pytest
from graphql import OperationType, parse, validate

from gateway.auth.audience import Audience
from gateway.auth.roles import Caller
from gateway.http.examples import EXAMPLES, Example
from gateway.schema.build import schema_for
from tests.test_cases import kind_of

STAFF = (Caller.ADMIN, Caller.USER, Caller.SALESPERSON, Caller.WARRIOR, Caller.MANAGER)
[FOLLOW] = [item for item in EXAMPLES if kind_of(item.query) is OperationType.SUBSCRIPTION]
[CHANGE] = [item for item in EXAMPLES if kind_of(item.query) is OperationType.MUTATION]


def is_valid(example: Example, caller: Caller) -> bool:
    """Whether it can be run in the schema of a role."""
    return validate(schema_for(Audience(caller)).graphql, parse(example.query)) == []


@pytest.mark.parametrize("caller", STAFF)
def test_everybody_can_follow_and_all_but_clients_can_change_something(caller: Caller) -> None:
    assert is_valid(FOLLOW, caller)
    assert is_valid(CHANGE, caller) == (caller is not Caller.USER)


def test_each_example_is_valid_for_a_salesperson() -> None:
    assert [item.name for item in EXAMPLES if not is_valid(item, Caller.SALESPERSON)] == []
