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


@pytest.mark.parametrize("caller", STAFF)
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_is_valid_in_the_schema_of_each_role_that_may_run_it(
    example: Example, caller: Caller
) -> None:
    problems = validate(schema_for(Audience(caller)).graphql, parse(example.query))
    if kind_of(example.query) is OperationType.MUTATION and caller is Caller.USER:
        assert "Cannot query field 'changeLeadStatus'" in problems[0].message
    else:
        assert problems == []


def test_there_is_an_example_to_follow_and_one_to_change() -> None:
    kinds = [kind_of(example.query) for example in EXAMPLES]
    assert kinds[-2:] == [OperationType.SUBSCRIPTION, OperationType.MUTATION]
