"""The rows whose statuses change in a storm, and their global ids."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import httpx

from tests.oracle.data import Data
from tests.storm.asking_writer import Ids
from tests.storm.callers import Caller
from tests.storm.direct_writer import Rows
from tests.storm.options import Options, Subject
from tests.storm.sight import ROW_TYPES

IDS = {
    Subject.LEADS: "query($ids: [Int!]) { leads(where: {databaseId: {in: $ids}}, first: 500) "
    "{ nodes { id databaseId } } }",
    Subject.TICKETS: "query($ids: [Int!]) { tickets(where: {databaseId: {in: $ids}}, first: 500) "
    "{ nodes { id databaseId } } }",
}
PAGE = 400
# Enough changes a row for their order to matter, and a few rows that everybody writes.
CHANGES_OF_A_ROW = 12
LEAST_ROWS = 60


def rows_in_play(data: Data, callers: Sequence[Caller], options: Options, random: Random) -> Rows:
    """Some rows that somebody sees besides ADMIN, and some others: deleted ones too."""
    wanted = max(LEAST_ROWS, options.changes // CHANGES_OF_A_ROW)
    shares = {Subject.LEADS: 3 * wanted // 4, Subject.TICKETS: wanted // 4}
    return {subject: _drawn(data, callers, subject, count, random) for subject, count in shares.items()}


def _drawn(
    data: Data, callers: Sequence[Caller], subject: Subject, count: int, random: Random
) -> Sequence[int]:
    everything = [row["id"] for row in data.rows(ROW_TYPES[subject])]
    found = set(random.sample(everything, min(count // 3, len(everything))))
    # In turn, so that also those who see little see something happen.
    seeing = [caller for caller in callers if caller.role != "ADMIN" and caller.sees[subject]]
    pools = [random.sample(sorted(caller.sees[subject]), len(caller.sees[subject])) for caller in seeing]
    while len(found) < count and any(pools):
        found.update(pool.pop() for pool in pools if pool)
    return sorted(found)


async def read_ids(client: httpx.AsyncClient, url: str, admin: Caller, rows: Rows) -> Ids:
    """The global ids of the rows that ADMIN sees, from the gateway."""
    headers = {"authorization": f"Bearer {await admin.token(client, url)}"}
    found: dict[Subject, dict[int, str]] = {}
    for subject, ids in rows.items():
        found[subject] = {}
        for start in range(0, len(ids), PAGE):
            body = {"query": IDS[subject], "variables": {"ids": ids[start : start + PAGE]}}
            answer = (await client.post(f"{url}/graphql", json=body, headers=headers)).json()
            [connection] = answer["data"].values()
            found[subject] |= {node["databaseId"]: node["id"] for node in connection["nodes"]}
    return found
