"""How many statements an answer costs, counted at the drivers: one for each type and level, however many rows."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from tests.gateways import RunningGateway

JOINED = """
query Joined($first: Int!) {
  leads(first: $first) {
    nodes {
      id firmName status
      company { companyName city }
      warrior { active user { username } }
      tickets(first: 5) { nodes { title status comments(first: 2) { nodes { commentText } } } }
      statusHistory(first: 1) { nodes { status changedOn } }
      analytics { statusChanges daysInStatus activities lastActivityOn demoScheduledOn }
    }
  }
}
"""
# leads with their warriors and users, company, tickets, comments, status changes, analytics
LEVELS = 6
# the session, and the salespeople and the warriors that make up the caller's scope
AROUND = 3


def _sources(gateway: RunningGateway, user: str, first: int) -> tuple[Counter[str], int]:
    # A session is believed for a second at most: this counts the request that has to check it.
    time.sleep(1.1)
    with gateway.counted() as statements:
        leads = gateway.data(JOINED, {"first": first}, as_user=user)["leads"]["nodes"]
    return Counter(statement.source for statement in statements), len(leads)


@pytest.mark.parametrize("first", [1, 100, 500])
@pytest.mark.parametrize("user", ["admin", "manager", "salesperson"])
def test_joined_list_costs_one_statement_for_each_type_and_level(
    every_gateway: RunningGateway, user: str, first: int
) -> None:
    every_gateway.login(user)
    sources, leads = _sources(every_gateway, user, first)
    around = 1 if user == "admin" else AROUND
    if first == 1:
        # One lead may have no ticket: then there are no comments to ask for.
        assert leads == 1
        assert sum(sources.values()) <= LEVELS + around
    else:
        assert 100 <= leads <= first
        assert sources == {"iperform": LEVELS - 2 + around, "magenta": 1, "analytics": 1}


def test_a_query_for_two_fields_reads_two_columns(gateway: RunningGateway) -> None:
    with gateway.counted() as statements:
        gateway.data("{ leads(first: 3) { nodes { id firmName } } }", as_user="admin")
    (read,) = [statement.text for statement in statements if "FROM leads" in statement.text]
    columns = read.partition("FROM")[0].removeprefix("SELECT ").strip().split(", ")
    assert columns == ["leads.id", "leads.firm_name"]


def test_total_count_costs_nothing_unless_asked_for(gateway: RunningGateway) -> None:
    gateway.data("{ viewer { role } }", as_user="admin")
    with gateway.counted() as without:
        gateway.data("{ leads(first: 3) { nodes { firmName } } }", as_user="admin")
    with gateway.counted() as only:
        gateway.data("{ leads { totalCount } }", as_user="admin")
    assert not [statement for statement in without if "count(" in statement.text]
    assert [statement.text.split()[1] for statement in only if "FROM leads" in statement.text] == ["count(*)"]


def test_two_relations_to_one_type_share_a_statement(gateway: RunningGateway) -> None:
    gateway.data("{ viewer { role } }", as_user="admin")
    with gateway.counted() as statements:
        gateway.data(
            "{ tickets(first: 20) { nodes { assignedTo { username } createdBy { username email } } } }",
            as_user="admin",
        )
    (read,) = [statement.text for statement in statements if "user" in statement.text.split()]
    assert "FROM tickets LEFT OUTER JOIN user" in read


def test_aliases_of_a_relation_to_another_source_share_a_statement(gateway: RunningGateway) -> None:
    gateway.data("{ viewer { role } }", as_user="admin")
    with gateway.counted() as statements:
        gateway.data(
            "{ tickets(first: 20) { nodes { a: company { city } b: company { companyName } } } }",
            as_user="admin",
        )
    assert len([statement for statement in statements if "FROM company" in statement.text]) == 1


def test_aliases_of_a_row_by_id_share_a_statement(gateway: RunningGateway) -> None:
    gateway.data("{ viewer { role } }", as_user="admin")
    with gateway.counted() as statements:
        gateway.data(
            "{ a: lead(databaseId: 1) { firmName } b: lead(databaseId: 2) { firmName status } "
            "c: lead(databaseId: 3) { id } }",
            as_user="admin",
        )
    assert len([statement for statement in statements if "FROM leads" in statement.text]) == 1


@pytest.mark.parametrize("user", ["manager", "salesperson", "warrior"])
def test_reading_oneself_takes_no_look_at_the_organisation(every_gateway: RunningGateway, user: str) -> None:
    every_gateway.login(user)
    time.sleep(1.1)
    with every_gateway.counted() as statements:
        found = every_gateway.data("{ viewer { user { username email } } }", as_user=user)["viewer"]["user"]
    assert found["username"] == user
    assert found["email"] is not None
    # The session, and the user.
    assert len(statements) == 2


def test_oneself_beside_others_is_read_under_the_rules_of_all(gateway: RunningGateway) -> None:
    text = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on User { username email } } }"
    own = gateway.data("{ viewer { user { id } } }", as_user="warrior")["viewer"]["user"]["id"]
    admin = gateway.data("{ viewer { user { id } } }", as_user="admin")["viewer"]["user"]["id"]
    seen = gateway.data(text, {"ids": [own, admin]}, as_user="warrior")["nodes"]
    assert [found["username"] for found in seen] == ["warrior", "admin"]
    assert seen[0]["email"] is not None
    assert seen[1]["email"] is None
