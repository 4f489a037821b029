"""One row by `databaseId`, by global id, by `node` and `nodes`: there for whoever sees it, null for everybody else."""

from __future__ import annotations

import pytest

from tests.access.asking import CALLERS, Asking, some
from tests.oracle.catalogue import primary_key
from tests.oracle.rules import is_deleted

# Types with an id of their own, by the root field that gives one row. Sessions and logins grow as the tests log in.
SINGLE = {
    "lead": "Lead",
    "statusChange": "StatusChange",
    "leadLog": "LeadLog",
    "followUp": "FollowUp",
    "whatsappMessage": "WhatsappMessage",
    "mail": "Mail",
    "ticket": "Ticket",
    "ticketComment": "TicketComment",
    "company": "Company",
    "clientUser": "ClientUser",
    "pricingPlan": "PricingPlan",
    "user": "User",
    "warrior": "Warrior",
    "salesperson": "Salesperson",
    "partnerCompany": "PartnerCompany",
    "userSession": "UserSession",
    "loginEvent": "LoginEvent",
    "savedView": "SavedView",
    "userSetting": "UserSetting",
    "companySetting": "CompanySetting",
    "subcompanySetting": "SubcompanySetting",
}
FOR_ADMIN = {"dynamicDatabase": "DynamicDatabase", "requestLog": "RequestLog"}
EACH = 12


def chosen(asking: Asking, username: str, type_name: str) -> tuple[list[int], list[int]]:
    """A few ids that the caller sees, and a few that they don't; of the latter none that ADMIN lacks too."""
    viewer, admin, key = asking.viewer(username), asking.viewer("admin"), primary_key(type_name)
    seen, hidden = [], []
    for row in asking.data.rows(type_name):
        if viewer.visible(type_name, row):
            seen.append(row)
        elif admin.visible(type_name, row):
            hidden.append(row)
    return [row[key] for row in some(seen, EACH)], [row[key] for row in some(hidden, EACH)]


@pytest.mark.parametrize("field", SINGLE)
@pytest.mark.parametrize("username", CALLERS)
def test_row_is_there_by_every_id_only_for_whoever_sees_it(asking: Asking, username: str, field: str) -> None:
    type_name = SINGLE[field]
    seen, hidden = chosen(asking, username, type_name)
    ids = [*seen, *hidden]
    expected = [{"databaseId": row_id} for row_id in seen] + [None] * len(hidden)
    assert asking.by_database_id(username, field, ids) == expected

    global_ids = asking.global_ids(field, ids)
    asked = " ".join(
        f'r{place}: {field}(id: "{one}") {{ databaseId }}' for place, one in enumerate(global_ids)
    )
    assert list(asking.data_for(username, f"{{ {asked} }}").values()) == expected
    selection = f"{{ ... on {type_name} {{ databaseId }} }}"
    query = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {selection} }}"
    assert asking.data_for(username, query, {"ids": global_ids})["nodes"] == expected
    asked = " ".join(f'r{place}: node(id: "{one}") {selection}' for place, one in enumerate(global_ids))
    assert list(asking.data_for(username, f"{{ {asked} }}").values()) == expected


def test_each_caller_but_admin_is_refused_some_row_of_each_owned_type(asking: Asking) -> None:
    for username in CALLERS[1:]:
        for type_name in (
            "Lead",
            "StatusChange",
            "LeadLog",
            "FollowUp",
            "Mail",
            "Ticket",
            "TicketComment",
            "Company",
        ):
            seen, hidden = chosen(asking, username, type_name)
            assert seen, (username, type_name)
            assert hidden, (username, type_name)


@pytest.mark.parametrize("username", CALLERS[1:])
def test_every_lead_by_node_is_there_only_for_whoever_sees_it(asking: Asking, username: str) -> None:
    rows = [row for row in asking.data.rows("Lead") if not is_deleted(row)][-1000:]
    viewer = asking.viewer(username)
    known: dict[int, str] = {}
    where = {"databaseId": {"gte": rows[0]["id"]}}
    after: str | None = None
    while after is None or len(known) < len(rows):
        got = asking.connection(
            "admin", "Lead", where, selection="nodes { id databaseId }", first=500, after=after
        )
        known |= {node["databaseId"]: node["id"] for node in got["nodes"]}
        after = got["pageInfo"]["endCursor"]
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Lead { databaseId } } }"
    for start in range(0, len(rows), 500):
        batch = rows[start : start + 500]
        answer = asking.data_for(username, query, {"ids": [known[row["id"]] for row in batch]})
        expected = [{"databaseId": row["id"]} if viewer.visible("Lead", row) else None for row in batch]
        assert answer["nodes"] == expected


@pytest.mark.parametrize("username", CALLERS)
def test_deleted_lead_by_id_is_there_for_admin_alone_and_when_asked_for(
    asking: Asking, username: str
) -> None:
    deleted = [row["id"] for row in asking.data.rows("Lead") if is_deleted(row)][:EACH]
    assert len(deleted) == EACH
    assert asking.by_database_id(username, "lead", deleted) == [None] * EACH
    answer = asking.gateway.query(
        "{"
        + " ".join(f"r{i}: lead(databaseId: {i}, includeDeleted: true) {{ databaseId }}" for i in deleted)
        + "}",
        as_user=username,
    )
    if username == "admin":
        assert list(answer["data"].values()) == [{"databaseId": row_id} for row_id in deleted]
    else:
        # Whether the argument is unknown to the role or of no effect, the rows are not there.
        assert not any((answer.get("data") or {}).values())


@pytest.mark.parametrize("field", FOR_ADMIN)
def test_rows_for_admin_are_not_in_the_schema_of_others(asking: Asking, field: str) -> None:
    ids = [row["id"] for row in asking.data.rows(FOR_ADMIN[field])[:EACH]]
    assert asking.by_database_id("admin", field, ids) == [{"databaseId": row_id} for row_id in ids]
    for username in CALLERS[1:]:
        answer = asking.gateway.query(
            f"{{ {field}(databaseId: {ids[0]}) {{ databaseId }} }}", as_user=username
        )
        assert answer.get("data") is None
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["GRAPHQL_VALIDATION_FAILED"]


def test_absent_and_forbidden_rows_answer_alike(asking: Asking) -> None:
    viewer = asking.viewer("salesperson")
    hidden = next(row["id"] for row in asking.data.rows("Lead") if row["id"] not in viewer.ids("Lead"))
    query = "query($id: Int!) { lead(databaseId: $id) { firmName company { companyName } } }"
    forbidden = asking.gateway.query(query, {"id": hidden}, as_user="salesperson")
    absent = asking.gateway.query(query, {"id": 2_000_000_000}, as_user="salesperson")
    assert forbidden == absent == {"data": {"lead": None}}
