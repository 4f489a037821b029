"""The statements themselves: their shapes by capability, exactly the columns asked for, nothing across sources."""

from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, case, func
from sqlalchemy.dialects.mysql import aiomysql
from sqlalchemy.dialects.sqlite import aiosqlite

from datasources.base import Capability
from datasources.engines.clickhouse_sql import ClickHouseDialect
from datasources.engines.compiled import Prepared, StatementCompiler
from datasources.model import (
    EVERYTHING,
    NOTHING,
    Aggregate,
    Among,
    Direction,
    Insert,
    Keys,
    ListsAny,
    Match,
    Not,
    Order,
    Read,
    Related,
    Update,
    all_of,
    any_of,
)
from datasources.statements import (
    CrossSourceError,
    PerKey,
    aggregate_statement,
    combined_statement,
    locked,
    select_statement,
    write_statement,
)

estate = MetaData(info={"source": "one"})
lead = Table(
    "leads",
    estate,
    Column("id", Integer, primary_key=True),
    Column("warrior", String(20)),
    Column("shared", String(20)),
)
note = Table(
    "note",
    estate,
    Column("id", Integer, primary_key=True),
    Column("lead_id", Integer),
    Column("body", String(20)),
)
elsewhere = Table("company", MetaData(info={"source": "two"}), Column("id", Integer))

MYSQL = StatementCompiler(aiomysql.dialect())
SQLITE = StatementCompiler(aiosqlite.dialect())
CLICKHOUSE = StatementCompiler(ClickHouseDialect())
NONE: frozenset[Capability] = frozenset()
WINDOWS = frozenset({Capability.WINDOW_FUNCTIONS})
LIMIT_BY = frozenset({Capability.LIMIT_BY})
NEWEST = Read(
    table=note,
    columns=(note.c.lead_id, note.c.body),
    policy=EVERYTHING,
    keys=Keys(note.c.lead_id, (7, 8, 7), 2),
    order=(Order(note.c.id, Direction.DESC),),
)


def prepared(compiler: StatementCompiler, statement: Any) -> Prepared:
    """The statement on one line."""
    made = compiler.prepare(statement)
    return Prepared(" ".join(made.text.split()), made.parameters)


def where(rows: Any, compiler: StatementCompiler = MYSQL) -> Prepared:
    made = prepared(compiler, select_statement(Read(table=lead, columns=(lead.c.id,), policy=rows), NONE))
    return Prepared(
        made.text.removeprefix("SELECT leads.id FROM leads").removeprefix(" WHERE "), made.parameters
    )


def test_read_names_only_its_columns_in_their_order() -> None:
    read = Read(table=note, columns=(note.c.body, note.c.id), policy=EVERYTHING, limit=3)
    assert prepared(MYSQL, select_statement(read, NONE)) == Prepared(
        "SELECT note.body, note.id FROM note LIMIT %s", (3,)
    )


def test_without_other_means_each_key_has_its_own_limited_select() -> None:
    one = "(SELECT note.lead_id, note.body FROM note WHERE note.lead_id = %s ORDER BY note.id DESC LIMIT %s)"
    assert prepared(MYSQL, select_statement(NEWEST, NONE)) == Prepared(f"{one} UNION ALL {one}", (7, 2, 8, 2))


def test_select_of_one_key_is_compiled_once_for_any_keys() -> None:
    compiler = StatementCompiler(aiomysql.dialect())
    for count in (2, 50, 500):
        read = Read(
            table=note,
            columns=(note.c.id,),
            policy=EVERYTHING,
            keys=Keys(note.c.lead_id, tuple(range(count)), 1),
        )
        made = compiler.prepare(select_statement(read, NONE))
        assert made.parameters == tuple(value for key in range(count) for value in (key, 1))
    assert len(compiler._shapes) == 1


def test_window_function_numbers_rows_of_each_key() -> None:
    assert prepared(SQLITE, select_statement(NEWEST, WINDOWS)) == Prepared(
        "SELECT numbered.cell_0, numbered.cell_1 FROM (SELECT note.lead_id AS cell_0, note.body AS cell_1,"
        " row_number() OVER (PARTITION BY note.lead_id ORDER BY note.id DESC) AS place FROM note"
        " WHERE note.lead_id IN (?, ?)) AS numbered WHERE numbered.place <= ? ORDER BY numbered.place",
        (7, 8, 2),
    )


