"""`changeLeadStatus` on every estate: who may, what is written, and what a refusal leaves behind: nothing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from datasources.iperform.statuses import LEAD_STATUSES
from datasources.iperform.tables import leads
from tests.access.asking import CALLERS, Partner
from tests.gateways import RunningGateway
from tests.http.writing import ABSENT, Writing, lead_id, ticket_id, writing_at
from tests.oracle.data import Row
from tests.oracle.rules import SCOPES

CHANGE = """
mutation ($input: ChangeLeadStatusInput!) {
  changeLeadStatus(input: $input) {
    lead { databaseId status reasonForLost changedOn changedBy { databaseId } }
    statusChange { databaseId status reasonForChange changedOn changedBy { databaseId } lead { databaseId } }
  }
}
"""
PARTNER = Partner(1, SCOPES)
READ_ONLY = Partner(1, ("leads:read", "leads:contact", "users:read"))
WHO = ("admin", "manager", "manager2", "salesperson", "salesperson2", "warrior", "warrior2", PARTNER)


@pytest.fixture(scope="module", params=["embedded", "mariadb", "mysql"])
def opened(request: pytest.FixtureRequest) -> Iterator[Writing]:
    gateway: RunningGateway = request.getfixturevalue(f"{request.param}_gateway")
    with writing_at(gateway) as found:
        yield found


@pytest.fixture
def writing(opened: Writing) -> Iterator[Writing]:
    yield opened
    opened.restore()


def seen(writing: Writing, who: str | Partner, status: str = "New") -> Row:
    """A lead that somebody sees, with another status than this."""
    others = set(LEAD_STATUSES) - {status}
    return next(row for row in writing.caller(who).seen("Lead") if row["status"] in others)


def hidden(writing: Writing, who: str | Partner) -> Row:
    caller = writing.caller(who)
    return next(row for row in writing.data.rows("Lead") if not caller.visible("Lead", row, deleted=True))


def user_id(writing: Writing, who: str | Partner) -> int | None:
    return writing.viewer(who).id if isinstance(who, str) else None


def given(row: Row, status: str, **more: Any) -> dict[str, Any]:
    return {"id": lead_id(row["id"]), "status": status, **more}


def done(writing: Writing, who: str | Partner, sent: dict[str, Any]) -> Any:
    answer = writing.send(who, CHANGE, sent).json()
    assert "errors" not in answer, answer
    return answer["data"]["changeLeadStatus"]


# --- who ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", WHO, ids=str)
def test_whoever_sees_a_lead_moves_it_and_both_histories_say_so(writing: Writing, who: str | Partner) -> None:
    row, author = seen(writing, who, "Demo"), user_id(writing, who)
    before = datetime.now(UTC).replace(microsecond=0)
    payload = done(writing, who, given(row, "Demo", reason="  Asked for one 🎉 "))
    changed = writing.changed()
    assert changed.keys() == {"leads", "lead_status", "lead_logs"}
    ((key, lead),) = changed["leads"].items()
    ((step_key, step),) = changed["lead_status"].items()
    (entry,) = changed["lead_logs"].values()
    moment = lead.pop("changed_on")
    expected = {"status": "Demo", "changed_by": author, "reason_for_lost": None}
    assert key == row["id"]
    assert lead == {name: value for name, value in expected.items() if row[name] != value}
    assert step == {
        "id": step_key,
        "lead_id": key,
        "status": "Demo",
        "changed_on": moment,
        "changed_by": author,
        "reason_for_change": "Asked for one 🎉",
    }
    assert {name: value for name, value in entry.items() if name != "id"} == {
        "lead_id": key,
        "company_id": row["company_id"],
        "activity_type": "update",
        "activity_details": f"Changed the status from {row['status']} to Demo.",
        "logged_by": author,
        "logged_on": moment,
        "metadata": {"status": {"from": row["status"], "to": "Demo"}},
    }
    told = datetime.fromisoformat(payload["lead"]["changedOn"])
    assert told.replace(tzinfo=None) == moment
    assert before <= told <= datetime.now(UTC) + timedelta(seconds=1)
    by = None if author is None else {"databaseId": author}
    assert payload["lead"] == {
        "databaseId": key,
        "status": "Demo",
        "reasonForLost": None,
        "changedOn": payload["lead"]["changedOn"],
        "changedBy": by,
    }
    assert payload["statusChange"] == {
        "databaseId": step_key,
        "status": "Demo",
        "reasonForChange": "Asked for one 🎉",
        "changedOn": payload["lead"]["changedOn"],
        "changedBy": by,
        "lead": {"databaseId": key},
    }


@pytest.mark.parametrize("who", WHO[1:], ids=str)
def test_a_lead_of_others_is_as_one_that_is_not_there(writing: Writing, who: str | Partner) -> None:
    row = hidden(writing, who)
    for status, more in (("Demo", {}), ("Nonsense", {}), ("Demo", {"idempotencyKey": "k"})):
        # From here on there is a session, or a token.
        writing.send(who, CHANGE, {"id": lead_id(ABSENT), "status": status, **more})
        answers = []
        for key in (row["id"], ABSENT):
            with writing.gateway.counted() as statements:
                answer = writing.send(who, CHANGE, {"id": lead_id(key), "status": status, **more})
            # That a token is used is noted once a minute, beside the requests.
            texts = sorted(one.text for one in statements if "last_used_on" not in one.text)
            answers.append((answer.status_code, answer.content, texts))
        assert answers[0] == answers[1]
        assert b'"NOT_FOUND"' in answers[0][1]
    assert writing.changed() == {}


def test_somebody_at_a_client_and_nobody_do_not_have_it(writing: Writing) -> None:
    row = writing.viewer("client").seen("Lead")[0]
    assert writing.refused("client", CHANGE, given(row, "Demo")) == "GRAPHQL_VALIDATION_FAILED"
    body = {"query": CHANGE, "variables": {"input": given(row, "Demo")}}
    assert writing.gateway.post(body).status_code == 401
    assert writing.changed() == {}


def test_a_partner_needs_the_scope(writing: Writing) -> None:
    row = seen(writing, READ_ONLY)
    assert writing.refused(READ_ONLY, CHANGE, given(row, "New")) == "GRAPHQL_VALIDATION_FAILED"
    writes_only = Partner(1, ("leads:write",))
    assert writing.refused(writes_only, CHANGE, given(row, "New")) == "GRAPHQL_VALIDATION_FAILED"
    query = "{ viewer { allowedLeadStatuses } }"
    assert writing.ask(PARTNER, query)["data"]["viewer"]["allowedLeadStatuses"] == list(LEAD_STATUSES)
    assert writing.ask(READ_ONLY, query)["data"]["viewer"]["allowedLeadStatuses"] == []


def test_a_deleted_lead_is_not_there_for_admin_either(writing: Writing) -> None:
    deleted = next(row for row in writing.data.rows("Lead") if row["is_deleted"] == 1)
    assert writing.refused("admin", CHANGE, given(deleted, "Demo")) == "NOT_FOUND"


def test_a_lead_that_goes_to_somebody_else_is_no_longer_theirs(writing: Writing) -> None:
    row = seen(writing, "warrior")
    writing.set_row(leads, row["id"], warrior_id="999999", shared_salesperson_id=None)
    assert writing.refused("warrior", CHANGE, given(row, "New")) == "NOT_FOUND"


# --- which status -------------------------------------------------------------------------------------------


def test_a_role_sets_only_what_its_list_allows(writing: Writing) -> None:
    row = seen(writing, "warrior", "Won")
    assert writing.refused("warrior", CHANGE, given(row, "Won")) == "FORBIDDEN"
    with writing.role_with("WARRIOR", allowed_status_list=" Won ,Demo"):
        done(writing, "warrior", given(row, "Won"))
    with writing.role_with("WARRIOR", allowed_status_list=None):
        assert writing.refused("warrior", CHANGE, given(row, "New")) == "FORBIDDEN"


def test_admin_too_sets_only_what_its_list_allows(writing: Writing) -> None:
    row = seen(writing, "admin", "Demo")
    with writing.role_with("ADMIN", allowed_status_list="New,Qualified"):
        assert writing.refused("admin", CHANGE, given(row, "Demo")) == "FORBIDDEN"
    done(writing, "admin", given(row, "Demo"))


@pytest.mark.parametrize("status", ["Nonsense", "demo", "Demo ", "", "New,Demo", "x" * 40])
def test_an_unknown_status_is_bad_input(writing: Writing, status: str) -> None:
    with writing.role_with("MANAGER", allowed_status_list="Demo,Nonsense,demo"):
        row = seen(writing, "manager")
        assert writing.refused("manager", CHANGE, given(row, status)) == "BAD_USER_INPUT"


def test_the_status_that_it_has_changes_nothing(writing: Writing) -> None:
    row = seen(writing, "salesperson", "Lost")
    payload = done(writing, "salesperson", given(row, row["status"], reason="once more"))
    assert (payload["lead"]["status"], payload["statusChange"]) == (row["status"], None)
    assert writing.changed() == {}


def test_only_a_lost_lead_has_a_reason(writing: Writing) -> None:
    row = seen(writing, "manager", "Lost")
    assert done(writing, "manager", given(row, "Lost", reason="Price"))["lead"]["reasonForLost"] == "Price"
    payload = done(writing, "manager", given(row, "Trial", reason="They came back"))
    assert (payload["lead"]["reasonForLost"], payload["statusChange"]["reasonForChange"]) == (
        None,
        "They came back",
    )
    payload = done(writing, "manager", given(row, "Lost"))
    assert (payload["lead"]["reasonForLost"], payload["statusChange"]["reasonForChange"]) == (None, None)
    assert len(writing.changed()["lead_status"]) == 3


def test_a_reason_is_kept_whole_or_refused(writing: Writing) -> None:
    row = seen(writing, "manager", "Lost")
    for status, reason in (("Lost", "x" * 46), ("Demo", "x" * 2001), ("Demo", "a\0b")):
        assert writing.refused("manager", CHANGE, given(row, status, reason=reason)) == "BAD_USER_INPUT"
    assert done(writing, "manager", given(row, "Lost", reason="é" * 45))["lead"]["reasonForLost"] == "é" * 45


@pytest.mark.parametrize("text", ["", "nonsense", lead_id(1) + "=", ticket_id(1), lead_id(2**31)])
def test_an_id_of_something_else_is_bad_input(writing: Writing, text: str) -> None:
    assert writing.refused("admin", CHANGE, {"id": text, "status": "Demo"}) == "BAD_USER_INPUT"


# --- lost updates -------------------------------------------------------------------------------------------


def test_a_lead_that_was_changed_meanwhile_is_a_conflict_that_says_when(writing: Writing) -> None:
    row = seen(writing, "manager", "Demo")
    writing.set_row(leads, row["id"], changed_on=datetime(2026, 1, 2, 3, 4, 5))
    shown = writing.gateway.data(
        "query($id: ID!) { lead(id: $id) { changedOn } }", {"id": lead_id(row["id"])}, as_user="manager"
    )["lead"]["changedOn"]
    late = (datetime.fromisoformat(shown) - timedelta(seconds=1)).isoformat()
    sent = given(row, "Demo", ifChangedOn=late, idempotencyKey="a conflict")
    (error,) = writing.send("manager", CHANGE, sent).json()["errors"]
    assert error["extensions"]["code"] == "CONFLICT"
    assert error["extensions"]["current"] == {"changedOn": shown}
    assert set(writing.changed()["leads"][row["id"]]) == {"changed_on"}
    assert writing.changed().keys() == {"leads"}
    with writing.role_with("MANAGER", permissions={"deny": ["Lead.changedOn"]}):
        asked = CHANGE.replace("reasonForLost changedOn", "reasonForLost")
        (error,) = writing.send("manager", asked, sent).json()["errors"]
        assert error["extensions"]["code"] == "CONFLICT"
        assert "current" not in error["extensions"]
    # The same moment, said in another zone.
    other = datetime.fromisoformat(shown).astimezone(timezone(timedelta(hours=-7))).isoformat()
    done(writing, "manager", given(row, "Demo", ifChangedOn=other))


def test_a_lead_that_was_never_changed_is_guarded_by_its_creation(writing: Writing) -> None:
    row = seen(writing, "manager", "Demo")
    writing.set_row(leads, row["id"], changed_on=None, created_on=datetime(2026, 1, 2, 3, 4, 5))
    sent = given(row, "Demo", ifChangedOn="2026-01-02T03:04:06+05:30")
    (error,) = writing.send("manager", CHANGE, sent).json()["errors"]
    shown = error["extensions"]["current"]["changedOn"]
    assert shown.startswith("2026-01-02T03:04:05")
    done(writing, "manager", given(row, "Demo", ifChangedOn=shown))


def test_each_change_is_later_than_the_one_before(writing: Writing) -> None:
    row = seen(writing, "manager", "Demo")
    moments = [
        done(writing, "manager", given(row, status))["lead"]["changedOn"]
        for status in ("Demo", "New", "Trial")
    ]
    assert moments == sorted(set(moments))
    stale = given(row, "Lost", ifChangedOn=moments[1])
    assert writing.refused("manager", CHANGE, stale) == "CONFLICT"


def test_many_at_once_lose_no_change(writing: Writing) -> None:
    row = seen(writing, "admin", "Demo")
    statuses = [LEAD_STATUSES[place % 2 + 2] for place in range(8)]
    who = [("admin", "manager")[place % 2] for place in range(8)]
    row = next(one for one in writing.viewer("manager").seen("Lead") if one["status"] == "New")
    answers = writing.at_once(
        8, lambda client, place: writing.send(who[place], CHANGE, given(row, statuses[place]), client=client)
    )
    assert all("errors" not in answer for answer in answers), answers
    steps = sorted(writing.changed()["lead_status"].values(), key=lambda step: step["id"])
    effects = [one for one in answers if one["data"]["changeLeadStatus"]["statusChange"] is not None]
    assert len(steps) == len(effects) >= 1
    # Each step differs from the one before, and the log tells the same story.
    walked = ["New", *(step["status"] for step in steps)]
    assert all(first != second for first, second in itertools.pairwise(walked))
    entries = sorted(writing.changed()["lead_logs"].values(), key=lambda entry: entry["id"])
    assert [entry["metadata"]["status"] for entry in entries] == [
        {"from": first, "to": second} for first, second in itertools.pairwise(walked)
    ]
    assert writing.row(leads, row["id"])["status"] == walked[-1]


def test_of_two_guarded_changes_at_once_one_is_a_conflict(writing: Writing) -> None:
    row = next(one for one in writing.viewer("manager").seen("Lead") if one["status"] == "New")
    moment = done(writing, "manager", given(row, "Qualified"))["lead"]["changedOn"]
    statuses = ("Demo", "Trial", "Proposal", "Lost")
    answers = writing.at_once(
        4,
        lambda client, place: writing.send(
            "manager", CHANGE, given(row, statuses[place], ifChangedOn=moment), client=client
        ),
    )
    codes = [
        answer.get("errors", [{"extensions": {"code": "done"}}])[0]["extensions"]["code"]
        for answer in answers
    ]
    assert sorted(codes) == ["CONFLICT", "CONFLICT", "CONFLICT", "done"]
    assert len(writing.changed()["lead_status"]) == 2


def test_what_fails_half_way_leaves_nothing(writing: Writing) -> None:
    row = seen(writing, "manager", "Demo")
    sent = given(row, "Demo", idempotencyKey="half way")
    with writing.without_table("lead_logs"):
        assert writing.code("manager", CHANGE, sent) == "INTERNAL"
    assert writing.changed() == {}
    done(writing, "manager", sent)


def test_several_in_one_operation_show_each_its_own_outcome(writing: Writing) -> None:
    row = seen(writing, "manager", "Demo")
    body = """mutation ($a: ChangeLeadStatusInput!, $b: ChangeLeadStatusInput!) {
      a: changeLeadStatus(input: $a) { lead { status statusHistory(first: 1) { totalCount } } }
      b: changeLeadStatus(input: $b) { lead { status statusHistory(first: 1) { totalCount } } } }"""
    variables = {"a": given(row, "Demo"), "b": given(row, "Trial")}
    found = writing.gateway.data(body, variables, as_user="manager")
    assert [found[one]["lead"]["status"] for one in "ab"] == ["Demo", "Trial"]
    first, second = (found[one]["lead"]["statusHistory"]["totalCount"] for one in "ab")
    assert second == first + 1


# --- idempotency --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["manager", PARTNER], ids=str)
def test_the_same_key_and_input_give_the_first_answer_again(writing: Writing, who: str | Partner) -> None:
    row = seen(writing, who, "Demo")
    sent = given(row, "Demo", reason="once", idempotencyKey="of the client")
    first = done(writing, who, sent)
    after = writing.everything()
    assert done(writing, who, sent) == first
    assert done(writing, who, {**sent, "ifChangedOn": None}) == first
    assert writing.everything() == after
    # The step is that of the first answer, the lead is as it is now.
    done(writing, who, given(row, "Trial"))
    again = done(writing, who, sent)
    assert (again["statusChange"], again["lead"]["status"]) == (first["statusChange"], "Trial")


def test_the_same_key_with_another_input_is_bad_input(writing: Writing) -> None:
    row, other = [one for one in writing.viewer("manager").seen("Lead") if one["status"] == "New"][:2]
    sent = given(row, "Demo", idempotencyKey="k")
    done(writing, "manager", sent)
    for changed in (
        {**sent, "status": "Trial"},
        {**sent, "reason": "why"},
        {**sent, "id": lead_id(other["id"])},
        {**sent, "ifChangedOn": "2026-01-02T03:04:06+05:30"},
    ):
        assert writing.refused("manager", CHANGE, changed) == "BAD_USER_INPUT"
    # Keys are compared byte by byte, and everybody has their own.
    for key in ("K", "k ", " k", "ķ"):
        done(writing, "manager", given(row, "Demo", idempotencyKey=key))
    done(writing, "admin", {**sent, "status": "Trial"})


@pytest.mark.parametrize("key", ["", "x" * 129])
def test_a_key_has_1_to_128_characters(writing: Writing, key: str) -> None:
    row = seen(writing, "manager")
    assert writing.refused("manager", CHANGE, given(row, "New", idempotencyKey=key)) == "BAD_USER_INPUT"
    done(writing, "manager", given(row, "New", idempotencyKey="😀" * 128))


def test_a_refused_change_leaves_its_key_free(writing: Writing) -> None:
    row = seen(writing, "warrior", "Won")
    sent = given(row, "Won", idempotencyKey="k")
    assert writing.refused("warrior", CHANGE, sent) == "FORBIDDEN"
    with writing.role_with("WARRIOR", allowed_status_list="Won"):
        done(writing, "warrior", sent)


def test_a_key_of_a_change_that_changed_nothing_stays_so(writing: Writing) -> None:
    row = seen(writing, "manager", "Lost")
    sent = given(row, row["status"], idempotencyKey="k")
    assert done(writing, "manager", sent)["statusChange"] is None
    done(writing, "manager", given(row, "Lost"))
    again = done(writing, "manager", sent)
    assert (again["lead"]["status"], again["statusChange"]) == ("Lost", None)


def test_many_with_one_key_at_once_have_one_effect_and_one_answer(writing: Writing) -> None:
    row = next(one for one in writing.viewer("manager").seen("Lead") if one["status"] == "New")
    sent = given(row, "Demo", idempotencyKey="at once")
    answers = writing.at_once(8, lambda client, _: writing.send("manager", CHANGE, sent, client=client))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["data"]["changeLeadStatus"]["statusChange"]["status"] == "Demo"
    changed = writing.changed()
    assert {name: len(rows) for name, rows in changed.items()} == {
        "leads": 1,
        "lead_status": 1,
        "lead_logs": 1,
        "gateway_idempotency_keys": 1,
    }


def test_what_was_committed_before_the_answer_was_lost_is_found_by_another_gateway(writing: Writing) -> None:
    row = seen(writing, "manager", "Demo")
    sent = given(row, "Demo", idempotencyKey="lost")
    first = done(writing, "manager", sent)
    with writing_at(writing.gateway) as another:
        assert done(another, "manager", sent) == first
    assert len(writing.changed()["lead_status"]) == 1


def test_a_lead_that_is_no_longer_theirs_tells_nothing_by_its_key(writing: Writing) -> None:
    row = seen(writing, "warrior", "Demo")
    sent = given(row, "Demo", idempotencyKey="k")
    done(writing, "warrior", sent)
    writing.set_row(leads, row["id"], warrior_id="999999", shared_salesperson_id=None)
    assert writing.refused("warrior", CHANGE, sent) == "NOT_FOUND"


def test_all_callers_are_judged_here() -> None:
    assert {*WHO, "client"} == {*CALLERS, PARTNER}
