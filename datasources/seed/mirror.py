"""Generates the ClickHouse mirrors of a lead: all of its versions, and copies of its changes, logs and demos.

The mirror lags by a fixed time: what happened after `mirrored_until` is not in it. Versions never collapse.
"""

from datetime import date, datetime, timedelta

from datasources.analytics import tables
from datasources.seed.leads import LeadBundle
from datasources.seed.rows import Row
from datasources.seed.stories import Story

LAG = timedelta(hours=36)
HOUR = timedelta(hours=1)


def mirrored_until(today: date) -> datetime:
    """The last moment that the mirror knows of: noon of the day before yesterday."""
    return datetime(today.year, today.month, today.day) - LAG


class MirrorWriter:
    """Writes the mirror rows of one lead after another, by table."""

    def __init__(self, today: date) -> None:
        self._until = mirrored_until(today)

    def write(self, bundle: LeadBundle) -> dict[str, list[Row]]:
        """The rows by the names of `datasources.analytics.tables`; none for a lead newer than the mirror."""
        if bundle.story.created > self._until:
            return {}
        return {
            "mirror_leads": self._versions(bundle),
            "mirror_lead_logs": self._copies(bundle, "lead_logs", "logged_on"),
            "mirror_lead_status": self._copies(bundle, "lead_status", "changed_on"),
            "mirror_demo_scheduled_data": self._demos(bundle.story),
        }

    def deleted_lead(self, lead_id: int, like: LeadBundle) -> list[Row]:
        """The one version of a lead that MySQL has no more, made after the lead that came next."""
        if like.story.created > self._until:
            return []
        return [
            self._versions(like)[0] | {"id": lead_id, "firm_name": "Deleted & Co", "client_email_id": None}
        ]

    def _versions(self, bundle: LeadBundle) -> list[Row]:
        story, lead = bundle.story, bundle.lead
        rows: list[Row] = []
        for place, step in enumerate(story.steps):
            if step.on > self._until:
                break
            # The first version may still name the warrior who had the lead before.
            earlier = story.previous_warrior if place == 0 and len(story.steps) > 1 else None
            version = _copied(step.on)
            # Two changes inside one run of the copying are one version: the later one.
            if rows and rows[-1]["version"] == version:
                rows.pop()
            rows.append(
                {
                    "id": story.lead_id,
                    "firm_name": lead["firm_name"],
                    "company_id": story.company_id,
                    "client_email_id": lead["client_email_id"],
                    "status": step.status,
                    "created_on": lead["created_on"],
                    "changed_on": None if place == 0 else step.on,
                    "warrior_id": earlier or lead["warrior_id"],
                    "version": version,
                }
            )
        # At noon the whole table is copied anew, so that what didn't move is known to be as it was.
        if rows and rows[-1]["version"] < self._until:
            rows.append(rows[-1] | {"version": self._until})
        return rows

    def _copies(self, bundle: LeadBundle, table: str, moment: str) -> list[Row]:
        rows = bundle.children[table]
        return [row for row in rows if row[moment] is None or row[moment] <= self._until]

    def _demos(self, story: Story) -> list[Row]:
        if story.demo_on is None:
            return []
        booked = next(step.on for step in story.steps if step.status == "Demo")
        first: Row = {"lead_id": story.lead_id, "scheduled_date": story.demo_on, "version": _copied(booked)}
        # Every third demo was first booked for another day.
        if story.lead_id % 3 == 0:
            moved = {**first, "version": first["version"] + timedelta(hours=3)}
            rows = [{**first, "scheduled_date": story.demo_on - timedelta(days=1)}, moved]
        else:
            rows = [first]
        return [row for row in rows if row["version"] <= self._until]


def _copied(moment: datetime) -> datetime:
    """When the hourly copying saw it."""
    return moment.replace(minute=0, second=0) + HOUR


MIRROR_TABLES = {
    name: getattr(tables, name)
    for name in ("mirror_leads", "mirror_lead_logs", "mirror_lead_status", "mirror_demo_scheduled_data")
}
