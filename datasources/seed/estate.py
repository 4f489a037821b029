"""The generated estate as a stream of rows. The same (leads, seed, today) gives the same rows anywhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Table

from datasources.iperform import tables
from datasources.seed.access_log import build_access_log
from datasources.seed.clients import Clients, build_clients
from datasources.seed.erp import build_erp
from datasources.seed.extraction import build_extraction
from datasources.seed.history_rows import HISTORY_TABLES
from datasources.seed.leads import build_leads, is_deleted_for_good
from datasources.seed.mirror import MIRROR_TABLES, MirrorWriter
from datasources.seed.objects import StoredFile, build_files
from datasources.seed.rows import Chunk, Row
from datasources.seed.team import Team, build_team
from datasources.seed.tickets import TicketWriter

CHUNK_ROWS = 2000


@dataclass(frozen=True, slots=True)
class Estate:
    """Everything that one (leads, seed, today) gives; each call generates it anew."""

    leads: int
    seed: int
    today: date

    def chunks(self) -> Iterator[Chunk]:
        """All rows of all databases in one pass, parents before children, in bounded memory."""
        clients = build_clients(self.seed, self.leads, self.today)
        team = build_team(self.seed, self.today, clients.accounts)
        yield from clients.chunks
        yield from team.chunks
        yield from build_access_log(self.seed, self.leads, self.today, clients, team)
        yield from self._lead_chunks(clients, team)
        yield from build_extraction(self.seed, self.today, clients)
        yield from build_erp(self.seed, self.today)

    def rows(self, table: Table) -> Iterator[Row]:
        """The rows of one table, which may be an ERP table of a company."""
        for chunk in self.chunks():
            if chunk.table.fullname == table.fullname and chunk.source == table.metadata.info["source"]:
                yield from chunk.rows

    def files(self) -> Iterator[StoredFile]:
        """The files of the object store."""
        return build_files(self.seed, self.leads, self.today)

    def _lead_chunks(self, clients: Clients, team: Team) -> Iterator[Chunk]:
        buffer = _Buffer()
        mirror = MirrorWriter(self.today)
        tickets = TicketWriter(self.seed, self.leads, self.today, clients, team)
        for bundle in build_leads(self.seed, self.leads, self.today, clients, team):
            lead_id = bundle.story.lead_id
            tickets.notice(bundle.story)
            buffer.add(tables.leads, [bundle.lead])
            for name, rows in bundle.children.items():
                buffer.add(HISTORY_TABLES[name], rows)
            for name, rows in mirror.write(bundle).items():
                buffer.add(MIRROR_TABLES[name], rows)
            if is_deleted_for_good(lead_id - 1):
                buffer.add(MIRROR_TABLES["mirror_leads"], mirror.deleted_lead(lead_id - 1, bundle))
            if buffer.is_full():
                yield from buffer.flush()
        yield from buffer.flush()
        yield from tickets.chunks()


class _Buffer:
    """Rows by table, in the order in which the tables came up: leads before their children."""

    def __init__(self) -> None:
        self._rows: dict[Table, list[Row]] = {}

    def add(self, table: Table, rows: list[Row]) -> None:
        self._rows.setdefault(table, []).extend(rows)

    def is_full(self) -> bool:
        return len(self._rows[tables.leads]) >= CHUNK_ROWS

    def flush(self) -> Iterator[Chunk]:
        yield from (Chunk(table, rows) for table, rows in self._rows.items() if rows)
        self._rows = {}


def generate(leads: int, seed: int, today: date) -> Estate:
    """The estate of a sales company with so many leads, as it is on the morning of `today`."""
    if leads < 1:
        raise ValueError("an estate has at least one lead")
    return Estate(leads, seed, today)
