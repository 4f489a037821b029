"""How many statements an answer costs, counted at the drivers: one for each type and level, however many rows."""

from __future__ import annotations

import re
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


ANALYTICS = ["asOf", "statusChanges", "daysInStatus", "activities", "lastActivityOn", "demoScheduledOn"]
MIRROR_TABLES = {"leads", "lead_status", "lead_logs", "demo_scheduled_data"}


def _mirror_tables(text: str) -> set[str]:
    return MIRROR_TABLES & set(re.findall(r"iperform_helper\W+(\w+)", text))


@pytest.mark.parametrize(
    ("asked", "tables"),
    [
        ("__typename", {"leads"}),
        ("asOf", {"leads"}),
        ("days: daysInStatus asOf", {"leads", "lead_status"}),
        ("... on LeadAnalytics { activities }", {"leads", "lead_logs"}),
        ("demoScheduledOn activities @skip(if: true)", {"leads", "demo_scheduled_data"}),
        (" ".join(ANALYTICS), MIRROR_TABLES),
    ],
)
def test_analytics_read_what_is_asked_of_them_and_no_more(
    every_gateway: RunningGateway, asked: str, tables: set[str]
) -> None:
    with every_gateway.counted() as statements:
        every_gateway.data(
            f"{{ leads(first: 3) {{ nodes {{ analytics {{ {asked} }} }} }} }}", as_user="admin"
        )
    (text,) = [statement.text for statement in statements if statement.source == "analytics"]
    assert _mirror_tables(text) == tables


@pytest.mark.parametrize("name", ANALYTICS)
def test_analytics_say_the_same_of_a_field_alone_as_among_all(
    every_gateway: RunningGateway, name: str
) -> None:
    query = "query Of($first: Int!) {{ leads(first: $first) {{ nodes {{ id analytics {{ {} }} }} }} }}"
    alone = every_gateway.data(query.format(name), {"first": 200}, as_user="admin")["leads"]["nodes"]
    full = every_gateway.data(query.format(" ".join(ANALYTICS)), {"first": 200}, as_user="admin")
    assert len({str(lead["analytics"]) for lead in alone}) > 1
    assert alone == [
        {**lead, "analytics": lead["analytics"] and {name: lead["analytics"][name]}}
        for lead in full["leads"]["nodes"]
    ]


def test_analytics_of_two_aliases_are_each_their_own(every_gateway: RunningGateway) -> None:
    found = every_gateway.data(
        "{ leads(first: 50) { nodes { a: analytics { activities } b: analytics { statusChanges } "
        "both: analytics { activities statusChanges } } } }",
        as_user="admin",
    )["leads"]["nodes"]
    assert any(lead["a"] and lead["a"]["activities"] and lead["b"]["statusChanges"] for lead in found)
    for lead in found:
        assert lead["both"] == (lead["a"] and lead["a"] | lead["b"])


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("count", None),
        ("group", None),
        ("tentativeValueSum", "tentative_value"),
        ("tentativeValueTotal", "tentative_value"),
        ("probabilityAverage", "probability"),
    ],
)
def test_lead_stats_sum_what_is_asked_for_and_say_the_same_of_it_alone(
    every_gateway: RunningGateway, name: str, column: str | None
) -> None:
    every = "group count tentativeValueSum tentativeValueTotal probabilityAverage"
    query = "{{ leadStats(groupBy: [STATUS]) {{ {} }} }}"
    full = every_gateway.data(query.format(every), as_user="admin")["leadStats"]
    with every_gateway.counted() as statements:
        alone = every_gateway.data(query.format(name), as_user="admin")["leadStats"]
    assert alone == [{name: stats[name]} for stats in full]
    (text,) = [statement.text for statement in statements if "FROM leads" in statement.text]
    summed = {one for one in ("tentative_value", "probability") if f"sum(leads.{one})" in text}
    assert summed == ({column} if column else set())


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
    # A session is believed for a second at most: whoever takes longer has it checked.
    texts = [statement.text for statement in statements if "all_session" not in statement.text]
    (read,) = [text for text in texts if "user" in text.split()]
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
