"""Random operations by random callers: the gateway and the oracle give the same rows, order, totals and flags.

`ORACLE_EXAMPLES` in the environment sets how many are tried; the same ones each time unless `ORACLE_SEED` is set too.
"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.access.asking import CALLERS, ROOT_OF_TYPE, Asking, GatewayError, row_ids
from tests.access.operations import ListOperation, NestedOperation, NodeOperation, StatsOperation, operations
from tests.access.test_pages import check
from tests.access.test_stats import check_stats
from tests.oracle.catalogue import primary_key
from tests.oracle.evaluate import listed, page, related
from tests.oracle.rules import is_deleted

EXAMPLES = int(os.environ.get("ORACLE_EXAMPLES", "150"))
SEED = os.environ.get("ORACLE_SEED")
SELECTION = "totalCount edges { cursor node { databaseId } } nodes { databaseId }"
FLAGS = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"


def check_operation(asking: Asking, username: str, operation: Any) -> None:
    """That the gateway answers an operation as the oracle does, or says that it's too broad to answer."""
    try:
        match operation:
            case ListOperation():
                check_list(asking, username, operation)
            case NestedOperation():
                check_nested(asking, username, operation)
            case NodeOperation():
                check_nodes(asking, username, operation)
            case StatsOperation():
                check_stats(asking, username, operation.where, operation.group_by)
    except GatewayError as error:
        # A typed refusal is an answer; a shorter list would not be.
        if error.codes != {"FILTER_TOO_BROAD"}:
            raise


def check_list(asking: Asking, username: str, operation: ListOperation) -> None:
    """A page, the next one, and the one before that again."""
    asked = (username, operation.type_name, operation.where, operation.order, SELECTION)
    rows = listed(asking.viewer(username), operation.type_name, operation.where, operation.order)
    size = operation.size
    got = asking.connection(*asked, first=size)
    check(got, page(rows, first=size))
    if len(rows) <= size:
        return
    after = got["pageInfo"]["endCursor"]
    got = asking.connection(*asked, first=size, after=after)
    check(got, page(rows, first=size, after=rows[size - 1]))
    before = got["pageInfo"]["startCursor"]
    got = asking.connection(*asked, last=size, before=before)
    check(got, page(rows, last=size, before=rows[size]))
    check(asking.connection(*asked, last=size), page(rows, last=size))


def check_nested(asking: Asking, username: str, operation: NestedOperation) -> None:
    """Each parent's list, cut for each parent."""
    viewer, parents, children = asking.viewer(username), operation.parents, operation.children
    name = operation.relation.name
    query = f"""
        query($where: {parents.type_name}Where, $order: [{parents.type_name}Order!],
              $childWhere: {children.type_name}Where, $childOrder: [{children.type_name}Order!]) {{
          {ROOT_OF_TYPE[parents.type_name]}(where: $where, orderBy: $order, first: {parents.size}) {{
            nodes {{ databaseId {name}(where: $childWhere, orderBy: $childOrder, first: {children.size}) {{
              {SELECTION} {FLAGS} }} }} }} }}"""
    variables = {
        "where": parents.where,
        "order": parents.order,
        "childWhere": children.where,
        "childOrder": children.order,
    }
    got = asking.data_for(username, query, variables)[ROOT_OF_TYPE[parents.type_name]]["nodes"]
    expected = listed(viewer, parents.type_name, parents.where, parents.order)[: parents.size]
    assert [node["databaseId"] for node in got] == row_ids(expected, parents.type_name)
    for node, row in zip(got, expected, strict=True):
        of = related(viewer, parents.type_name, row, operation.relation)
        rows = listed(viewer, children.type_name, children.where, children.order, of=of)
        check(node[name], page(rows, first=children.size))


def check_nodes(asking: Asking, username: str, operation: NodeOperation) -> None:
    """Rows by their ids of both kinds."""
    viewer, key = asking.viewer(username), primary_key(operation.type_name)
    expected = [
        {"databaseId": row[key]} if viewer.visible(operation.type_name, row) else None
        for row in operation.rows
    ]
    assert (
        asking.by_database_id(username, operation.field, row_ids(operation.rows, operation.type_name))
        == expected
    )
    known = [row for row in operation.rows if not (operation.type_name == "Lead" and is_deleted(row))]
    ids = asking.global_ids(operation.field, row_ids(known, operation.type_name)) if known else []
    query = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on {operation.type_name} {{ databaseId }} }} }}"
    expected = [
        {"databaseId": row[key]} if viewer.visible(operation.type_name, row) else None for row in known
    ]
    assert asking.data_for(username, query, {"ids": ids})["nodes"] == expected


@settings(
    max_examples=EXAMPLES,
    derandomize=SEED is None,
    database=None,
    deadline=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
@given(choice=st.data())
def test_random_operation_is_answered_as_the_oracle_answers_it(
    asking_each: Asking, choice: st.DataObject
) -> None:
    username = choice.draw(st.sampled_from(CALLERS), label="caller")
    operation = choice.draw(operations(asking_each.data, asking_each.viewer(username)), label="operation")
    check_operation(asking_each, username, operation)


if SEED is not None:
    seed(int(SEED))(test_random_operation_is_answered_as_the_oracle_answers_it)
