"""Writes what hangs on a lead: status changes, logs, follow-ups, WhatsApp messages, mails, demos."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from datasources.iperform.tables import metadata
from datasources.seed import vocabulary as words
from datasources.seed.chance import Chance
from datasources.seed.rows import Row
from datasources.seed.stories import Step, Story
from datasources.seed.team import Team


@dataclass(frozen=True, slots=True)
class Density:
    """How much history a lead gets; large estates are thinner, so that they load in time."""

    logs: int
    followups: int
    messages: int
    mails: int


FULL = Density(logs=8, followups=4, messages=4, mails=3)
THIN = Density(logs=2, followups=1, messages=1, mails=1)
THIN_FROM = 20_000


class HistoryWriter:
    """Writes the child rows of one lead after another; ids run on."""

    def __init__(self, seed: int, leads: int, today: date, team: Team) -> None:
        self._chance = Chance(seed, "histories")
        self._end = datetime(today.year, today.month, today.day)
        self._team = team
        self._density = FULL if leads < THIN_FROM else THIN
        self._ids: dict[str, int] = {}

    def write(self, story: Story) -> dict[str, list[Row]]:
        """The rows by the name of their table in `iperform`."""
        return {
            "lead_status": [self._status_row(story, place, step) for place, step in enumerate(story.steps)],
            "lead_logs": self._logs(story),
            "followup_activity": self._followups(story),
            "whatsapp_messages": self._messages(story),
            "iperform_mail": self._mails(story),
            "demo_scheduled_data": self._demos(story),
        }

    def _id(self, table: str) -> int:
        self._ids[table] = self._ids.get(table, 0) + 1
        return self._ids[table]

    def _moment(self, story: Story) -> datetime | None:
        """A moment between the lead's creation and midnight of today."""
        moment = self._chance.later(story.created, 0, 60)
        return moment if moment < self._end else None

    def _moments(self, story: Story, most: int) -> list[datetime]:
        found = (self._moment(story) for _ in range(self._chance.between(0, most)))
        return sorted(moment for moment in found if moment is not None)

    def _status_row(self, story: Story, place: int, step: Step) -> Row:
        chance = self._chance
        return {
            "id": self._id("lead_status"),
            "lead_id": story.lead_id,
            "status": step.status,
            "changed_on": None if place == 0 and chance.happens(0.004) else step.on,
            "changed_by": step.by,
            "reason_for_change": None if place == 0 else chance.pick_or_none(words.CHANGE_REASONS, 0.3),
        }

    def _logs(self, story: Story) -> list[Row]:
        chance = self._chance
        rows = []
        for moment in self._moments(story, self._density.logs):
            kind = chance.pick(words.ACTIVITY_TYPES)
            details: Any = (
                {"duration_s": chance.below(900), "tags": ["नोट", 'a"b']} if chance.happens(0.3) else None
            )
            rows.append(
                {
                    "id": self._id("lead_logs"),
                    "lead_id": story.lead_id,
                    "company_id": story.company_id,
                    "activity_type": None if chance.happens(0.005) else kind,
                    "activity_details": chance.pick_or_none(words.ACTIVITY_DETAILS[kind], 0.05),
                    "logged_by": self._actor(story),
                    "logged_on": None if chance.happens(0.002) else moment,
                    "metadata": details,
                }
            )
        return rows

    def _actor(self, story: Story) -> int | None:
        if story.owner is None or self._chance.happens(0.1):
            return self._chance.pick_or_none(self._team.staff_user_ids, 0.1)
        return story.owner.user_id

    def _followups(self, story: Story) -> list[Row]:
        return [self._followup(story, moment) for moment in self._moments(story, self._density.followups)]

    def _followup(self, story: Story, created: datetime) -> Row:
        chance = self._chance
        planned = chance.later(created, 1, 14)
        kept = chance.later(planned, 0, 3)
        done = kept < self._end and chance.happens(0.7)
        return {
            "id": self._id("followup_activity"),
            "lead_id": story.lead_id,
            "salesperson_id": story.owner.salesperson_id if story.owner else None,
            "warrior_id": story.owner.warrior_id if story.owner else None,
            "next_followup_date": None if chance.happens(0.01) else planned,
            "followup_description": chance.pick_or_none(words.FOLLOW_UPS, 0.05),
            "followup_status": "Completed"
            if done
            else chance.pick_or_none(("Pending", "Pending", "Postponed"), 0.02),
            "actual_followup_date": kept if done else None,
            "comments": chance.pick(words.FOLLOW_UP_COMMENTS) if done else None,
            "created_on": None if chance.happens(0.003) else created,
            "changed_on": kept if done else None,
        }

    def _messages(self, story: Story) -> list[Row]:
        return [self._message(story, moment) for moment in self._moments(story, self._density.messages)]

    def _message(self, story: Story, sent: datetime) -> Row:
        chance = self._chance
        number = self._id("whatsapp_messages")
        outbound = chance.happens(0.7)
        text = (
            chance.pick(words.WHATSAPP_OUT).format(name=story.who.latin_first)
            if outbound
            else chance.pick(words.WHATSAPP_IN)
        )
        # Each state has what the ones before it have.
        state = chance.between(0, 3)
        return {
            "id": number,
            "lead_id": None if chance.happens(0.02) else story.lead_id,
            "company_id": story.company_id,
            "phone_number": None if chance.happens(0.01) else story.phone[:20],
            "message_type": chance.pick_or_none(("Outbound",) if outbound else ("Inbound",), 0.005),
            "message": None if chance.happens(0.01) else text,
            "status": chance.pick_or_none((("Failed", "Sent", "Delivered", "Read")[state],), 0.005),
            "sent_on": None if chance.happens(0.003) else sent,
            "delivered_on": sent + timedelta(seconds=4) if state >= 2 else None,
            "read_on": sent + timedelta(minutes=7) if state == 3 else None,
            "message_id": None if chance.happens(0.02) else f"wamid.{number:010d}",
        }

    def _mails(self, story: Story) -> list[Row]:
        return [self._mail(story, moment) for moment in self._moments(story, self._density.mails)]

    def _mail(self, story: Story, sent: datetime) -> Row:
        chance = self._chance
        status = chance.pick(("not_send", "sent", "sent", "bounced", "opened", "opened", "clicked"))
        opened = status in ("opened", "clicked")
        sender = self._actor(story) or chance.pick(self._team.staff_user_ids)
        return {
            "id": self._id("iperform_mail"),
            "lead_id": None if chance.happens(0.05) else story.lead_id,
            "user_id": sender,
            "recipient_email": None
            if chance.happens(0.03)
            else story.who.address(story.lead_id, "gmail.com"),
            "subject": chance.pick_or_none(words.MAIL_SUBJECTS, 0.02),
            "body": chance.pick_or_none(words.MAIL_BODIES, 0.02),
            "status": None if chance.happens(0.005) else status,
            "date": None if chance.happens(0.003) else sent,
            "mail_type": chance.pick_or_none(("reminder", "template", "custom"), 0.05),
            "opened_count": chance.between(1, 6) if opened else chance.pick_or_none((0,), 0.02),
            "opened_on": sent + timedelta(minutes=chance.between(1, 9)) if opened else None,
        }

    def _demos(self, story: Story) -> list[Row]:
        if story.demo_on is None:
            return []
        chance = self._chance
        booked = next(step.on for step in story.steps if step.status == "Demo")
        return [
            {
                "id": self._id("demo_scheduled_data"),
                "lead_id": story.lead_id,
                "scheduled_date": None if chance.happens(0.01) else story.demo_on,
                "created_on": None if chance.happens(0.01) else booked,
            }
        ]


HISTORY_TABLES = {
    name: metadata.tables[name]
    for name in (
        "lead_status",
        "lead_logs",
        "followup_activity",
        "whatsapp_messages",
        "iperform_mail",
        "demo_scheduled_data",
    )
}