def test_clickhouse_limits_by_key() -> None:
    assert prepared(CLICKHOUSE, select_statement(NEWEST, LIMIT_BY)) == Prepared(
        "SELECT note.lead_id, note.body FROM note WHERE note.lead_id IN (%s, %s) ORDER BY note.id DESC"
        " LIMIT %s BY note.lead_id",
        (7, 8, 2),
    )


def test_single_key_is_a_plain_limited_select() -> None:
    read = Read(table=note, columns=(note.c.id,), policy=EVERYTHING, keys=Keys(note.c.lead_id, (7,), 2))
    expected = Prepared("SELECT note.id FROM note WHERE note.lead_id IN (%s) LIMIT %s", (7, 2))
    for capabilities in (NONE, WINDOWS, LIMIT_BY):
        assert prepared(MYSQL, select_statement(read, capabilities)) == expected


def test_policy_and_condition_are_inside_each_limited_select() -> None:
    read = Read(
        table=note,
        columns=(note.c.id,),
        policy=Related(note.c.lead_id, lead.c.id, Among(lead.c.id, frozenset({1})), EVERYTHING),
        where=Match(note.c.body.is_not(None)),
        keys=Keys(note.c.lead_id, (7, 8), 2),
    )
    statement = select_statement(read, NONE)
    assert isinstance(statement, PerKey)
    one = (
        "(SELECT note.id FROM note WHERE note.lead_id = %s AND note.lead_id IN"
        " (SELECT leads.id FROM leads WHERE leads.id IN (%s)) AND note.body IS NOT NULL LIMIT %s)"
    )
    assert prepared(MYSQL, statement) == Prepared(f"{one} UNION ALL {one}", (7, 1, 2, 8, 1, 2))


def test_limit_for_each_key_and_as_a_whole_exclude_each_other() -> None:
    for extra in ({"limit": 3}, {"distinct": True}):
        read = Read(
            table=note,
            columns=(note.c.id,),
            policy=EVERYTHING,
            keys=Keys(note.c.lead_id, (7, 8), 2),
            **extra,  # type: ignore[arg-type]
        )
        with pytest.raises(ValueError, match="limited for each key"):
            select_statement(read, NONE)


def test_mysql_finds_text_by_its_index_and_decides_by_its_bytes() -> None:
    exact = "cast(convert(leads.warrior using utf8mb4) as binary)"
    assert where(Among(lead.c.warrior, frozenset({5, "a"}))) == Prepared(
        f"(leads.warrior IN (%s, %s) AND {exact} IN (%s, %s))", ("5", "a", "5", "a")
    )
    assert where(Among(lead.c.warrior, frozenset({5})), SQLITE) == Prepared("(leads.warrior IN (?))", ("5",))


def test_negation_takes_null_for_false() -> None:
    assert where(Not(Match(lead.c.id > 3)), SQLITE).text == "((leads.id > ?) is true) = 0"
    assert where(Not(Match(lead.c.id > 3)), CLICKHOUSE).text == "ifNull(leads.id > %s, 0) = 0"


def test_list_of_ids_is_one_regular_expression() -> None:
    assert where(ListsAny(lead.c.shared, frozenset({12, 3}))) == Prepared(
        "(concat(',', leads.shared, ',') REGEXP concat(',[ ]*(', %s, ')[ ]*,'))", ("3|12",)
    )


def test_empty_and_trivial_filters_say_so() -> None:
    assert where(EVERYTHING) == Prepared("", ())
    assert where(all_of()) == Prepared("", ())
    for nothing in (NOTHING, any_of(), Among(lead.c.id, frozenset()), ListsAny(lead.c.shared, frozenset())):
        assert where(nothing, SQLITE).text == "0 = 1"


def test_relation_between_text_and_number_compares_texts() -> None:
    rows = Related(lead.c.warrior, note.c.id, EVERYTHING, EVERYTHING)
    assert where(rows).text == (
        "cast(convert(leads.warrior using utf8mb4) as binary) IN"
        " (SELECT CAST(CAST(note.id AS CHAR) AS BINARY) AS anon_1 FROM note)"
    )


def test_relation_to_its_own_table_keeps_its_from() -> None:
    rows = Related(lead.c.id, lead.c.id, EVERYTHING, Match(lead.c.id > 3))
    assert where(rows).text == "leads.id IN (SELECT leads.id FROM leads WHERE leads.id > %s)"


