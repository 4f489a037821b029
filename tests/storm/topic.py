"""What a subscriber asks for, and which changes that means: the conditions in GraphQL beside the same in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.servers.mysql_like import MySQLLikeServer
from tests.storm.callers import Caller
from tests.storm.history import Change
from tests.storm.options import Subject

LEAD_STATUSES = ("New", "Qualified", "Demo", "Proposal", "Trial", "Won", "Lost")
TICKET_STATUSES = ("Assigned", "In Process", "Resolved", "Closed")
STATUSES = {Subject.LEADS: LEAD_STATUSES, Subject.TICKETS: TICKET_STATUSES}
FIELDS = {Subject.LEADS: "leadStatusChanged", Subject.TICKETS: "ticketStatusChanged"}
ROW_FIELDS = {Subject.LEADS: "lead", Subject.TICKETS: "ticket"}
WHERE_TYPES = {Subject.LEADS: "LeadWhere", Subject.TICKETS: "TicketWhere"}
# What is read of a row besides its id. Partners have neither contacts nor people nor companies.
SIMPLE = "status"
RICH = {
    Subject.LEADS: "firmName company { companyName } warrior { user { username } }",
    Subject.TICKETS: "title lead { firmName }",
}


@dataclass(frozen=True)
class Condition:
    """A `where`, and the SQL that finds the same rows. Neither looks at a column that changes in a storm."""

    where: Mapping[str, Any]
    sql: str


CONDITIONS: Mapping[Subject, Sequence[Condition]] = {
    Subject.LEADS: (
        Condition({"databaseId": {"gt": 1500}}, "select id from iperform.leads where id > 1500"),
        Condition(
            {"not": {"source": {"isNull": True}}, "databaseId": {"lte": 2000}},
            "select id from iperform.leads where source is not null and id <= 2000",
        ),
        Condition(
            {"or": [{"databaseId": {"lt": 900}}, {"favourite": {"eq": 1}}]},
            "select id from iperform.leads where id < 900 or favourite = 1",
        ),
    ),
    Subject.TICKETS: (
        Condition(
            {"priority": {"in": ["High", "Urgent"]}},
            "select id from iperform.tickets where priority in ('High', 'Urgent')",
        ),
        Condition({"leadId": {"isNull": False}}, "select id from iperform.tickets where lead_id is not null"),
    ),
}
# Over to another database, for those who may look there.
BY_COMPANY = Condition(
    {"company": {"databaseId": {"lte": 40}}},
    # Some leads name a company that isn't there.
    "select l.id from iperform.leads l join magenta.company c on c.id = l.company_id where c.id <= 40",
)


@dataclass(frozen=True, kw_only=True)
class Topic:
    """One subscription's text and what it is about; `rows` are those that the condition finds, None for all."""

    subject: Subject
    selected: str = SIMPLE
    condition: Condition | None = None
    rows: frozenset[int] | None = None
    from_: tuple[str, ...] | None = None
    to: tuple[str, ...] | None = None
    query: str = field(init=False)

    def __post_init__(self) -> None:
        subject = self.subject
        text = (
            f"subscription($where: {WHERE_TYPES[subject]}, $from: [String!], $to: [String!], $after: String) {{ "
            f"{FIELDS[subject]}(where: $where, from: $from, to: $to, after: $after) {{ cursor previousStatus status "
            f"{ROW_FIELDS[subject]} {{ databaseId {self.selected} }} }} }}"
        )
        object.__setattr__(self, "query", text)

    def variables(self, after: str) -> dict[str, Any]:
        """What is sent with the text."""
        where = None if self.condition is None else self.condition.where
        return {"where": where, "from": self.from_, "to": self.to, "after": after}

    def matches(self, row_id: int, change: Change) -> bool:
        """Whether a change of a row is one that is asked for."""
        if self.rows is not None and row_id not in self.rows:
            return False
        if self.from_ is not None and change.previous not in self.from_:
            return False
        return self.to is None or change.status in self.to


def draw_topic(database: MySQLLikeServer, caller: Caller, random: Random) -> Topic:
    """Something that this caller may ask for."""
    subject = Subject.TICKETS if random.random() < 0.3 else Subject.LEADS
    is_staff = caller.role not in {"PARTNER", "USER"}
    choices = list(CONDITIONS[subject])
    if is_staff and subject is Subject.LEADS:
        choices.append(BY_COMPANY)
    condition = random.choice(choices) if random.random() < 0.3 else None
    statuses = STATUSES[subject]
    return Topic(
        subject=subject,
        selected=RICH[subject] if is_staff and random.random() < 0.25 else SIMPLE,
        condition=condition,
        rows=None if condition is None else _rows(database, condition.sql),
        from_=tuple(random.sample(statuses, 3)) if random.random() < 0.15 else None,
        to=tuple(random.sample(statuses, 3)) if random.random() < 0.2 else None,
    )


def _rows(database: MySQLLikeServer, sql: str) -> frozenset[int]:
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return frozenset(row[0] for row in cursor.fetchall())
