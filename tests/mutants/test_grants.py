"""Each rule of a column, field, type and table's scopes is taken away or changed in turn, and that must be noticed.

Noticed is what the start-up refuses, or what changes who has a type, a field or a column: the reviewed access matrix
shows these, and its own tests hold the schemas to it.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from datasources.analytics.tables import metadata as analytics
from datasources.iperform.tables import metadata as iperform
from datasources.magenta.tables import metadata as magenta
from gateway.auth.policies import FIELDS, POLICIES
from gateway.auth.policy import Policies
from gateway.schema.check import missing_rules
from gateway.schema.everything import TYPES
from tests.mutants.rules import (
    Mutant,
    all_named,
    column_mutants,
    grant_mutants,
    opened_mutants,
    outcome,
    same_for_both,
    scope_mutants,
)

# Rules of fields that a type says again: changing both is noticed.
SAID_TWICE = {
    "Query.leadStats": "LeadStats",
    "Query.reportView": "ReportView",
    "Query.reportViews": "ReportView",
    "Query.explainAccess": "AccessExplanation",
    "Mutation.login": "Session",
    "Mutation.refreshSession": "Session",
    "Mutation.createPartnerToken": "CreatePartnerTokenPayload",
    "Lead.analytics": "LeadAnalytics",
    "Lead.files": "File",
    "Company.files": "File",
    "Ticket.files": "File",
    "ReportView.exports": "File",
    "Subscription.leadStatusChanged": "LeadStatusEvent",
    "Subscription.ticketStatusChanged": "TicketStatusEvent",
}
# Nobody else has the rows whose field this is.
WITHIN_ANOTHER = {"PartnerToken.scopes"}
EXPECTED = outcome(POLICIES)


def survivors(mutants: Iterable[Mutant]) -> list[str]:
    return [mutant.name for mutant in all_named(mutants) if not _is_noticed(mutant.policies)]


def _is_noticed(policies: Policies) -> bool:
    refused = next(missing_rules(policies, TYPES, (iperform, magenta, analytics)), None)
    return refused is not None or outcome(policies) != EXPECTED


def test_every_change_of_a_columns_rule_is_noticed() -> None:
    # Without a session nobody sees a row, whatever a column's rule says.
    left = [name for name in survivors(column_mutants()) if not name.endswith(": for ANONYMOUS too")]
    assert left == []


def test_every_table_that_is_opened_to_a_caller_is_noticed() -> None:
    assert survivors(opened_mutants()) == []


def test_every_scope_that_a_table_no_longer_asks_for_is_noticed() -> None:
    assert survivors(scope_mutants()) == []


def test_every_change_of_a_fields_or_types_rule_is_noticed() -> None:
    left = survivors(grant_mutants())
    excused = SAID_TWICE.keys() | WITHIN_ANOTHER
    assert [name for name in left if name.split(":")[0] not in excused] == []
    assert {name.split(":")[0] for name in left} == excused


@pytest.mark.parametrize(("name", "other"), SAID_TWICE.items())
def test_every_change_of_a_rule_that_is_said_twice_is_noticed(name: str, other: str) -> None:
    left = survivors(same_for_both(name, other))
    # The type that the field is of, or the field that leads there, is not for them either.
    within = not name.startswith("Query.")
    assert [
        one for one in left if not (within and one.endswith(("for ANONYMOUS too", "for PARTNER too")))
    ] == []


def test_rules_that_are_said_twice_are_rules() -> None:
    assert FIELDS.keys() >= SAID_TWICE.keys()
