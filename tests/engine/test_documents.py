"""Documents that are kept: what was derived from one is right for other variables too, and many take no more memory."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from graphql import DocumentNode, OperationDefinitionNode, parse
from hypothesis import given
from hypothesis import strategies as st

from gateway.auth.audience import Audience
from gateway.auth.roles import Caller
from gateway.engine.documents import MOST_REDACTED_KEPT, Document, Documents, RequestRefused
from gateway.engine.limits import MOST_COSTS_KEPT, Costs, Measure
from gateway.errors import Code, GatewayError
from gateway.schema.build import schema_for
from tests.examples import SAME

OPERATIONS = """
query Paged($n: Int, $m: Int = 3, $ids: [ID!]!) {
  leads(first: $n) { totalCount nodes { ...Tickets } }
  nodes(ids: $ids) { id ... on Lead { ...Tickets } }
}
query Other($n: Int) { leads(last: $n) { nodes { id } } }
query Fixed { leads(first: 7) { nodes { id } } }
fragment Tickets on Lead { tickets(first: $m) { nodes { id } } }
"""
SIZES = st.one_of(st.none(), st.integers(-5, 600), st.lists(st.just("a"), max_size=4))
VARIABLES = st.dictionaries(st.sampled_from(["n", "m", "ids", "unused"]), SIZES)
PARSED = parse(OPERATIONS)
PLACES = {
    node.name.value: node
    for node in PARSED.definitions
    if isinstance(node, OperationDefinitionNode) and node.name is not None
}


def _outcome(cost: Any, operation: OperationDefinitionNode, variables: dict[str, Any]) -> Any:
    try:
        return cost(operation, variables)
    except GatewayError as error:
        return error.code, error.message


@SAME
@given(st.lists(st.tuples(st.sampled_from(sorted(PLACES)), VARIABLES), min_size=2, max_size=12))
def test_a_kept_cost_is_the_cost_that_is_worked_out_anew(asked: list[tuple[str, dict[str, Any]]]) -> None:
    costs = Costs(PARSED)
    for name, variables in asked * 2:
        expected = _outcome(
            lambda operation, given: Measure(PARSED, given).check(operation), PLACES[name], variables
        )
        assert _outcome(costs.of, PLACES[name], variables) == expected


def test_a_cost_that_is_known_is_not_worked_out_again(monkeypatch: pytest.MonkeyPatch) -> None:
    walked: list[int] = []
    monkeypatch.setattr(Measure, "__init__", _counting(walked))
    costs = Costs(PARSED)
    for _ in range(3):
        for size in range(MOST_COSTS_KEPT):
            costs.of(PLACES["Other"], {"n": size, "unused": object()})
    assert len(walked) == MOST_COSTS_KEPT


def test_sizes_that_are_never_the_same_are_not_all_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    costs = Costs(PARSED)
    for size in range(10 * MOST_COSTS_KEPT):
        assert costs.of(PLACES["Other"], {"n": size}) == 1 + size
    assert len(costs._known) <= MOST_COSTS_KEPT


def test_an_operation_past_a_limit_is_refused_each_time() -> None:
    nested = parse("query ($n: Int) { companies(first: $n) { nodes { leads(first: $n) { nodes { id } } } } }")
    (operation,) = nested.definitions
    assert isinstance(operation, OperationDefinitionNode)
    costs = Costs(nested)
    assert costs.of(operation, {"n": 2}) == 9
    for _ in range(2):
        with pytest.raises(GatewayError) as refused:
            costs.of(operation, {"n": 5_000})
        assert refused.value.code is Code.COST_LIMIT_EXCEEDED
    assert costs.of(operation, {"n": 2}) == 9


def _counting(walked: list[int]) -> Any:
    usual = Measure.__init__

    def counted(self: Measure, document: DocumentNode, variables: Any) -> None:
        walked.append(1)
        usual(self, document, variables)

    return counted


def test_what_is_redacted_of_many_operations_is_not_all_kept() -> None:
    many = " ".join(f"query Q{number} {{ viewer {{ role }} }}" for number in range(100))
    document = Document(parse(many))
    for number in range(100):
        operation = document.operation(f"Q{number}")
        assert document.redacted(operation, frozenset()) == f"query Q{number} {{ viewer {{ role }} }}"
    assert len(document._redacted) <= MOST_REDACTED_KEPT


@pytest.mark.parametrize("text", ["{{ __typename }} # {}", "query Q{} {{ viewer {{ role user {{ id }} }} }}"])
def test_texts_that_are_always_new_take_no_more_memory(text: str) -> None:
    command = [sys.executable, "-m", "tests.engine.documents_memory", text]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    grown, kept = map(int, done.stdout.split())
    assert grown < 200_000
    assert kept <= 1_000


def test_a_text_that_is_used_again_is_kept() -> None:
    schema = schema_for(Audience(Caller.ADMIN))
    documents = Documents()
    used = documents.get("{ viewer { role } }", schema)
    for number in range(2_000):
        documents.get(f"{{ __typename }} # {number}", schema)
        assert documents.get("{ viewer { role } }", schema) is used


@pytest.mark.parametrize(
    "text", ["{ leads(where: {and: [null]}) { totalCount } }", "{ node(id: null) { id } }"]
)
def test_what_is_wrong_with_a_null_is_said_as_the_client_wrote_it(text: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        Documents().get(text, schema_for(Audience(Caller.ADMIN)))
    (message,) = [error.message for error in refused.value.errors]
    assert message.endswith("not to be null.")
