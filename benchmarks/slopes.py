"""What more rows, more fields and more leads in the table cost: the gateway alone, and straight lines through it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import httpx

from benchmarks.contestants import OURS, Placement, Running, log_in, running
from benchmarks.estate import LEADS, analyze, stamp
from benchmarks.load import put_under_load
from benchmarks.operations import Operation, read_operations
from benchmarks.servers import Databases
from benchmarks.statistics import fit_line

Say = Callable[[str], None]

ROWS = (1, 50, 100, 200, 300, 400, 500)
FIELDS = (1, 4, 8, 12, 16, 20)
TABLES = (10_000, 100_000, 1_000_000)
FIELDS_PAGE, TABLES_PAGE = 100, 100
SCALARS = (
    "firmName", "status", "industry", "source", "probability", "tentativeValue", "createdOn", "changedOn",
    "erp", "erpVersion", "gstno", "website", "clientFirstName", "clientLastName", "clientEmailId",
    "clientMobileNo", "adsetName", "userCount", "noOfSubcompanies", "favourite",
)  # fmt: skip
CALLER = "admin"
CHILDREN = ("tickets", "gateway_lead_sharing")
# The statements of `_fill_table` copy what the base estate has, so that all sizes have the same shape.
COPIES = {
    "leads": "id between 1 and %s",
    "tickets": "lead_id between 1 and %s",
    "gateway_lead_sharing": "lead_id between 1 and %s",
}


@dataclass(frozen=True)
class Point:
    """Milliseconds of processor time per request at one size."""

    size: int
    gateway: float
    database: float
    per_second: float


def measure_slopes(databases: Databases, *, rounds: int, seconds: int, say: Say) -> dict[str, Any]:
    """All three series, each with its fitted lines."""
    found: dict[str, Any] = {}
    with running(Placement(databases), (OURS,)) as started:
        one = started[OURS.name]
        token = log_in(one, (CALLER,))[CALLER]
        series = {"rows": _rows(), "joined_rows": _joined_rows(), "fields": _fields()}
        for name, operations in series.items():
            points = _points(one, operations, token, databases, rounds=rounds, seconds=seconds, say=say)
            found[name] = _fitted(points)
    found["table"] = _tables(databases, rounds=rounds, seconds=seconds, say=say)
    return found


def _rows() -> dict[int, Operation]:
    fields = " ".join(SCALARS[:8])
    return {rows: _list(rows, fields) for rows in ROWS}


def _joined_rows() -> dict[int, Operation]:
    joined = read_operations()["joined"]
    return {rows: Operation(f"joined {rows}", CALLER, joined.query, {"first": rows}) for rows in ROWS}


def _fields() -> dict[int, Operation]:
    return {count: _list(FIELDS_PAGE, " ".join(SCALARS[:count])) for count in FIELDS}


def _list(rows: int, fields: str, after: str | None = None) -> Operation:
    query = (
        "query List($first: Int!, $after: String) "
        f"{{ leads(first: $first, after: $after) {{ nodes {{ {fields} }} }} }}"
    )
    return Operation("list", CALLER, query, {"first": rows, "after": after})


def _points(
    one: Running,
    operations: dict[int, Operation],
    token: str,
    databases: Databases,
    *,
    rounds: int,
    seconds: int,
    say: Say,
) -> list[Point]:
    """The median of rounds in which the sizes take turns."""
    samples: dict[int, list[Any]] = {size: [] for size in operations}
    for _ in range(rounds):
        for size, operation in operations.items():
            samples[size].append(
                put_under_load(one, operation, token, databases=databases.pids(), seconds=seconds)
            )
    points = []
    for size, taken in samples.items():
        points.append(
            Point(
                size,
                median(sample.server_cpu for sample in taken),
                median(sample.database_cpu for sample in taken),
                median(sample.per_second for sample in taken),
            )
        )
        say(f"  {size:>9,}: gateway {points[-1].gateway:.3f} ms, database {points[-1].database:.3f} ms")
    return points


def _fitted(points: Sequence[Point]) -> dict[str, Any]:
    sizes = [float(point.size) for point in points]
    return {
        "points": [asdict(point) for point in points],
        "gateway": asdict(fit_line(sizes, [point.gateway for point in points])),
        "database": asdict(fit_line(sizes, [point.database for point in points])),
    }


# --- leads in the table -------------------------------------------------------------------------------------


def _tables(databases: Databases, *, rounds: int, seconds: int, say: Say) -> dict[str, Any]:
    """Pages in the middle of tables of three sizes, which take turns; no line, but what the largest costs more."""
    for size in TABLES:
        ensure_table(databases, size, say)
    samples: dict[int, list[Point]] = {size: [] for size in TABLES}
    for _ in range(rounds):
        for size in TABLES:
            samples[size].append(_deep_page(databases, size, seconds, say))
    points = [
        Point(
            size,
            median(point.gateway for point in taken),
            median(point.database for point in taken),
            median(point.per_second for point in taken),
        )
        for size, taken in samples.items()
    ]
    return {"points": [asdict(point) for point in points]}


def _deep_page(databases: Databases, size: int, seconds: int, say: Say) -> Point:
    with running(Placement(databases, database_of(size)), (OURS,)) as started:
        one = started[OURS.name]
        token = log_in(one, (CALLER,))[CALLER]
        fields = "id firmName status createdOn company { companyName } tickets(first: 5) { nodes { title } }"
        page = _list(TABLES_PAGE, fields, _cursor_in_the_middle(one, token, size))
        put_under_load(one, page, token, databases=databases.pids(), seconds=1)
        sample = put_under_load(one, page, token, databases=databases.pids(), seconds=seconds)
        say(f"  {size:>9,}: gateway {sample.server_cpu:.3f} ms, database {sample.database_cpu:.3f} ms")
        return Point(size, sample.server_cpu, sample.database_cpu, sample.per_second)


def _cursor_in_the_middle(one: Running, token: str, size: int) -> str:
    """Pages from the newest lead to the middle, as a client would."""
    query = "query($after: String) { leads(first: 500, after: $after) { pageInfo { endCursor } } }"
    cursor: str | None = None
    with httpx.Client(headers={"authorization": f"Bearer {token}"}, timeout=60) as client:
        for _ in range(size // 2 // 500):
            body = {"query": query, "variables": {"after": cursor}}
            answer = client.post(f"http://127.0.0.1:{one.port}/graphql", json=body).json()
            cursor = answer["data"]["leads"]["pageInfo"]["endCursor"]
    assert cursor is not None
    return cursor


def database_of(size: int) -> str:
    """The database that holds so many leads."""
    return f"iperform_{size}"


def ensure_table(databases: Databases, size: int, say: Say) -> None:
    """A database like `iperform` with so many leads and what hangs on them; made once."""
    name, wanted = database_of(size), stamp("table", size)
    with closing(databases.mariadb.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("create database if not exists bench_made")
        cursor.execute(
            "create table if not exists bench_made.stamps (name varchar(64) primary key, stamp varchar(64))"
        )
        cursor.execute("select 1 from bench_made.stamps where name = %s and stamp = %s", (name, wanted))
        if cursor.fetchone():
            return
        say(f"Filling {name} ...")
        cursor.execute(f"drop database if exists {name}")
        cursor.execute(f"create database {name} character set utf8mb4")
        for statement in _statements(cursor, name, size):
            cursor.execute(statement)
            connection.commit()
        analyze(cursor, (name,))
        cursor.execute("replace into bench_made.stamps values (%s, %s)", (name, wanted))
        connection.commit()


def _statements(cursor: Any, name: str, size: int) -> Iterator[str]:
    """Tables of the same form, without triggers and foreign keys, which only writes would notice."""
    yield "set session foreign_key_checks = 0, unique_checks = 0"
    cursor.execute("show full tables from iperform where table_type = 'BASE TABLE'")
    for table, _ in cursor.fetchall():
        yield f"create table {name}.{table} like iperform.{table}"
        if table not in {"leads", *CHILDREN}:
            yield f"insert into {name}.{table} select * from iperform.{table}"
    for shift in range(0, size, LEADS):
        yield from _copies(cursor, name, shift, min(LEADS, size - shift))


def _copies(cursor: Any, name: str, shift: int, leads: int) -> Iterator[str]:
    """The first leads of the base, their ids shifted."""
    for table, where in COPIES.items():
        columns = _columns(cursor, table)
        values = ", ".join(_shifted(table, column, shift) for column in columns)
        listed = ", ".join(f"`{column}`" for column in columns)
        yield (
            f"insert into {name}.{table} ({listed}) select {values} from iperform.{table} "
            f"where {where % leads}"
        )


def _columns(cursor: Any, table: str) -> list[str]:
    cursor.execute(
        "select column_name from information_schema.columns where table_schema = 'iperform' and table_name = %s "
        "order by ordinal_position",
        (table,),
    )
    return [column for (column,) in cursor.fetchall() if (table, column) != ("tickets", "id")]


def _shifted(table: str, column: str, shift: int) -> str:
    if column == "lead_id" or (table, column) == ("leads", "id"):
        return f"`{column}` + {shift}"
    if (table, column) == ("leads", "client_email_id"):  # unique with the company
        return f"if({shift} = 0, `{column}`, concat(`{column}`, '.', {shift}))"
    return f"`{column}`"
