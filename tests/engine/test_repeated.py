"""What the compiled engine keeps of a document for the next request is never another caller's, nor another page's.

A few documents are asked again and again, by everybody in turn, with other variables each time; random operations are
new texts, of which nothing is kept.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from tests.engine.conftest import Estate
from tests.engine.faults import Fault, Manner, Reads
from tests.engine.sides import Asked

ROUNDS = 400
LIST = """query($first: Int, $last: Int, $status: String, $few: Int = 2, $deep: Boolean = true) {
  leads(first: $first, last: $last, where: {status: {eq: $status}}) {
    nodes { id firmName company { companyName city } warrior { id user { username email lastLogin } }
      tickets(first: $few) { nodes { title company { id } } pageInfo { hasNextPage } }
      statusChanges(first: 2) @include(if: $deep) { totalCount nodes { status changedBy { username } } } }
    pageInfo { hasNextPage hasPreviousPage } } }"""
PLAIN = """query($first: Int) { leads(first: $first) { nodes { databaseId createdOn status
  company { companyName } warrior { user { username email } salesperson { user { email } } } } } }"""
ALIASES = """query($a: Int, $b: Int) { a: leads(first: $a) { nodes { tickets(first: $b) { nodes { id } } } }
  b: leads(first: $b) { nodes { tickets(first: $a) { nodes { id title } } company { id } } } }"""
TICKETS = """query($first: Int, $after: String) { tickets(first: $first, after: $after) {
  edges { cursor node { id title lead { id firmName }
    company { companyName clientUsers(first: 2) { totalCount } } } } } }"""
ONE = """query($id: Int!, $company: Int) { lead(databaseId: $id) { id company { id }
    warrior { id user { username email } } }
  company(databaseId: $company) { id companyName leads(first: 3) { nodes { id } } } }"""
VIEWER = "{ viewer { role user { id username email role { roleName } } } }"
DOCUMENTS = (LIST, PLAIN, PLAIN, ALIASES, TICKETS, ONE, VIEWER)


def _variables(text: str, random: Random, cursors: list[str]) -> dict[str, Any]:
    size = random.choice([0, 1, 2, 7, 7, 20, None, True, 1.0, "7"])
    some = random.randint(1, 12)
    match text:
        case _ if text is LIST:
            page = random.choice([{"first": size}, {"last": some}, {"first": 5, "last": 5}, {}])
            status = random.choice([{}, {"status": None}, {"status": "New"}, {"status": "Demo"}])
            return {**page, **status, **random.choice([{}, {"few": some}, {"deep": False}, {"deep": None}])}
        case _ if text is PLAIN:
            return {} if size is None else {"first": size}
        case _ if text is ALIASES:
            return {"a": some, "b": random.choice([some, 3])}
        case _ if text is TICKETS:
            return {"first": some, "after": random.choice([None, *cursors[-5:]])}
        case _ if text is ONE:
            return {"id": random.randint(1, 400), "company": random.randint(1, 60)}
    return {}


@pytest.mark.parametrize("estate", ["embedded", "mariadb", "mysql"], indirect=True)
def test_documents_that_everybody_asks_in_turn_give_everybody_their_own_answer(estate: Estate) -> None:
    random = Random(11)
    cursors: list[str] = []
    answered: dict[str, set[bytes]] = {}
    for turn in range(ROUNDS):
        text = random.choice(DOCUMENTS)
        caller = random.choice(estate.callers)
        asked = Asked(text, _variables(text, random, cursors))
        failing = (Fault("magenta", Manner.UNAVAILABLE, Reads.ALL),) if turn % 23 == 22 else ()
        answer = estate.sides.same_answer(asked, caller.headers, failing, who=caller.name)
        data = json.loads(answer.body).get("data") or {}
        cursors += [edge["cursor"] for edge in (data.get("tickets") or {}).get("edges", ())]
        answered.setdefault(caller.name, set()).add(answer.body)
    # Everybody was given something, and people in other teams something else.
    assert len(answered) == len(estate.callers)
    assert len(set(map(frozenset, answered.values()))) == len(answered)


@pytest.mark.parametrize("estate", ["embedded"], indirect=True)
def test_numbers_and_truth_values_that_are_equal_are_other_variables(estate: Estate) -> None:
    caller = estate.caller("admin")
    codes = []
    for first in (1, True, 1.0, "1", 1, True):
        answer = json.loads(estate.sides.same_answer(Asked(PLAIN, {"first": first}), caller.headers).body)
        codes.append(
            answer["errors"][0]["extensions"]["code"]
            if "errors" in answer
            else len(answer["data"]["leads"]["nodes"])
        )
    assert codes == [1, "BAD_USER_INPUT", 1, "BAD_USER_INPUT", 1, "BAD_USER_INPUT"]
