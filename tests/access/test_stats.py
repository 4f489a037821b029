"""`leadStats` counts and sums exactly the leads that the caller sees."""

from __future__ import annotations

from typing import Any

import pytest

from tests.access.asking import CALLERS, Asking
from tests.oracle.evaluate import Where, lead_stats
from tests.oracle.rules import USER

GROUPINGS: tuple[list[str], ...] = (
    [],
    ["STATUS"],
    ["INDUSTRY"],
    ["SOURCE"],
    ["COMPANY"],
    ["WARRIOR"],
    ["MONTH"],
    ["STATUS", "WARRIOR"],
    ["MONTH", "STATUS"],
)
FILTERS: tuple[Where | None, ...] = (
    None,
    {"company": {"state": {"eq": "Gujarat"}}},
    {"tickets": {"priority": {"eq": "Urgent"}}},
    {"warrior": {"user": {"email": {"contains": "warrior"}}}},
    {"databaseId": {"lt": 0}},
    {"isDeleted": {"eq": 1}},
)
QUERY = """query($where: LeadWhere, $groupBy: [LeadGroup!]!) {
  leadStats(where: $where, groupBy: $groupBy) { group count %s company { databaseId } warrior { databaseId } }
}"""
VALUES = "tentativeValueTotal probabilityAverage"


def check_stats(asking: Asking, username: str, where: Where | None, group_by: list[str]) -> None:
    """That the gateway's groups are the oracle's."""
    viewer = asking.viewer(username)
    valued = viewer.role != USER
    query = QUERY % (VALUES if valued else "")
    got = asking.data_for(username, query, {"where": where, "groupBy": group_by})["leadStats"]
    expected: list[dict[str, Any]] = []
    for group in lead_stats(viewer, where, group_by):
        company, warrior = group.key.get("COMPANY"), group.key.get("WARRIOR")
        entry: dict[str, Any] = {
            "group": group.key,
            "count": group.count,
            "company": {"databaseId": company} if company in viewer.ids("Company") else None,
            "warrior": {"databaseId": warrior} if warrior in viewer.ids("Warrior") else None,
        }
        if valued:
            entry["tentativeValueTotal"] = None if group.value_sum is None else str(group.value_sum)
            average = group.probability_average
            entry["probabilityAverage"] = None if average is None else pytest.approx(average, rel=1e-9)
        expected.append(entry)
    assert got == expected


@pytest.mark.parametrize("group_by", GROUPINGS, ids="+".join)
@pytest.mark.parametrize("username", CALLERS)
def test_groups_hold_exactly_the_visible_leads(asking: Asking, username: str, group_by: list[str]) -> None:
    check_stats(asking, username, None, group_by)


@pytest.mark.parametrize("place", range(1, len(FILTERS)))
@pytest.mark.parametrize("username", CALLERS)
def test_filtered_groups_hold_exactly_the_visible_leads_that_match(
    asking: Asking, username: str, place: int
) -> None:
    check_stats(asking, username, FILTERS[place], ["STATUS"])
    check_stats(asking, username, FILTERS[place], [])


@pytest.mark.parametrize("username", CALLERS)
def test_sum_is_of_the_visible_leads(asking: Asking, username: str) -> None:
    viewer = asking.viewer(username)
    query = '{ leadStats(where: {status: {eq: "Demo"}}, groupBy: [MONTH]) { group tentativeValueSum } }'
    answer = asking.gateway.query(query, as_user=username)
    if viewer.role == USER:
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["GRAPHQL_VALIDATION_FAILED"]
        return
    expected = [
        {"group": group.key, "tentativeValueSum": group.value_sum}
        for group in lead_stats(viewer, {"status": {"eq": "Demo"}}, ["MONTH"])
    ]
    assert answer == {"data": {"leadStats": expected}}
