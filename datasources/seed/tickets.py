"""Generates support tickets and their comments, once all leads are known; ids follow their creation."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from datasources.iperform import tables
from datasources.seed import vocabulary as words
from datasources.seed.chance import Chance
from datasources.seed.clients import CLIENT_COMPANY_ID, Clients
from datasources.seed.rows import Chunk, Row
from datasources.seed.stories import HISTORY_DAYS, Story
from datasources.seed.team import Owner, Team

RESOLVED = ("Resolved", "Closed")
# A thread long enough to need several pages.
LONG_THREAD = 60


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a ticket exists: a lead, or just a company."""

    created: datetime
    company_id: int
    lead_id: int | None
    owner: Owner | None


class TicketWriter:
    """Collects causes while the leads go by, then writes the tickets of all of them."""

    def __init__(self, seed: int, leads: int, today: date, clients: Clients, team: Team) -> None:
        self._chance = Chance(seed, "tickets")
        self._end = datetime(today.year, today.month, today.day)
        self._share = 0.12 if leads < 20_000 else 0.05
        self._without_lead = max(12, leads // 40)
        self._first_day = today - timedelta(days=HISTORY_DAYS)
        self._clients = clients
        self._team = team
        self._causes: list[Cause] = []

    def notice(self, story: Story) -> None:
        """Maybe this lead has tickets; one in a hundred has many."""
        chance = self._chance
        if not chance.happens(self._share):
            return
        for _ in range(chance.between(6, 9) if chance.happens(0.08) else chance.between(1, 3)):
            created = chance.later(story.created, 0, 200)
            if created < self._end:
                self._causes.append(Cause(created, story.company_id, story.lead_id, story.owner))

    def chunks(self) -> tuple[Chunk, Chunk]:
        """The tickets and the comments."""
        causes = sorted([*self._causes, *self._company_causes()], key=lambda cause: cause.created)
        tickets = [self._ticket(place, cause) for place, cause in enumerate(causes, 1)]
        comments: list[Row] = []
        for ticket, cause in zip(tickets, causes, strict=True):
            comments.extend(self._comments(ticket, cause, len(comments)))
        return Chunk(tables.tickets, tickets), Chunk(tables.ticket_communication, comments)

    def _company_causes(self) -> list[Cause]:
        chance = self._chance
        companies = [company.id for company in self._clients.companies]
        days = HISTORY_DAYS - 2
        return [
            Cause(
                chance.during(self._first_day + timedelta(days=chance.below(days))),
                CLIENT_COMPANY_ID if place % 10 == 0 else chance.pick(companies),
                None,
                chance.pick_or_none(self._team.owners, 0.5),
            )
            for place in range(self._without_lead)
        ]

    def _ticket(self, ticket_id: int, cause: Cause) -> Row:
        chance = self._chance
        status = chance.pick(("Assigned", "In Process", "Resolved", "Closed", "Closed"))
        resolved = chance.later(cause.created, 0, 12)
        if status in RESOLVED and resolved >= self._end:
            status = "In Process"
        done = status in RESOLVED
        return {
            "id": ticket_id,
            "lead_id": cause.lead_id,
            "company_id": cause.company_id,
            "title": chance.pick(words.TICKET_TITLES),
            "description": self._description(ticket_id),
            "ticket_type": chance.pick_or_none(words.TICKET_TYPES, 0.02),
            "priority": chance.pick_or_none(words.TICKET_PRIORITIES, 0.02),
            "status": None if not done and chance.happens(0.02) else status,
            "assigned_to": self._assignee(cause),
            "created_by": self._author(cause),
            "created_on": None if chance.happens(0.004) else cause.created,
            "resolved_on": resolved if done else None,
            "resolution_notes": chance.pick(words.RESOLUTIONS) if done else None,
        }

    def _description(self, ticket_id: int) -> str | None:
        text = self._chance.pick_or_none(words.TICKET_TEXTS, 0.05)
        return (text or "लॉग ") * 150 if ticket_id % 300 == 7 else text

    def _assignee(self, cause: Cause) -> int | None:
        chance = self._chance
        draw = chance.share()
        if draw < 0.1:
            return None
        if cause.owner is None or draw < 0.25:
            return chance.pick(self._team.staff_user_ids)
        return cause.owner.salesperson_user_id or cause.owner.user_id if draw < 0.5 else cause.owner.user_id

    def _author(self, cause: Cause) -> int:
        clients = self._team.client_users.get(cause.company_id)
        if clients and self._chance.happens(0.6):
            return self._chance.pick(clients)
        if cause.owner and self._chance.happens(0.6):
            return cause.owner.user_id
        return self._chance.pick(self._team.staff_user_ids)

    def _comments(self, ticket: Row, cause: Cause, before: int) -> list[Row]:
        chance = self._chance
        until = ticket["resolved_on"] or self._end
        wanted = LONG_THREAD if ticket["id"] % 250 == 3 else chance.between(0, 4)
        moments = (chance.later(cause.created, 0, 12) for _ in range(wanted))
        voices = [user for user in (ticket["assigned_to"], ticket["created_by"]) if user is not None]
        return [
            {
                "id": before + place,
                "ticket_id": ticket["id"],
                "commented_by": None if chance.happens(0.01) else chance.pick(voices),
                "comment_text": chance.pick_or_none(words.TICKET_COMMENTS, 0.01),
                "attachment_url": f"tickets/{ticket['id']}/screen {place}.png"
                if chance.happens(0.05)
                else None,
                "commented_on": None if chance.happens(0.004) else moment,
            }
            for place, moment in enumerate(sorted(moment for moment in moments if moment < until), 1)
        ]
