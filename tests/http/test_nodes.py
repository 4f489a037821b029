"""`nodes`: an id that can't be read is an error of its own place in the list."""

from __future__ import annotations

from tests.gateways import RunningGateway

NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"


def test_a_malformed_id_costs_its_own_place_alone(gateway: RunningGateway) -> None:
    good = gateway.data("{ leads(first: 1) { nodes { id } } }", as_user="admin")["leads"]["nodes"][0]["id"]
    answer = gateway.query(NODES, {"ids": ["rubbish", good]}, as_user="admin")
    assert answer["data"] == {"nodes": [None, {"id": good}]}
    assert [(error["path"], error["extensions"]["code"]) for error in answer["errors"]] == [
        (["nodes", 0], "BAD_USER_INPUT")
    ]
