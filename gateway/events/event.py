"""One change of a status as the log holds it: keys and the change itself, never what else a row holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Subject(Enum):
    """What has changed its status: the value is the name of its table in `iperform`."""

    LEAD = "leads"
    TICKET = "tickets"


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusEvent:
    """A change of one row's status, in the order of commits.

    `changed_on` is the estate's wall clock, naive like its columns. `changed_by` is an `iperform.user.id`, where it is
    known; `status_change_id` the row of `lead_status` that was written in the same transaction, where one was.
    """

    subject: Subject
    row_id: int
    previous: str | None
    status: str | None
    changed_on: datetime
    changed_by: int | None = None
    status_change_id: int | None = None


def encoded(event: StatusEvent) -> dict[str, str]:
    """The fields of an entry of the log; what is None is left out."""
    fields = {
        "subject": event.subject.value,
        "row": str(event.row_id),
        "previous": event.previous,
        "status": event.status,
        "on": event.changed_on.isoformat(),
        "by": None if event.changed_by is None else str(event.changed_by),
        "step": None if event.status_change_id is None else str(event.status_change_id),
    }
    return {name: value for name, value in fields.items() if value is not None}


def decoded(fields: Mapping[str, str]) -> StatusEvent:
    """The event that an entry of the log holds."""
    return StatusEvent(
        subject=Subject(fields["subject"]),
        row_id=int(fields["row"]),
        previous=fields.get("previous"),
        status=fields.get("status"),
        changed_on=datetime.fromisoformat(fields["on"]),
        changed_by=_number(fields.get("by")),
        status_change_id=_number(fields.get("step")),
    )


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)