def test_statement_across_sources_is_refused() -> None:
    for rows in (
        Related(lead.c.id, elsewhere.c.id, EVERYTHING, EVERYTHING),
        Not(all_of(Among(elsewhere.c.id, frozenset({1})), Match(lead.c.id > 1))),
        Related(
            lead.c.id, note.c.lead_id, Related(note.c.id, elsewhere.c.id, EVERYTHING, EVERYTHING), EVERYTHING
        ),
    ):
        with pytest.raises(CrossSourceError):
            where(rows)


def test_masked_column_goes_without_its_name() -> None:
    masked = case((lead.c.id > 3, lead.c.warrior), else_=None).label("warrior")
    read = Read(table=lead, columns=(masked,), policy=EVERYTHING, order=(Order(masked),))
    text = prepared(CLICKHOUSE, select_statement(read, LIMIT_BY)).text
    assert " AS warrior" not in text
    assert text.endswith("ORDER BY CASE WHEN (leads.id > %s) THEN leads.warrior END ASC NULLS FIRST")


def test_groups_are_exact_and_sorted() -> None:
    groups = Aggregate(
        table=lead, measures=(func.count(),), policy=EVERYTHING, groups=(lead.c.warrior,), limit=3
    )
    exact = "cast(convert(leads.warrior using utf8mb4) as binary)"
    assert prepared(MYSQL, aggregate_statement(groups, NONE)) == Prepared(
        "SELECT min(leads.warrior) AS min_1, count(*) AS count_1 FROM leads"
        f" GROUP BY {exact} ORDER BY {exact} ASC LIMIT %s",
        (3,),
    )


def test_key_comes_first_in_an_aggregate() -> None:
    counts = Aggregate(
        table=note, measures=(func.count(),), policy=EVERYTHING, keys=Keys(note.c.lead_id, (1, 2, 1))
    )
    assert prepared(SQLITE, aggregate_statement(counts, NONE)) == Prepared(
        "SELECT note.lead_id, count(*) AS count_1 FROM note WHERE note.lead_id IN (?, ?)"
        " GROUP BY note.lead_id ORDER BY note.lead_id ASC",
        (1, 2),
    )


def test_combined_aggregates_are_told_apart_by_their_first_cell() -> None:
    counts = Aggregate(
        table=note, measures=(func.count(),), policy=EVERYTHING, keys=Keys(note.c.lead_id, (1,))
    )
    one = "note.lead_id, count(*) AS count_1 FROM note WHERE note.lead_id IN (?) GROUP BY note.lead_id"
    assert prepared(SQLITE, combined_statement([counts, counts], NONE)) == Prepared(
        f"SELECT 0, {one} UNION ALL SELECT 1, {one}", (1, 1)
    )


def test_update_changes_only_what_policy_and_condition_let_through() -> None:
    change = Update(
        table=lead,
        values={"warrior": "5"},
        policy=Among(lead.c.id, frozenset({1, 2})),
        where=Match(lead.c.shared.is_(None)),
    )
    assert prepared(SQLITE, write_statement(change, NONE)) == Prepared(
        "UPDATE leads SET warrior=? WHERE leads.id IN (?, ?) AND leads.shared IS NULL", ("5", 1, 2)
    )


def test_insert_asks_for_nothing_back() -> None:
    new = Insert(table=lead, values={"warrior": "5"}, policy=EVERYTHING)
    assert prepared(SQLITE, write_statement(new, NONE)) == Prepared(
        "INSERT INTO leads (warrior) VALUES (?)", ("5",)
    )


def test_insert_unless_it_is_there_leaves_what_is_there() -> None:
    new = Insert(table=lead, values={"warrior": "5"}, policy=EVERYTHING, unless_there=True)
    assert prepared(SQLITE, write_statement(new, frozenset({Capability.ON_CONFLICT}))) == Prepared(
        "INSERT INTO leads (warrior) VALUES (?) ON CONFLICT DO NOTHING", ("5",)
    )
    assert prepared(MYSQL, write_statement(new, NONE)) == Prepared(
        "INSERT INTO leads (warrior) VALUES (%s) ON DUPLICATE KEY UPDATE id = leads.id", ("5",)
    )


def test_a_read_that_locks_says_so_where_rows_have_locks() -> None:
    read = Read(table=note, columns=(note.c.id,), policy=EVERYTHING, keys=Keys(note.c.id, (7,)))
    made = locked(select_statement(read, NONE))
    assert prepared(MYSQL, made).text == "SELECT note.id FROM note WHERE note.id IN (%s) FOR UPDATE"
    assert prepared(SQLITE, made).text == "SELECT note.id FROM note WHERE note.id IN (?)"
