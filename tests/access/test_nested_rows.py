"""Relations: below a visible row there is exactly what the caller sees, to one row and to many, counted and cut."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.access.asking import CALLERS, ROOT_OF_TYPE, Asking
from tests.oracle.catalogue import RELATIONS, ROOT_LISTS, Relation, fields_of
from tests.oracle.data import Row
from tests.oracle.evaluate import listed, page, related, written
from tests.oracle.rules import TYPES_FOR_ADMIN, Viewer, listed_ids

# Rows without an id of their own are told apart by these columns.
KEYS = {
    "SyncRun": ("company_id", "report_name", "sync_date", "status", "records_processed"),
    "ReportSetting": ("company_id", "report_name", "enabled"),
    "DataUpdate": ("company_id", "table_name", "created_on", "records_inserted"),
    "SyncCredential": ("company_id", "erp_type", "created_on"),
}
PARENTS = 20
CHILDREN = 3
# Which relations of rows that are not in a root list to follow, and from where.
CASES = [
    *((root, (), relation) for root in ROOT_LISTS.values() for relation in RELATIONS[root]),
    *(
        (root, (step,), relation)
        for root, step in (
            ("Lead", "warrior"),
            ("Lead", "statusHistory"),
            ("Lead", "logs"),
            ("Lead", "followUps"),
            ("Lead", "whatsappMessages"),
            ("Lead", "mails"),
            ("Lead", "pricePlan"),
            ("Ticket", "comments"),
            ("Company", "users"),
            ("User", "salesperson"),
        )
        for relation in RELATIONS[next(one.target for one in RELATIONS[root] if one.name == step)]
    ),
    *(("Lead", ("warrior", "partnerCompany"), relation) for relation in RELATIONS["PartnerCompany"]),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: ".".join((case[0], *case[1], case[2].name)))
def test_relation_gives_exactly_the_visible_rows(
    asking: Asking, case: tuple[str, tuple[str, ...], Relation]
) -> None:
    root, names, last = case
    steps: list[Relation] = []
    type_name = root
    for name in names:
        steps.append(next(one for one in RELATIONS[type_name] if one.name == name))
        type_name = steps[-1].target
    for username in CALLERS if last.target not in TYPES_FOR_ADMIN else ("admin",):
        viewer = asking.viewer(username)
        got = asking.connection(
            username, root, selection=f"nodes {{ {_selection([*steps, last])} }}", first=PARENTS
        )
        expected = [_expected(viewer, root, row, [*steps, last]) for row in listed(viewer, root)[:PARENTS]]
        assert [_plain(node) for node in got["nodes"]] == [_plain(row) for row in expected], username


def _selection(path: list[Relation]) -> str:
    if not path:
        return "databaseId"
    step, rest = path[0], path[1:]
    below = _selection(rest) if rest or step.target not in KEYS else _keys(step.target)
    if not step.many:
        return f"databaseId {step.name} {{ {below} }}"
    first = CHILDREN if step.target not in KEYS else 500
    return f"databaseId {step.name}(first: {first}) {{ totalCount nodes {{ {below} }} pageInfo {{ hasNextPage }} }}"


def _keys(type_name: str) -> str:
    return " ".join(field.name for field in fields_of(type_name) if field.column in KEYS[type_name])


def _expected(viewer: Viewer, type_name: str, row: Row, path: list[Relation]) -> Any:
    if type_name in KEYS:
        return {
            field.name: written(field.kind, row[field.column])
            for field in fields_of(type_name)
            if field.column in KEYS[type_name]
        }
    if not path:
        return {"databaseId": row["id"]}
    step, rest = path[0], path[1:]
    targets = related(viewer, type_name, row, step)
    if not step.many:
        one = _expected(viewer, step.target, targets[0], rest) if targets else None
        return {"databaseId": row["id"], step.name: one}
    if step.target in KEYS:
        shown, has_next = targets, False
    else:
        cut = page(listed(viewer, step.target, of=targets), first=CHILDREN)
        shown, has_next = cut.rows, cut.has_next
    many = {
        "totalCount": len(targets),
        "nodes": [_expected(viewer, step.target, target, rest) for target in shown],
        "pageInfo": {"hasNextPage": has_next},
    }
    return {"databaseId": row["id"], step.name: many}


def _plain(value: Any) -> Any:
    """Without the order of rows that have no id."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], dict) and "databaseId" not in value[0]:
        return Counter(tuple(sorted(item.items())) for item in value)
    return [_plain(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("username", CALLERS)
def test_shared_salespeople_are_those_of_the_list_that_are_visible(asking: Asking, username: str) -> None:
    viewer = asking.viewer(username)
    got = asking.connection(
        username, "Lead", selection="nodes { databaseId sharedSalespeople { databaseId } }", first=500
    )
    shown = listed(viewer, "Lead")[:500]
    expected = [sorted(listed_ids(row["shared_salesperson_id"]) & viewer.ids("Salesperson")) for row in shown]
    assert any(expected)
    assert [[one["databaseId"] for one in node["sharedSalespeople"]] for node in got["nodes"]] == expected


@pytest.mark.parametrize("username", CALLERS)
def test_nested_list_is_filtered_sorted_and_counted_for_each_parent(asking: Asking, username: str) -> None:
    viewer = asking.viewer(username)
    where = {"or": [{"status": {"in": ["Assigned", "In Process"]}}, {"lead": {"status": {"eq": "Won"}}}]}
    order = [{"field": "PRIORITY", "direction": "DESC"}, {"field": "CREATED_ON", "direction": "ASC"}]
    query = f"""
        query($where: TicketWhere, $order: [TicketOrder!]) {{
          {ROOT_OF_TYPE["Company"]}(first: 100) {{ nodes {{
            tickets(where: $where, orderBy: $order, first: 4) {{
              totalCount nodes {{ databaseId }} pageInfo {{ hasNextPage }}
            }}
          }} }}
        }}"""
    answer = asking.data_for(username, query, {"where": where, "order": order})
    expected = []
    for company in listed(viewer, "Company")[:100]:
        of = asking.data.where("Ticket", "company_id", company["id"])
        cut = page(listed(viewer, "Ticket", where, order, of=of), first=4)
        nodes = [{"databaseId": row["id"]} for row in cut.rows]
        expected.append({"totalCount": cut.total, "nodes": nodes, "pageInfo": {"hasNextPage": cut.has_next}})
    assert [node["tickets"] for node in answer["companies"]["nodes"]] == expected
