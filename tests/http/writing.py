"""What the tests of mutations share: a gateway of each estate, what a change did to the tables, and taking it back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import httpx
from sqlalchemy import Engine, Table, TableClause, column, create_engine, delete, select, text, update
from sqlalchemy import table as sql_table

from datasources.iperform.idempotency_keys import gateway_idempotency_keys
from datasources.iperform.tables import lead_logs, lead_status, leads, role, tickets
from gateway.resolvers.ids import encode_id
from tests.access.asking import Asking, Partner, codes_of
from tests.access.conftest import data_of
from tests.gateways import REQUEST_ID, RunningGateway, running
from tests.http.accounts import blocking_url

TABLES = (leads, lead_status, lead_logs, tickets, gateway_idempotency_keys)
ABSENT = 2_000_000_000

Cells = dict[str, Any]
Everything = dict[str, dict[int, tuple[Any, ...]]]
Changed = dict[str, dict[int, Cells]]


@dataclass
class Writing(Asking):
    """A gateway that is asked to change rows; the tables that it writes are as before when a test has ended."""

    gateway: RunningGateway
    engine: Engine
    before: Everything = field(init=False)

    def __post_init__(self) -> None:
        super().__init__(self.gateway, data_of(self.gateway))
        self.before = self.everything()

    def everything(self) -> Everything:
        """All rows of the tables that mutations write, as the driver has them: there are many."""
        with self.engine.begin() as connection:
            return {
                table.name: {row[0]: tuple(row) for row in connection.execute(select(_bare(table)))}
                for table in TABLES
            }

    def changed(self) -> Changed:
        """The rows that are new or different now; of a row that was there, the cells that are different."""
        now = self.everything()
        found: Changed = {}
        for table in TABLES:
            old, rows = self.before[table.name], now[table.name]
            assert old.keys() <= rows.keys()
            different = {key: row for key, row in rows.items() if old.get(key) != row}
            for key, cells in self._rows(table, list(different)).items():
                before = old.get(key)
                found.setdefault(table.name, {})[key] = {
                    name: value
                    for place, (name, value) in enumerate(cells.items())
                    if before is None or before[place] != different[key][place]
                }
        return found

    def row(self, table: Table, key: int) -> Cells:
        """A row as it is now."""
        return self._rows(table, [key])[key]

    def _rows(self, table: Table, keys: list[int]) -> dict[int, Cells]:
        with self.engine.begin() as connection:
            found = connection.execute(select(table).where(table.c.id.in_(keys))).mappings()
            return {row["id"]: dict(row) for row in found}

    def restore(self) -> None:
        """Takes back what was written."""
        now = self.everything()
        with self.engine.begin() as connection:
            for table in TABLES:
                old, names = self.before[table.name], [column.name for column in table.c]
                for key, row in now[table.name].items():
                    if key not in old:
                        connection.execute(delete(table).where(table.c.id == key))
                    elif row != old[key]:
                        cells = dict(zip(names, old[key], strict=True))
                        connection.execute(update(_bare(table)).where(column("id") == key).values(cells))

    def send(
        self, who: str | Partner, mutation: str, given: Cells, *, client: httpx.Client | None = None
    ) -> httpx.Response:
        """The raw answer to a mutation."""
        body = {"query": mutation, "variables": {"input": given}}
        return (client or self.gateway.client).post(
            "/graphql", json=body, headers={"x-request-id": REQUEST_ID, "authorization": self._bearer(who)}
        )

    def _bearer(self, who: str | Partner) -> str:
        if isinstance(who, str):
            return f"Bearer {self.gateway.login(who)}"
        if who not in self._tokens:
            self._tokens[who] = self.partner_token(who.company_id, who.scopes)
        return f"Bearer {self._tokens[who]}"

    def code(self, who: str | Partner, mutation: str, given: Cells) -> str:
        """The one code of the errors."""
        (code,) = codes_of(self.send(who, mutation, given).json())
        return code

    def refused(self, who: str | Partner, mutation: str, given: Cells) -> str:
        """The code of the only error; nothing may have changed."""
        before = self.everything()
        code = self.code(who, mutation, given)
        assert self.everything() == before
        return code

    def set_row(self, table: Table, key: int, **cells: Any) -> None:
        """Changes a row as another program does."""
        with self.engine.begin() as connection:
            connection.execute(update(table).where(table.c.id == key).values(**cells))

    def at_once(self, times: int, send: Callable[[httpx.Client, int], httpx.Response]) -> list[Any]:
        """The decoded answers to several requests that are sent at the same time."""
        answers: list[Any] = [None] * times
        ready = threading.Barrier(times)

        def one(place: int) -> None:
            with httpx.Client(base_url=self.gateway.url, timeout=60) as client:
                ready.wait()
                answers[place] = send(client, place).json()

        threads = [threading.Thread(target=one, args=(place,)) for place in range(times)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers

    @contextmanager
    def role_with(self, role_name: str, **cells: Any) -> Iterator[None]:
        """Changes a role for the length of the block."""
        mine = role.c.role_name == role_name
        with self.engine.begin() as connection:
            old = connection.execute(select(role).where(mine)).mappings().one()
            connection.execute(update(role).where(mine).values(**cells))
        try:
            yield
        finally:
            with self.engine.begin() as connection:
                connection.execute(update(role).where(mine).values(**{name: old[name] for name in cells}))

    @contextmanager
    def without_table(self, name: str) -> Iterator[None]:
        """Takes a table away for the length of the block."""
        with self.engine.begin() as connection:
            connection.execute(text(f"alter table {name} rename to {name}_away"))
        try:
            yield
        finally:
            with self.engine.begin() as connection:
                connection.execute(text(f"alter table {name}_away rename to {name}"))


@cache
def _bare(table: Table) -> TableClause:
    """The table without types: nothing that is read or written is converted."""
    return sql_table(table.name, *[column(one.name) for one in table.columns])


@contextmanager
def writing_at(gateway: RunningGateway) -> Iterator[Writing]:
    """Asks a second gateway over the same estate, which looks up who asks for each request."""
    settings = replace(gateway.settings, session_cache_seconds=0)
    engine = create_engine(blocking_url(settings))
    with running(settings, gateway.name) as own:
        try:
            yield Writing(own, engine)
        finally:
            engine.dispose()


def lead_id(key: int) -> str:
    """The global id of a lead."""
    return encode_id("Lead", key)


def ticket_id(key: int) -> str:
    """The global id of a ticket."""
    return encode_id("Ticket", key)
