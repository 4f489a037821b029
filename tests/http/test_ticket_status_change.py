"""`changeTicketStatus` on every estate: ADMIN, MANAGER and the assignee may, others who see the ticket may not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from datasources.iperform.statuses import TICKET_STATUSES
from datasources.iperform.tables import tickets
from tests.access.asking import Partner, codes_of
from tests.gateways import RunningGateway
from tests.http.writing import ABSENT, Writing, lead_id, ticket_id, writing_at
from tests.oracle.data import Row
from tests.oracle.rules import SCOPES

CHANGE = """
mutation ($input: ChangeTicketStatusInput!) {
  changeTicketStatus(input: $input) { ticket { databaseId status resolvedOn resolutionNotes } }
}
"""
PARTNER = Partner(1, SCOPES)
RULERS = ("admin", "manager", "manager2")
ASSIGNEES = ("salesperson", "salesperson2", "warrior", "warrior2", "client")


@pytest.fixture(scope="module", params=["embedded", "mariadb", "mysql"])
def opened(request: pytest.FixtureRequest) -> Iterator[Writing]:
    gateway: RunningGateway = request.getfixturevalue(f"{request.param}_gateway")
    with writing_at(gateway) as found:
        yield found


@pytest.fixture
def writing(opened: Writing) -> Iterator[Writing]:
    yield opened
    opened.restore()


def seen(
    writing: Writing, who: str | Partner, status: str = "Assigned", *, assigned: bool | None = None
) -> Row:
    """A ticket with this status that somebody sees, assigned to them or to somebody else."""
    caller = writing.caller(who)
    own = None if isinstance(who, Partner) else writing.viewer(who).id
    return next(
        row
        for row in caller.seen("Ticket")
        if row["status"] == status and assigned in (None, row["assigned_to"] == own)
    )


def given(row: Row, status: str, **more: Any) -> dict[str, Any]:
    return {"id": ticket_id(row["id"]), "status": status, **more}


def done(writing: Writing, who: str, sent: dict[str, Any]) -> Any:
    answer = writing.send(who, CHANGE, sent).json()
    assert "errors" not in answer, answer
    return answer["data"]["changeTicketStatus"]["ticket"]


@pytest.mark.parametrize("who", RULERS)
def test_admin_and_managers_change_every_ticket_that_they_see(writing: Writing, who: str) -> None:
    row = seen(writing, who, assigned=False)
    assert done(writing, who, given(row, "In Process"))["status"] == "In Process"
    assert writing.changed() == {"tickets": {row["id"]: {"status": "In Process"}}}


@pytest.mark.parametrize("who", ASSIGNEES)
def test_others_change_what_is_assigned_to_them_alone(writing: Writing, who: str) -> None:
    row = seen(writing, who, assigned=False)
    assert writing.refused(who, CHANGE, given(row, "In Process")) == "FORBIDDEN"
    # Also where it would change nothing, and whatever else is wrong: the rule comes first.
    for sent in (given(row, row["status"]), given(row, "Nonsense"), given(row, "Closed", idempotencyKey="k")):
        assert writing.refused(who, CHANGE, sent) == "FORBIDDEN"
    writing.set_row(tickets, row["id"], assigned_to=writing.viewer(who).id)
    assert done(writing, who, given(row, "In Process"))["status"] == "In Process"
    assert writing.changed()["tickets"][row["id"]]["status"] == "In Process"
    writing.set_row(tickets, row["id"], assigned_to=row["assigned_to"])
    assert writing.refused(who, CHANGE, given(row, "Closed")) == "FORBIDDEN"


def test_a_partner_is_nobodys_assignee(writing: Writing) -> None:
    row = seen(writing, PARTNER)
    assert writing.refused(PARTNER, CHANGE, given(row, "Closed")) == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize("who", ["manager", *ASSIGNEES])
def test_a_ticket_of_others_is_as_one_that_is_not_there(writing: Writing, who: str) -> None:
    caller = writing.caller(who)
    row = next(row for row in writing.data.rows("Ticket") if not caller.visible("Ticket", row))
    writing.gateway.login(who)
    for status in ("Closed", "Nonsense"):
        answers = []
        for key in (row["id"], ABSENT):
            with writing.gateway.counted() as statements:
                answer = writing.send(who, CHANGE, {"id": ticket_id(key), "status": status})
            answers.append((answer.status_code, answer.content, sorted(one.text for one in statements)))
        assert answers[0] == answers[1]
        assert b'"NOT_FOUND"' in answers[0][1]
    assert writing.changed() == {}


def test_resolving_has_its_moment_and_its_notes(writing: Writing) -> None:
    row = seen(writing, "admin", "In Process")
    before = datetime.now().astimezone().replace(microsecond=0)
    told = done(writing, "admin", given(row, "Resolved", resolutionNotes=" Restarted the sync. "))
    moment = datetime.fromisoformat(told["resolvedOn"])
    assert before <= moment <= before + timedelta(seconds=30)
    assert (told["status"], told["resolutionNotes"]) == ("Resolved", "Restarted the sync.")
    assert writing.changed()["tickets"] == {
        row["id"]: {
            "status": "Resolved",
            "resolved_on": moment.replace(tzinfo=None),
            "resolution_notes": "Restarted the sync.",
        }
    }
    # Closing leaves the moment, opening again takes it away; the notes stay as they are.
    writing.set_row(tickets, row["id"], resolved_on=datetime(2026, 1, 2, 3, 4, 5))
    told = done(writing, "admin", given(row, "Closed"))
    assert told["resolvedOn"].startswith("2026-01-02T03:04:05")
    told = done(writing, "admin", given(row, "Assigned"))
    assert (told["resolvedOn"], told["resolutionNotes"]) == (None, "Restarted the sync.")


@pytest.mark.parametrize("status", ["Nonsense", "closed", "Closed ", "", "Demo"])
def test_an_unknown_status_is_bad_input(writing: Writing, status: str) -> None:
    row = seen(writing, "manager")
    assert writing.refused("manager", CHANGE, given(row, status)) == "BAD_USER_INPUT"


def test_notes_that_do_not_fit_are_bad_input(writing: Writing) -> None:
    row = seen(writing, "manager")
    for status, notes in (("In Process", "x"), ("Closed", "x" * 2001), ("Closed", "a\0b")):
        sent = given(row, status, resolutionNotes=notes)
        assert writing.refused("manager", CHANGE, sent) == "BAD_USER_INPUT"


def test_an_id_of_something_else_is_bad_input(writing: Writing) -> None:
    assert writing.refused("admin", CHANGE, {"id": lead_id(1), "status": "Closed"}) == "BAD_USER_INPUT"


@pytest.mark.parametrize("status", TICKET_STATUSES)
def test_the_status_that_it_has_changes_nothing(writing: Writing, status: str) -> None:
    row = seen(writing, "admin", status)
    more = {"resolutionNotes": "again"} if status in ("Resolved", "Closed") else {}
    assert done(writing, "admin", given(row, status, **more))["status"] == status
    assert writing.changed() == {}


def test_a_key_stands_for_one_change_of_one_operation(writing: Writing) -> None:
    row = seen(writing, "manager", "In Process")
    sent = given(row, "Closed", idempotencyKey="of the client")
    first = done(writing, "manager", sent)
    after = writing.everything()
    assert done(writing, "manager", sent) == first
    assert writing.refused("manager", CHANGE, {**sent, "status": "Assigned"}) == "BAD_USER_INPUT"
    lead = writing.viewer("manager").seen("Lead")[0]
    other = (
        "mutation ($input: ChangeLeadStatusInput!) { changeLeadStatus(input: $input) { lead { status } } }"
    )
    taken = {"id": lead_id(lead["id"]), "status": "Demo", "idempotencyKey": "of the client"}
    assert writing.refused("manager", other, taken) == "BAD_USER_INPUT"
    assert writing.everything() == after
    # Opened again meanwhile: the key closes it no second time.
    done(writing, "manager", given(row, "In Process"))
    assert done(writing, "manager", sent)["status"] == "In Process"


def test_many_with_one_key_at_once_have_one_effect(writing: Writing) -> None:
    row = seen(writing, "manager", "In Process")
    sent = given(row, "Resolved", idempotencyKey="at once")
    answers = writing.at_once(8, lambda client, _: writing.send("manager", CHANGE, sent, client=client))
    assert all(answer == answers[0] and "errors" not in answer for answer in answers), answers
    assert len(writing.changed()["gateway_idempotency_keys"]) == 1


def test_whoever_loses_the_ticket_while_they_wait_for_it_may_not_change_it(writing: Writing) -> None:
    row = seen(writing, "warrior", assigned=False)
    writing.gateway.login("warrior")
    writing.set_row(tickets, row["id"], assigned_to=writing.viewer("warrior").id)
    with ThreadPoolExecutor(1) as pool:
        with writing.engine.begin() as holder:
            taken = tickets.update().where(tickets.c.id == row["id"]).values(assigned_to=row["assigned_to"])
            holder.execute(taken)
            answer = pool.submit(writing.send, "warrior", CHANGE, given(row, "Closed"))
            time.sleep(0.5)
            assert not answer.done()
        codes = codes_of(answer.result().json())
    assert codes == {"FORBIDDEN"}
    assert writing.changed() == {}
