"""Branches of a filter: none shares a row with another, together they are the filter, and so are their statements."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, String, Table, func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.mysql import aiomysql
from sqlalchemy.schema import CreateTable

from datasources.base import Capability
from datasources.branches import MOST_BRANCHES, branches_of
from datasources.engines.compiled import Prepared, StatementCompiler
from datasources.engines.sqlite import list_has_any
from datasources.expressions import SQLITE_LISTS_ANY
from datasources.model import (
    EVERYTHING,
    NOTHING,
    Aggregate,
    AllOf,
    Among,
    AnyOf,
    Direction,
    Filter,
    Keys,
    ListsAny,
    Match,
    Not,
    Order,
    Read,
    Related,
    all_of,
    any_of,
)
from datasources.statements import aggregate_statement, predicate, select_statement
from tests.examples import SAME

estate = MetaData(info={"source": "one"})
lead = Table(
    "leads",
    estate,
    Column("id", Integer, primary_key=True),
    Column("warrior", String(20), index=True),
    Column("shared", String(20)),
    Column("company", Integer, index=True),
)
sharing = Table("sharing", estate, Column("lead_id", Integer), Column("person", Integer, index=True))
ticket = Table(
    "tickets",
    estate,
    Column("id", Integer, primary_key=True),
    Column("lead_id", Integer, index=True),
    Column("owner", Integer, index=True),
    Column("author", Integer, index=True),
    Column("body", String(20)),
)
NO_UNION: frozenset[Capability] = frozenset()
UNION = frozenset({Capability.INDEX_UNION})

LED = Among(lead.c.warrior, frozenset({"1", "2"}))
FOUND = Related(lead.c.id, sharing.c.lead_id, EVERYTHING, Among(sharing.c.person, frozenset({7})))
LISTED = ListsAny(lead.c.shared, frozenset({7}))
SHARED = all_of(FOUND, LISTED)
LIVE = Match(lead.c.company > 0)
LEADS = all_of(LIVE, any_of(LED, SHARED))
OWNED, WRITTEN = Among(ticket.c.owner, frozenset({5})), Among(ticket.c.author, frozenset({5}))
OF_LEAD = Related(ticket.c.lead_id, lead.c.id, LEADS, EVERYTHING)


def test_leads_are_those_led_and_those_shared_only() -> None:
    assert branches_of(LEADS) == (
        AllOf((LIVE, LED)),
        AllOf((LIVE, AllOf((SHARED, Not(LED))))),
    )


def test_what_hangs_below_leads_is_found_by_columns_first_and_by_each_way_to_the_lead() -> None:
    owned, written, led, shared = branches_of(any_of(OF_LEAD, OWNED, WRITTEN))

    assert owned == OWNED
    assert written == AllOf((WRITTEN, Not(OWNED)))
    excluded = (Not(OWNED), Not(WRITTEN))
    assert led == AllOf((Related(ticket.c.lead_id, lead.c.id, AllOf((LIVE, LED)), EVERYTHING), *excluded))
    # The ticket's lead is named by the side table: then so is the column that names the lead.
    by_side_table = Related(ticket.c.lead_id, sharing.c.lead_id, EVERYTHING, FOUND.where)
    by_lead = Related(ticket.c.lead_id, lead.c.id, AllOf((LIVE, LISTED, Not(LED))), EVERYTHING)
    assert shared == AllOf((AllOf((by_side_table, by_lead)), *excluded))


@pytest.mark.parametrize(
    "rows",
    [
        EVERYTHING,
        LED,
        # No index serves a regular expression, so that the table is scanned either way.
        any_of(LED, LISTED),
        any_of(LED, Match(lead.c.company == 3)),
        any_of(LED, Among(lead.c.shared, frozenset({"x"}))),
        # Several ranges of one index.
        any_of(LED, all_of(Among(lead.c.warrior, frozenset({"9"})), Among(lead.c.company, frozenset({1})))),
        # Two sub-queries would make one of them a negation.
        any_of(FOUND, Related(lead.c.company, ticket.c.owner, EVERYTHING, EVERYTHING)),
        # A target that isn't unique could be named by two branches.
        Related(lead.c.company, lead.c.company, any_of(LED, FOUND), EVERYTHING),
        Not(any_of(LED, FOUND)),
    ],
)
def test_what_has_nothing_to_gain_stays_whole(rows: Filter) -> None:
    (only,) = branches_of(rows)
    assert only is rows or isinstance(rows, AnyOf)
    assert predicate(only, lead).compare(predicate(rows, lead))


def test_parts_that_let_nothing_through_are_no_branches() -> None:
    nobody = all_of(FOUND, ListsAny(lead.c.shared, frozenset()))
    assert branches_of(AnyOf((LED, nobody))) == (LED,)
    assert branches_of(AnyOf((Among(lead.c.warrior, frozenset()), nobody))) == (NOTHING,)


def test_values_of_one_column_are_one_part() -> None:
    more = Among(ticket.c.owner, frozenset({6}))
    assert branches_of(any_of(OWNED, WRITTEN, more)) == (
        Among(ticket.c.owner, frozenset({5, 6})),
        AllOf((WRITTEN, Not(Among(ticket.c.owner, frozenset({5, 6}))))),
    )


def test_number_of_branches_is_bounded() -> None:
    pair = any_of(OWNED, WRITTEN)
    assert len(branches_of(all_of(pair, pair, pair))) == MOST_BRANCHES
    too_many = all_of(pair, pair, pair, pair)
    assert branches_of(too_many) == (too_many,)


# --- by brute force -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rows() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.create_function(SQLITE_LISTS_ANY, 2, list_has_any)
        for table in estate.sorted_tables:
            connection.execute(str(CreateTable(table).compile(dialect=sqlite.dialect())))
        small = [None, 1, 2, 3]
        for id_ in range(1, 41):
            connection.execute(
                "insert into leads values (?, ?, ?, ?)",
                (id_, [None, "1", "2", "3"][id_ % 4], [None, "7", "3, 7", "x"][id_ % 3], small[id_ % 4]),
            )
            connection.execute("insert into sharing values (?, ?)", (id_ * 3 % 50, [7, 3, None][id_ % 3]))
            connection.execute(
                "insert into tickets values (?, ?, ?, ?, 'x')",
                (id_, None if id_ % 5 == 0 else id_ * 7 % 45, small[id_ % 4], small[id_ * 3 % 4]),
            )
        yield connection


ids = st.frozensets(st.integers(1, 3), max_size=2)
lead_terms = st.one_of(
    st.just(LIVE),
    st.just(LISTED),
    st.just(FOUND),
    ids.map(lambda found: Among(lead.c.warrior, frozenset(map(str, found)))),
    ids.map(lambda found: Among(lead.c.company, found)),
)


def combined(terms: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        terms,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3).map(lambda parts: all_of(*parts)),
            st.lists(inner, max_size=3).map(lambda parts: any_of(*parts)),
            inner.map(Not),
        ),
        max_leaves=8,
    )


ticket_terms = st.one_of(
    ids.map(lambda found: Among(ticket.c.owner, found)),
    ids.map(lambda found: Among(ticket.c.author, found)),
    combined(lead_terms).map(lambda rule: Related(ticket.c.lead_id, lead.c.id, rule, EVERYTHING)),
    combined(lead_terms).map(lambda rule: Related(ticket.c.owner, lead.c.company, rule, EVERYTHING)),
)


def passing(connection: sqlite3.Connection, rule: Filter) -> list[int]:
    statement = select(ticket.c.id).where(predicate(rule, ticket)).order_by(ticket.c.id)
    made = StatementCompiler(sqlite.aiosqlite.dialect()).prepare(statement)
    return [row[0] for row in connection.execute(made.text, made.parameters)]


@settings(SAME, max_examples=400)
@given(combined(ticket_terms))
def test_each_row_of_a_filter_passes_exactly_one_branch(rows: sqlite3.Connection, rule: Filter) -> None:
    found = [id_ for branch in branches_of(rule) for id_ in passing(rows, branch)]
    assert sorted(found) == passing(rows, rule)


# --- statements ---------------------------------------------------------------------------------------------

MYSQL = StatementCompiler(aiomysql.dialect())
SIMPLE = any_of(OWNED, WRITTEN)
SECOND = "tickets.author IN (%s) AND ((tickets.owner IN (%s)) is true) = 0"


def prepared(statement: Any, compiler: StatementCompiler = MYSQL) -> Prepared:
    made = compiler.prepare(statement)
    return Prepared(" ".join(made.text.split()), made.parameters)


def read(**changed: Any) -> Read:
    described: dict[str, Any] = {"table": ticket, "columns": (ticket.c.id, ticket.c.body), "policy": SIMPLE}
    return Read(**{**described, **changed})


def test_each_branch_is_ordered_and_limited_and_so_is_their_union() -> None:
    page = read(order=(Order(ticket.c.body), Order(ticket.c.id, Direction.DESC)), limit=3)
    body = "cast(convert(tickets.body using utf8mb4) as binary)"
    one = (
        f"(SELECT tickets.id AS cell_0, tickets.body AS cell_1, {body} AS place_0, tickets.id AS place_1"
        " FROM tickets WHERE {} ORDER BY " + body + " ASC, tickets.id DESC LIMIT %s)"
    )
    assert prepared(select_statement(page, NO_UNION)) == Prepared(
        "SELECT united.cell_0, united.cell_1 FROM ("
        + one.format("tickets.owner IN (%s)")
        + " UNION ALL "
        + one.format(SECOND)
        + ") AS united ORDER BY united.place_0 ASC, united.place_1 DESC LIMIT %s",
        (5, 3, 5, 5, 3, 3),
    )


def test_distinct_rows_are_made_distinct_over_all_branches() -> None:
    texts = read(columns=(ticket.c.body,), distinct=True, limit=9)
    assert prepared(select_statement(texts, NO_UNION)) == Prepared(
        "SELECT min(united.body) AS min_1 FROM (SELECT tickets.body AS body FROM tickets WHERE tickets.owner IN (%s)"
        f" UNION ALL SELECT tickets.body AS body FROM tickets WHERE {SECOND}) AS united"
        " GROUP BY cast(convert(united.body using utf8mb4) as binary) LIMIT %s",
        (5, 5, 5, 9),
    )


def test_an_aggregate_reads_what_it_needs_of_all_branches() -> None:
    count = Aggregate(table=ticket, measures=(func.count(),), policy=SIMPLE)
    assert prepared(aggregate_statement(count, NO_UNION)) == Prepared(
        "SELECT count(*) AS count_1 FROM (SELECT tickets.id AS id FROM tickets WHERE tickets.owner IN (%s)"
        f" UNION ALL SELECT tickets.id AS id FROM tickets WHERE {SECOND}) AS united",
        (5, 5, 5),
    )


def test_a_single_branch_is_a_plain_statement_of_it() -> None:
    nobody = Among(ticket.c.owner, frozenset())
    rule = AnyOf((nobody, Related(ticket.c.lead_id, lead.c.id, SHARED, EVERYTHING)))
    assert prepared(select_statement(read(policy=rule), NO_UNION)).text == (
        "SELECT tickets.id, tickets.body FROM tickets WHERE tickets.lead_id IN"
        " (SELECT sharing.lead_id FROM sharing WHERE sharing.person IN (%s)) AND tickets.lead_id IN"
        " (SELECT leads.id FROM leads WHERE (concat(',', leads.shared, ',') REGEXP concat(',[ ]*(', %s, ')[ ]*,')))"
    )


def test_batches_and_sources_with_unions_of_indexes_keep_the_plain_condition() -> None:
    plain = "tickets.owner IN (%s) OR tickets.author IN (%s)"
    batch = read(keys=Keys(ticket.c.lead_id, (1, 2)))
    assert prepared(select_statement(batch, NO_UNION)).text.endswith(f" AND ({plain})")
    count = Aggregate(table=ticket, measures=(func.count(),), policy=SIMPLE, keys=batch.keys)
    assert f" AND ({plain}) GROUP BY" in prepared(aggregate_statement(count, NO_UNION)).text
    assert prepared(select_statement(read(limit=3), UNION)).text == (
        f"SELECT tickets.id, tickets.body FROM tickets WHERE {plain} LIMIT %s"
    )


def test_a_statement_of_branches_is_compiled_once_for_all_callers_with_as_many() -> None:
    compiler = StatementCompiler(aiomysql.dialect())
    for people in (range(1, 3), range(3, 40), range(5, 500)):
        mine = frozenset(people)
        rule = any_of(Among(ticket.c.owner, mine), Among(ticket.c.author, mine))
        compiler.prepare(select_statement(read(policy=rule, limit=3), NO_UNION))
    assert len(compiler._shapes) == 1
