"""The functions of the DataLoaders: many keys in, what belongs to each of them out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy import select
from strawberry.dataloader import DataLoader

from benchmarks.peers.strawberry.database import Database
from benchmarks.peers.strawberry.tables import Company, Ticket, TicketComment, User, Warrior

ANALYTICS = """
select 'lead' as part, id as lead, toUInt64(1) as n, max(toNullable(version)) as last
from iperform_helper.leads where id in ({ids}) group by id
union all select 'status' as part, lead_id as lead, count() as n, max(changed_on) as last
from iperform_helper.lead_status where lead_id in ({ids}) group by lead_id
union all select 'log' as part, lead_id as lead, count() as n, max(logged_on) as last
from iperform_helper.lead_logs where lead_id in ({ids}) group by lead_id"""

Parts = dict[str, tuple[int, Any]]
Load = Callable[[Sequence[Any]], Awaitable[list[Any]]]


class Loaders:
    """The DataLoaders of one request."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.companies = self._by_id(Company)
        self.warriors = self._by_id(Warrior)
        self.users = self._by_id(User)
        self.tickets: DataLoader[int, list[Ticket]] = self._lists(Ticket, Ticket.lead_id)
        self.comments: DataLoader[int, list[TicketComment]] = self._lists(
            TicketComment, TicketComment.ticket_id
        )
        self.analytics: DataLoader[int, Parts] = DataLoader(self._analytics)

    def _by_id(self, entity: Any) -> DataLoader[int, Any]:
        async def load(keys: Sequence[int]) -> list[Any]:
            found = await self._database.all(select(entity).where(entity.id.in_(keys)))
            by_id = {row.id: row for row in found}
            return [by_id.get(key) for key in keys]

        return DataLoader(load)

    def _lists(self, entity: Any, column: Any) -> DataLoader[int, Any]:
        async def load(keys: Sequence[int]) -> list[list[Any]]:
            statement = select(entity).where(column.in_(keys)).order_by(entity.id.desc())
            lists = defaultdict(list)
            for row in await self._database.all(statement):
                lists[getattr(row, column.key)].append(row)
            return [lists[key] for key in keys]

        return DataLoader(load)

    async def _analytics(self, keys: Sequence[int]) -> list[Parts]:
        rows = await self._database.analytics(ANALYTICS.format(ids=", ".join(map(str, keys))))
        found: dict[int, Parts] = defaultdict(dict)
        for part, lead, count, last in rows:
            found[lead][part] = count, last
        return [found[key] for key in keys]
