"""The side table of the lists in `leads.shared_salesperson_id`: the gateway's own, so that sharing has an index.

Triggers keep it in step, whoever writes `leads`: on MySQL those of `sql/iperform`, on SQLite those below. It only
finds rows; whether a lead is shared is still decided by its own list. `datasources/sharing.py` checks and repairs it.
"""

from collections.abc import Iterable

from sqlalchemy import Column, Integer, PrimaryKeyConstraint, Table

from datasources.indexes import SQLITE_TRIGGERS, index
from datasources.iperform.tables import OWNED_BY_GATEWAY, leads, metadata
from datasources.model import EVERYTHING, Among, Filter, ListsAny, Related, all_of

# The greatest id that an `int` holds; a longer number in a list names nobody.
GREATEST_ID = 2**31 - 1

TRIGGERS = ("gateway_lead_sharing_insert", "gateway_lead_sharing_update", "gateway_lead_sharing_delete")

# A list becomes a JSON array of texts: SQLite has no loops, and its triggers no recursion. A NUL would end an item
# early: it becomes a letter; those six characters written out become a line's end, which is in no id either. And as
# `replace into` deletes without firing a trigger, whatever is there goes first.
_SQLITE_REFILL = """
    delete from gateway_lead_sharing where lead_id = new.id;
    insert into gateway_lead_sharing (lead_id, salesperson_id)
    select distinct new.id, cast(item as integer)
    from (
        select trim(value, char(9, 32)) as item
        from json_each('[' || replace(
            replace(json_quote(cast(new.shared_salesperson_id as text)), '\\u0000', 'n'), ',', '","'
        ) || ']')
    )
    where item glob '[1-9]*' and item not glob '*[^0-9]*'
    and length(item) <= 10 and cast(item as integer) <= 2147483647;
"""
_SQLITE_TRIGGERS = (
    "create trigger gateway_lead_sharing_insert after insert on leads begin" + _SQLITE_REFILL + "end",
    "create trigger gateway_lead_sharing_update after update of id, shared_salesperson_id on leads "  # noqa: S608
    "when old.id <> new.id or old.shared_salesperson_id is not new.shared_salesperson_id begin "
    "delete from gateway_lead_sharing where lead_id = old.id;" + _SQLITE_REFILL + "end",
    "create trigger gateway_lead_sharing_delete after delete on leads begin "
    "delete from gateway_lead_sharing where lead_id = old.id; end",
)

gateway_lead_sharing = Table(
    "gateway_lead_sharing",
    metadata,
    Column("lead_id", Integer, nullable=False),
    Column("salesperson_id", Integer, nullable=False),
    # The other way round it would find no salesperson's leads.
    PrimaryKeyConstraint("salesperson_id", "lead_id"),
    index("idx_lead_id", "lead_id"),
    info={**OWNED_BY_GATEWAY, SQLITE_TRIGGERS: _SQLITE_TRIGGERS},
)


def shared_with(salespeople: Iterable[int]) -> Filter:
    """Leads that are shared with one of the salespeople.

    The side table finds them by its index; the lead's own list has the last word, so that a row too many in the side
    table shows nobody anything.
    """
    ids = frozenset(salespeople)
    named = Among(gateway_lead_sharing.c.salesperson_id, ids)
    found = Related(leads.c.id, gateway_lead_sharing.c.lead_id, EVERYTHING, named)
    return all_of(found, ListsAny(leads.c.shared_salesperson_id, ids))


def listed_salespeople(text: str | None) -> frozenset[int]:
    """The ids in a comma-separated list that the side table holds: whole, canonical, and no greater than an `int`.

    Spaces and tabs around an item don't count; rubbish is left out.
    """
    items = (item.strip(" \t") for item in (text or "").split(","))
    return frozenset(int(item) for item in items if _is_id(item))


def _is_id(item: str) -> bool:
    canonical = item.isascii() and item.isdigit() and item[0] != "0" and len(item) <= 10
    return canonical and int(item) <= GREATEST_ID
