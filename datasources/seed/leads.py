"""Generates leads with everything that hangs on them, one lead at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from datasources.seed.clients import Clients
from datasources.seed.history_rows import HistoryWriter
from datasources.seed.lead_rows import LeadWriter
from datasources.seed.rows import Row
from datasources.seed.stories import Story, Storyteller
from datasources.seed.team import Team


@dataclass(frozen=True, slots=True)
class LeadBundle:
    """A lead and its rows, by table name; the child rows have their ids."""

    story: Story
    lead: Row
    children: dict[str, list[Row]]


def build_leads(seed: int, count: int, today: date, clients: Clients, team: Team) -> Iterator[LeadBundle]:
    """So many leads in the order of their creation; ids have gaps where leads were deleted for good."""
    storyteller = Storyteller(seed, count, today, clients, team)
    leads = LeadWriter(seed, clients.plan_ids, team)
    histories = HistoryWriter(seed, count, today, team)
    lead_id = 0
    for place in range(count):
        lead_id += 1
        if is_deleted_for_good(lead_id):
            lead_id += 1
        story = storyteller.tell(lead_id, place)
        yield LeadBundle(story, leads.write(story), histories.write(story))


def is_deleted_for_good(lead_id: int) -> bool:
    """True for an id that no row has any more, though the analytics mirror still does."""
    return lead_id % 997 == 13
