"""Salesperson: somebody who sells, with a team below them, from `iperform.salesperson`."""

from __future__ import annotations

from datasources.iperform.tables import salesperson
from gateway.loaders import relations
from gateway.resolvers.declarations import RowType, column, to_many, to_one

_c = salesperson.c

SALESPERSON = RowType(
    name="Salesperson",
    table=salesperson,
    description="Somebody who sells, with follow-up specialists and perhaps other salespeople below them.",
    fields=(
        column(_c.user_id, "The database id of the salesperson's User."),
        column(_c.manager_id, "The database id of the salesperson's manager, a Salesperson as well."),
        column(
            _c.under_salesperson,
            "Database ids of further warriors that work for the salesperson, comma-separated, as entered.",
        ),
        column(_c.territory, "Where the salesperson sells."),
        column(_c.target_value, "What the salesperson is to sell, in rupees."),
        column(_c.active, "Whether the salesperson is at work; an inactive one sees no leads by this."),
        column(_c.created_on, "When the salesperson was added."),
        to_one("user", "User", relations.SALESPERSON_USER.up, "The salesperson's account."),
        to_one(
            "manager",
            "Salesperson",
            relations.SALESPERSON_MANAGER.up,
            "Whom the salesperson reports to; null at the top.",
        ),
        to_many(
            "reports",
            "Salesperson",
            relations.SALESPERSON_MANAGER.down,
            "Who reports to the salesperson directly.",
        ),
        to_many(
            "warriors",
            "Warrior",
            relations.WARRIOR_SALESPERSON.down,
            "Follow-up specialists that name the salesperson as theirs; not those of `underSalesperson`.",
        ),
        to_many(
            "followUps",
            "FollowUp",
            relations.FOLLOW_UP_SALESPERSON.down,
            "Follow-ups that the salesperson is in charge of.",
        ),
    ),
)
