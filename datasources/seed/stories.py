"""Tells what happened to each lead: when it came, whose it is, where it got to and when.

Every row of a lead is written from its story, so that the histories agree with the lead and with each other.
Nothing has happened at or after midnight of today.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from datasources.seed.chance import Chance, moment_of
from datasources.seed.clients import MISSING_COMPANY_IDS, Clients
from datasources.seed.identifiers import mobile_number
from datasources.seed.people import Person, person
from datasources.seed.team import Owner, Team

HISTORY_DAYS = 900
STAGES = ("New", "Qualified", "Demo", "Proposal", "Trial", "Won")
LOST = "Lost"
# As people and old imports typed them.
SLOPPY = {"Won": "Won ", "Demo": "DEMO", "Qualified": "qualified", "Lost": "lost", "New": ""}


@dataclass(frozen=True, slots=True)
class Step:
    """One change of a lead's status, the first being its creation."""

    status: str | None
    on: datetime
    by: int | None


@dataclass(frozen=True, slots=True)
class Story:
    """What happened to one lead."""

    lead_id: int
    company_id: int
    gst_state: str
    who: Person
    phone: str
    owner: Owner | None
    previous_warrior: str | None
    created: datetime
    steps: tuple[Step, ...]
    demo_on: datetime | None

    @property
    def status(self) -> str | None:
        return self.steps[-1].status

    @property
    def reached(self) -> str:
        """The last status as the process knows it, however it was typed."""
        return clean_status(self.status)


def clean_status(status: str | None) -> str:
    """The status that a sloppily typed one means; New if it means none."""
    return (status or "").strip().title() or "New"


class Storyteller:
    """Makes one story after another, in the order in which the leads came."""

    def __init__(self, seed: int, count: int, today: date, clients: Clients, team: Team) -> None:
        self._chance = Chance(seed, "stories")
        self._count = count
        self._first_day = today - timedelta(days=HISTORY_DAYS)
        self._end = datetime(today.year, today.month, today.day)
        # The newest companies have no leads yet.
        self._companies = clients.companies[: max(3, len(clients.companies) * 92 // 100)]
        self._owners = team.owners

    def tell(self, lead_id: int, place: int) -> Story:
        """The story of the lead that came in this place of all."""
        return self._story(lead_id, moment_of(place, self._count, self._first_day, HISTORY_DAYS))

    def _story(self, lead_id: int, created: datetime) -> Story:
        chance = self._chance
        company_id, gst_state = self._company()
        owner = chance.pick(self._owners) if chance.happens(0.9) else None
        steps = self._steps(created, owner)
        if chance.happens(0.02):
            steps = self._sloppy(steps)
        demo = next((step for step in steps if step.status == "Demo"), None)
        return Story(
            lead_id=lead_id,
            company_id=company_id,
            gst_state=gst_state,
            who=person(chance),
            phone=mobile_number(chance),
            owner=owner,
            previous_warrior=str(chance.pick(self._owners).warrior_id) if chance.happens(0.2) else None,
            created=created,
            steps=steps,
            demo_on=None if demo is None else chance.later(demo.on, 1, 8),
        )

    def _company(self) -> tuple[int, str]:
        chance = self._chance
        if chance.happens(0.015):
            return chance.pick((*MISSING_COMPANY_IDS, 0)), "27"
        # Squared: a few companies have many leads, most have few.
        company = self._companies[int(chance.share() ** 2 * len(self._companies))]
        return company.id, company.city.gst_state

    def _steps(self, created: datetime, owner: Owner | None) -> tuple[Step, ...]:
        chance = self._chance
        editors = (owner.user_id, owner.salesperson_user_id) if owner else (None,)
        steps = [Step("New", created, chance.pick(editors))]
        goal = chance.between(0, len(STAGES) - 1)
        loses = chance.happens(0.35)
        for status in (*STAGES[1 : goal + 1], *((LOST,) if loses and goal < len(STAGES) - 1 else ())):
            on = chance.later(steps[-1].on, 0, 24)
            if on >= self._end:
                break
            steps.append(Step(status, on, chance.pick(editors)))
        return tuple(steps)

    def _sloppy(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        last = steps[-1]
        status = None if self._chance.happens(0.2) else SLOPPY.get(last.status or "", last.status)
        return (*steps[:-1], Step(status, last.on, last.by))
