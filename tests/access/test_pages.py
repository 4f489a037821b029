"""Paging through a list, forward and back: the pages are the list cut up, and their flags say where they lie."""

from __future__ import annotations

from typing import Any

import pytest

from tests.access.asking import CALLERS, Asking, row_ids
from tests.oracle.data import Row
from tests.oracle.evaluate import Order, Page, Where, listed, page

LISTS: tuple[tuple[str, Where | None, Order | None], ...] = (
    ("Lead", None, None),
    ("Lead", {"status": {"in": ["Won", "Demo"]}}, [{"field": "FIRM_NAME", "direction": "ASC"}]),
    ("Lead", None, [{"field": "COMPANY_CITY", "direction": "DESC"}, {"field": "STATUS", "direction": "ASC"}]),
    ("Lead", None, [{"field": "WARRIOR_DATABASE_ID", "direction": "ASC"}]),
    (
        "Lead",
        None,
        [{"field": "QUALIFIED", "direction": "DESC"}, {"field": "USER_COUNT", "direction": "ASC"}],
    ),
    ("Company", {"leads": {"status": {"eq": "Won"}}}, [{"field": "INDUSTRY", "direction": "DESC"}]),
    (
        "Company",
        None,
        [{"field": "ACTIVE", "direction": "ASC"}, {"field": "CREATED_ON", "direction": "DESC"}],
    ),
    ("User", None, [{"field": "EMAIL", "direction": "ASC"}]),
    ("Ticket", {"resolvedOn": {"isNull": True}}, [{"field": "CREATED_ON", "direction": "DESC"}]),
    ("Ticket", None, [{"field": "ASSIGNED_TO_USERNAME", "direction": "ASC"}]),
)
PAGES = 5
LONGEST_WALK = 400
SELECTION = "totalCount edges { cursor node { databaseId } } nodes { databaseId }"


def check(got: dict[str, Any], expected: Page) -> None:
    """That a connection shows the page."""
    ids = [{"databaseId": row_id} for row_id in row_ids(expected.rows)]
    assert got["nodes"] == ids
    assert [edge["node"] for edge in got["edges"]] == ids
    assert got["totalCount"] == expected.total
    cursors = [edge["cursor"] for edge in got["edges"]]
    assert got["pageInfo"] == {
        "hasNextPage": expected.has_next,
        "hasPreviousPage": expected.has_previous,
        "startCursor": cursors[0] if cursors else None,
        "endCursor": cursors[-1] if cursors else None,
    }


@pytest.mark.parametrize("place", range(len(LISTS)), ids=lambda place: f"{LISTS[place][0]}-{place}")
@pytest.mark.parametrize("username", CALLERS)
def test_pages_forward_and_back_are_the_list_cut_up(asking: Asking, username: str, place: int) -> None:
    type_name, where, order = LISTS[place]
    rows = listed(asking.viewer(username), type_name, where, order)
    # A long list is walked from both ends, but not through its middle.
    size = min(LONGEST_WALK // PAGES, max(1, -(-len(rows) // 4)))

    def ask(**arguments: Any) -> dict[str, Any]:
        return asking.connection(username, type_name, where, order, SELECTION, **arguments)

    cursors: list[str] = []
    after, last_row = None, None
    for _ in range(PAGES):
        got = ask(first=size, after=after)
        expected = page(rows, first=size, after=last_row)
        check(got, expected)
        if not expected.rows:
            break
        cursors += [edge["cursor"] for edge in got["edges"]]
        after, last_row = got["pageInfo"]["endCursor"], expected.rows[-1]
    assert len(cursors) == min(len(rows), PAGES * size)

    before: str | None = None
    first_row: Row | None = None
    for _ in range(PAGES):
        got = ask(last=size, before=before)
        expected = page(rows, last=size, before=first_row)
        check(got, expected)
        if not expected.rows:
            break
        before, first_row = got["pageInfo"]["startCursor"], expected.rows[0]

    if len(cursors) > 2:
        low, high = len(cursors) // 4, len(cursors) - 1
        window = {"after": cursors[low], "before": cursors[high]}
        check(ask(first=2, **window), page(rows, first=2, after=rows[low], before=rows[high]))
        check(ask(last=2, **window), page(rows, last=2, after=rows[low], before=rows[high]))
        check(ask(first=500, **window), page(rows, first=500, after=rows[low], before=rows[high]))
        check(ask(last=1, after=cursors[low]), page(rows, last=1, after=rows[low]))
        check(ask(first=1, before=cursors[high]), page(rows, first=1, before=rows[high]))


@pytest.mark.parametrize("username", CALLERS)
def test_page_without_size_holds_fifty_rows(asking: Asking, username: str) -> None:
    rows = listed(asking.viewer(username), "Lead")
    check(asking.connection(username, "Lead", selection=SELECTION), page(rows))


def test_nested_pages_forward_and_back_are_each_parents_list_cut_up(asking: Asking) -> None:
    for username in ("admin", "manager2", "salesperson", "client"):
        viewer = asking.viewer(username)
        rows = listed(viewer, "Company", {"leads": {}})
        company = max(rows, key=lambda row: len(asking.data.where("Lead", "company_id", row["id"])))
        leads = listed(viewer, "Lead", of=asking.data.where("Lead", "company_id", company["id"]))
        query = f"""query($first: Int, $after: String, $last: Int, $before: String) {{
            company(databaseId: {company["id"]}) {{
              leads(first: $first, after: $after, last: $last, before: $before) {{
                {SELECTION} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }} }}"""
        got = asking.data_for(username, query, {"first": 4})["company"]["leads"]
        check(got, page(leads, first=4))
        after = got["pageInfo"]["endCursor"]
        got = asking.data_for(username, query, {"first": 3, "after": after})["company"]["leads"]
        check(got, page(leads, first=3, after=leads[3]))
        before = got["pageInfo"]["startCursor"]
        got = asking.data_for(username, query, {"last": 2, "before": before})["company"]["leads"]
        check(got, page(leads, last=2, before=leads[4]))
