"""What is wrong with a document, by those of graphql-core's rules that its text can break. Used by `documents.py`.

Each rule is asked at each node, and most of them are about variables, directives, fragments, subscriptions or
introspection, of which a text that a program has written its values into has none: it would pay twice for nothing.
"""

from __future__ import annotations

from functools import cache

from graphql import DocumentNode, GraphQLError, GraphQLSchema, specified_rules, validate
from graphql.validation import (
    ASTValidationRule,
    DeferStreamDirectiveLabel,
    DeferStreamDirectiveOnRootField,
    DeferStreamDirectiveOnValidOperationsRule,
    FragmentsOnCompositeTypesRule,
    KnownDirectivesRule,
    KnownFragmentNamesRule,
    MaxIntrospectionDepthRule,
    NoFragmentCyclesRule,
    NoUndefinedVariablesRule,
    NoUnusedFragmentsRule,
    NoUnusedVariablesRule,
    PossibleFragmentSpreadsRule,
    SingleFieldSubscriptionsRule,
    StreamDirectiveOnListField,
    UniqueDirectivesPerLocationRule,
    UniqueFragmentNamesRule,
    UniqueVariableNamesRule,
    VariablesAreInputTypesRule,
    VariablesInAllowedPositionRule,
)
from graphql.validation.rules import overlapping_fields_can_be_merged

MOST_ERRORS = 10

# Comparing the fields that share a place in the answer: at graphql-core's own limit a document of 10 kB, from anybody,
# holds the process for more than a second.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 100_000

# One of these must stand in a text, be it in a comment, for any of these rules to find something. A rule that isn't
# named here, such as a new one of graphql-core's, is always asked.
_ABOUT: tuple[tuple[tuple[str, ...], tuple[type[ASTValidationRule], ...]], ...] = (
    (
        ("$",),
        (
            VariablesAreInputTypesRule,
            UniqueVariableNamesRule,
            NoUndefinedVariablesRule,
            NoUnusedVariablesRule,
            VariablesInAllowedPositionRule,
        ),
    ),
    (
        ("@",),
        (
            KnownDirectivesRule,
            UniqueDirectivesPerLocationRule,
            DeferStreamDirectiveOnRootField,
            DeferStreamDirectiveOnValidOperationsRule,
            DeferStreamDirectiveLabel,
            StreamDirectiveOnListField,
        ),
    ),
    (
        ("...", "fragment"),
        (
            FragmentsOnCompositeTypesRule,
            UniqueFragmentNamesRule,
            KnownFragmentNamesRule,
            NoUnusedFragmentsRule,
            PossibleFragmentSpreadsRule,
            NoFragmentCyclesRule,
        ),
    ),
    (("subscription",), (SingleFieldSubscriptionsRule,)),
    (("__schema", "__type"), (MaxIntrospectionDepthRule,)),
)


def errors_of(node: DocumentNode, text: str, schema: GraphQLSchema) -> list[GraphQLError]:
    """What is wrong with a document, parsed from a text: at most `MOST_ERRORS`, and one that says that there are more.

    Raises RecursionError where it is nested too deeply to tell.
    """
    return validate(schema, node, rules_for(text), max_errors=MOST_ERRORS)


def rules_for(text: str) -> tuple[type[ASTValidationRule], ...]:
    """The rules, in graphql-core's order, that may find something in a text."""
    return _rules_about(tuple([any(mark in text for mark in marks) for marks, _ in _ABOUT]))


@cache
def _rules_about(spoken_of: tuple[bool, ...]) -> tuple[type[ASTValidationRule], ...]:
    silent = {
        rule for spoken, (_, rules) in zip(spoken_of, _ABOUT, strict=True) if not spoken for rule in rules
    }
    return tuple(rule for rule in specified_rules if rule not in silent)
