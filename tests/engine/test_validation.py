"""Rules that a text gives nothing to judge aren't asked, and nobody can tell by the errors."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from graphql import GraphQLError, parse, specified_rules, validate
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.auth.audience import Audience
from gateway.auth.roles import Caller
from gateway.engine.validation import MOST_ERRORS, errors_of, rules_for
from gateway.schema.build import schema_for
from tests.examples import SAME

SCHEMA = schema_for(Audience(Caller.ADMIN)).graphql
INTROSPECTION = "__schema { types " + 3 * "{ fields { type " + "{ name }" + 3 * " } }" + " }"
HEADS = (
    "{",
    "query A {",
    "query A($n: Int) {",
    "query A($n: Missing, $n: Lead = 3) {",
    "query A @skip(if: true) @skip(if: false) {",
    "mutation B {",
    "subscription C {",
    "subscription C($n: String) @missing {",
)
SELECTIONS = (
    "viewer { role }",
    "viewer",
    "missing",
    "leads(first: $n) { nodes { id } }",
    "leads(first: 1, first: 2, last: true) { totalCount }",
    "leads(where: {databaseId: {eq: 1, eq: 2}, missing: 3}) { nodes { id { x } } }",
    'leads(where: {status: {eq: "$ @ ... fragment"}}) { nodes { id } }',
    "role: viewer { role } role: leads { totalCount }",
    "lead { id }",
    "node(id: 1) { ... on Lead { id } ... on Int { id } ... on PageInfo { hasNextPage } }",
    "...F",
    "...Missing",
    "... { viewer { role } }",
    "viewer @skip { role }",
    "viewer @missing { role }",
    "viewer @include(if: true) @include(if: $n) { role }",
    "viewer @stream(label: $n) { role }",
    "leadStatusChanged { cursor }",
    "ticketStatusChanged { cursor }",
    f"# $ @ ... \n {INTROSPECTION}",
)
DEFINITIONS = (
    "fragment F on Query { ...F }",
    "fragment F on Query { viewer { role } }",
    "fragment G on Lead { id }",
    "fragment H on Int { x }",
    "fragment I on Missing { x }",
    "type X { a(b: Int = 3): Missing }",
    "{ viewer { role } }",
    "query A { viewer { role } }",
)
# A document for each rule that isn't always asked: the least that it finds something in.
BROKEN = {
    "VariablesAreInputTypesRule": "query ($n: Lead) { viewer { role } }",
    "UniqueVariableNamesRule": "query ($n: Int, $n: Int) { viewer { role } }",
    "NoUndefinedVariablesRule": "{ leads(first: $n) { totalCount } }",
    "NoUnusedVariablesRule": "query ($n: Int) { viewer { role } }",
    "VariablesInAllowedPositionRule": "query ($n: String) { leads(first: $n) { totalCount } }",
    "KnownDirectivesRule": "{ viewer @missing { role } }",
    "UniqueDirectivesPerLocationRule": "{ viewer @skip(if: true) @skip(if: true) { role } }",
    "FragmentsOnCompositeTypesRule": "fragment F on Int { x }",
    "UniqueFragmentNamesRule": "fragment F on Lead { id } fragment F on Lead { id }",
    "KnownFragmentNamesRule": "{ ...F }",
    "NoUnusedFragmentsRule": "fragment F on Lead { id }",
    "PossibleFragmentSpreadsRule": "{ ... on Lead { id } }",
    "NoFragmentCyclesRule": "fragment F on Lead { ...F }",
    "SingleFieldSubscriptionsRule": "subscription { leadStatusChanged { cursor } ticketStatusChanged { cursor } }",
    "MaxIntrospectionDepthRule": f"{{ {INTROSPECTION} }}",
}
# These judge directives that the schema doesn't have, as `@defer`: in no document are they alone.
OF_UNKNOWN_DIRECTIVES = {
    "DeferStreamDirectiveOnRootField",
    "DeferStreamDirectiveOnValidOperationsRule",
    "DeferStreamDirectiveLabel",
    "StreamDirectiveOnListField",
}


def _said(errors: Sequence[GraphQLError]) -> list[tuple[str, object]]:
    return [(error.message, error.locations) for error in errors]


def _by_all_rules(text: str) -> list[tuple[str, object]]:
    return _said(validate(SCHEMA, parse(text), max_errors=MOST_ERRORS))


@settings(SAME, max_examples=1_000)
@given(
    st.lists(
        st.tuples(st.sampled_from(HEADS), st.lists(st.sampled_from(SELECTIONS), min_size=1, max_size=5)),
        max_size=3,
    ),
    st.lists(st.sampled_from(DEFINITIONS), max_size=3),
)
def test_the_errors_are_those_of_all_rules(
    operations: list[tuple[str, list[str]]], definitions: list[str]
) -> None:
    parts = [f"{head} {' '.join(selections)} }}" for head, selections in operations]
    text = "\n".join([*parts, *definitions]) or "{ missing }"
    assert _said(errors_of(parse(text), text, SCHEMA)) == _by_all_rules(text)


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_rule_is_asked_where_it_finds_something(request: pytest.FixtureRequest, text: str) -> None:
    (rule,) = [rule for rule in specified_rules if rule.__name__ == request.node.callspec.id]
    assert validate(SCHEMA, parse(text), [rule])
    assert rule in rules_for(text)
    assert _said(errors_of(parse(text), text, SCHEMA)) == _by_all_rules(text)


def test_a_plain_text_is_asked_about_by_those_rules_alone_that_judge_fields_and_arguments() -> None:
    asked = {rule.__name__ for rule in rules_for("{ leads(first: 3) { nodes { firmName } } }")}
    every = {rule.__name__ for rule in specified_rules}
    assert every - asked == {*BROKEN, *OF_UNKNOWN_DIRECTIVES}
