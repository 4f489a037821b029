"""A statement that a template gives is the one that building it anew gives: its text, its values and their types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    bindparam,
    case,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.mysql import aiomysql
from sqlalchemy.dialects.sqlite import aiosqlite

from datasources import shapes
from datasources.engines.chdb import ChdbSource
from datasources.engines.clickhouse_sql import ClickHouseDialect
from datasources.engines.compiled import Prepared, StatementCompiler
from datasources.engines.mysql import MysqlSource
from datasources.engines.sqlite import SqliteSource, keep_whole_seconds
from datasources.engines.templates import Counts, Templates
from datasources.expressions import at_least, contains_text, less_than
from datasources.model import (
    EVERYTHING,
    NOTHING,
    Aggregate,
    AllOf,
    Among,
    AnyOf,
    Direction,
    Filter,
    Joined,
    Keys,
    Latest,
    ListsAny,
    Match,
    Not,
    Order,
    Read,
    Related,
)
from datasources.statements import aggregate_statement, combined_statement, predicate, select_statement
from tests.examples import SAME

estate = MetaData(info={"source": "one"})
lead = Table(
    "leads",
    estate,
    Column("id", Integer, primary_key=True),
    Column("warrior", String(20), index=True),
    Column("shared", String(20)),
    Column("company", Integer, index=True),
    Column("active", Boolean),
    Column("at", DateTime),
    Column("day", Date),
    Column("price", Numeric(15, 2)),
)
sharing = Table("sharing", estate, Column("lead_id", Integer), Column("person", Integer, index=True))
warrior = Table(
    "warrior",
    estate,
    Column("id", Integer, primary_key=True),
    Column("user_id", Integer),
    Column("active", Boolean),
)

sqlite_dialect = aiosqlite.dialect()
keep_whole_seconds(sqlite_dialect)
DIALECTS = {
    "mysql": (StatementCompiler(aiomysql.dialect()), MysqlSource.capabilities),
    "sqlite": (StatementCompiler(sqlite_dialect), SqliteSource.capabilities),
    "clickhouse": (StatementCompiler(ClickHouseDialect()), ChdbSource.capabilities),
}
# Kept from example to example, so that each meets the templates that all before it have left.
KEPT = {name: Templates(*of) for name, of in DIALECTS.items()}


def anew(name: str, described: Sequence[Any]) -> Prepared:
    """The statement as it is built without any template."""
    compiler, capabilities = DIALECTS[name]
    if isinstance(described[0], Read):
        return compiler.prepare(select_statement(described[0], capabilities))
    if len(described) == 1:
        return compiler.prepare(aggregate_statement(described[0], capabilities))
    return compiler.prepare(combined_statement(described, capabilities))


def of_template(templates: Templates, described: Sequence[Any]) -> Prepared:
    if isinstance(described[0], Read):
        return templates.read(described[0]).prepared
    if len(described) == 1:
        return templates.aggregate(described[0]).prepared
    return templates.combined(described).prepared


def outcome(prepare: Callable[[], Prepared]) -> Any:
    """The text and the values with their types, or the kind of error: `True` among numbers is one for SQLAlchemy."""
    try:
        prepared = prepare()
    except (ValueError, TypeError) as error:
        return type(error)
    return prepared.text, [(type(value), value) for value in prepared.parameters]


# --- random descriptions ------------------------------------------------------------------------------------
# A skeleton is drawn once and filled several times: the same shape, or nearly so, with other values.

numbers = st.one_of(st.none(), st.integers(-3, 12), st.just(True), st.just(2**70))
texts = st.one_of(
    st.none(), st.sampled_from(["a", "A", "a ", "", "5", "05", "%s", "?", "é"]), st.integers(0, 9)
)
times = st.one_of(
    st.none(),
    st.builds(datetime, st.just(2024), st.integers(1, 3), st.just(1)),
    st.builds(lambda day: datetime(2024, 1, day, microsecond=5), st.integers(1, 3)),
)
days = st.one_of(st.none(), st.builds(date, st.just(2024), st.integers(1, 3), st.just(1)))
VALUES = {
    "id": numbers,
    "company": numbers,
    "warrior": texts,
    "shared": texts,
    "active": st.sampled_from([None, True, False, 1]),
    "at": times,
    "day": days,
    "price": st.sampled_from([None, Decimal("1.5"), 3, Decimal("1.50")]),
}
COLUMNS = st.sampled_from(sorted(VALUES))
COMMON = Match(lead.c.company > literal(4))

leaves = st.one_of(
    st.tuples(st.just("among"), COLUMNS),
    st.tuples(st.just("among"), st.sampled_from(["warrior", "company", "id"])),
    st.tuples(st.just("match"), st.sampled_from(["below", "contains", "in", "case", "null", "column"])),
    st.tuples(st.just("whole"), st.sampled_from(["everything", "nothing", "common"])),
    st.just(("lists",)),
    st.just(("related",)),
)
skeletons = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["all", "any"]), st.lists(inner, max_size=3)),
        st.tuples(st.just("not"), inner),
        st.tuples(st.just("team"), inner),
    ),
    max_leaves=6,
)


def fill(skeleton: Any, draw: Any) -> Filter:  # noqa: PLR0911 - one for each kind
    match skeleton:
        case ("among", name):
            found = draw(st.lists(VALUES[name], max_size=4))
            return Among(lead.c[name], frozenset(found))
        case ("match", how):
            return Match(expression(how, draw))
        case ("whole", which):
            return {"everything": EVERYTHING, "nothing": NOTHING, "common": COMMON}[which]
        case ("lists",):
            return ListsAny(lead.c.shared, draw(st.frozensets(st.integers(0, 9), max_size=3)))
        case ("related",):
            people = draw(st.frozensets(st.integers(0, 9), max_size=2))
            return Related(lead.c.id, sharing.c.lead_id, EVERYTHING, Among(sharing.c.person, people))
        case ("team", inner):
            return Related(lead.c.company, lead.c.id, fill(inner, draw), EVERYTHING)
        case ("not", inner):
            return Not(fill(inner, draw))
        case ("all", parts):
            return AllOf(tuple(fill(part, draw) for part in parts))
        case ("any", parts):
            return AnyOf(tuple(fill(part, draw) for part in parts))
    raise AssertionError(skeleton)


def expression(how: str, draw: Any) -> Any:
    number, text = draw(st.integers(0, 9)), draw(st.sampled_from(["a", "%", "5"]))
    match how:
        case "below":
            return less_than(lead.c.company, number)
        case "contains":
            return contains_text(lead.c.warrior, text)
        case "in":
            return lead.c.company.in_(draw(st.lists(st.integers(0, 9), max_size=3)))
        case "case":
            return case((lead.c.id > number, lead.c.warrior), else_=text) == text
        case "null":
            return lead.c.warrior.is_(None)
    return at_least(lead.c.at, draw(times) or datetime(2024, 1, 1))


columns = st.lists(
    st.sampled_from(["id", "warrior", "at", "price", "mask", "shared mask"]), min_size=1, max_size=4
)


def cells(names: Sequence[str], draw: Any) -> tuple[Any, ...]:
    shared = lead.c.company > literal(draw(st.integers(0, 9)))
    made: list[Any] = []
    for name in names:
        own = lead.c.company > draw(st.integers(0, 9))
        condition = draw(st.sampled_from([own, shared])) if name == "mask" else shared
        made.append(case((condition, lead.c.warrior)).label("m") if "mask" in name else lead.c[name])
    return tuple(made)


def keys_of(kind: Any, draw: Any) -> Keys | None:
    if kind is None:
        return None
    name, limit = kind
    values = draw(st.lists(VALUES[name].filter(lambda value: value is not None), min_size=1, max_size=4))
    return Keys(lead.c[name], (None, *values), limit)


def joins_of(skeleton: Any, draw: Any) -> tuple[Joined, ...]:
    if skeleton is None:
        return ()
    least, people = draw(st.integers(0, 9)), draw(st.frozensets(st.integers(0, 3), max_size=2))
    mask = case((warrior.c.id > least, warrior.c.user_id)).label("user_id")
    first = Joined(
        warrior,
        lead.c.warrior,
        warrior.c.id,
        Among(warrior.c.user_id, people),
        draw(
            st.sampled_from([Match(warrior.c.id > literal(least)), Match(warrior.c.user_id.in_([least, 5]))])
        ),
        (warrior.c.id, mask),
    )
    return (first, replace(first, column=warrior.c.user_id, within=0))[:skeleton]


@st.composite
def several(draw: Any) -> tuple[str, list[Sequence[Any]]]:
    """Several descriptions over one skeleton, for one dialect."""
    name = draw(st.sampled_from(sorted(DIALECTS)))
    policy, where = draw(skeletons), draw(skeletons)
    names = draw(columns)
    key = draw(st.none() | st.tuples(st.sampled_from(["id", "warrior", "at"]), st.sampled_from([None, 2])))
    form = draw(st.sampled_from(["read", "read", "groups", "several groups"]))
    order = draw(st.sampled_from(["none", "text", "mask"]))
    limit = draw(st.sampled_from([None, 3, 101])) if key is None or key[1] is None else None
    joined = draw(st.sampled_from([None, 1, 2])) if name != "clickhouse" else None
    distinct = joined is None and (key is None or key[1] is None) and draw(st.booleans())
    found: list[Sequence[Any]] = []
    for _ in range(draw(st.integers(1, 4))):
        made = cells(names, draw)
        if form == "read":
            orders = {
                "none": (),
                "text": (Order(lead.c.warrior, Direction.DESC),),
                "mask": (Order(made[-1]),),
            }
            read = Read(
                table=lead,
                columns=made,
                policy=fill(policy, draw),
                where=fill(where, draw),
                order=orders[order],
                keys=keys_of(key, draw),
                limit=limit,
                distinct=distinct,
                joins=joins_of(joined, draw),
            )
            found.append([read])
            continue
        groups = [
            Aggregate(
                table=lead,
                measures=(func.count(), func.sum(lead.c.company)),
                policy=fill(policy, draw),
                where=fill(where, draw),
                groups=made[:1],
                keys=keys_of(key and (key[0], None), draw),
                latest=Latest(lead.c.id, lead.c.at) if name != "mysql" and order == "text" else None,
                limit=limit if form == "groups" else None,
            )
            for _ in range(1 if form == "groups" else 2)
        ]
        found.append(groups)
    return name, found


@settings(SAME, max_examples=600)
@given(several())
def test_a_template_gives_the_statement_that_building_it_anew_gives(
    drawn: tuple[str, list[Sequence[Any]]],
) -> None:
    name, descriptions = drawn
    cold = Templates(*DIALECTS[name])
    for described in [*descriptions, *descriptions[::-1]]:
        expected = outcome(partial(anew, name, described))
        assert outcome(partial(of_template, cold, described)) == expected
        assert outcome(partial(of_template, KEPT[name], described)) == expected
    assert cold.counts.made <= len(descriptions)


# --- reads that come again ----------------------------------------------------------------------------------


@settings(SAME, max_examples=300)
@given(several(), st.data())
def test_a_read_that_comes_again_has_the_statement_that_building_it_anew_gives(
    drawn: tuple[str, list[Sequence[Any]]], data: st.DataObject
) -> None:
    name, descriptions = drawn
    templates = Templates(*DIALECTS[name])
    for read, *_ in [*descriptions, *descriptions]:
        if not isinstance(read, Read):
            continue
        for _ in range(3):
            values: tuple[Any, ...] = ()
            if read.keys is not None:
                column = read.keys.column.name
                values = tuple(data.draw(st.lists(VALUES[column], max_size=4), label="keys"))
            again = read.again(values)
            fresh = replace(again, origin=None)
            assert (again.repeats, fresh.repeats) == (read, None)
            expected = outcome(partial(anew, name, [fresh]))
            assert outcome(partial(of_template, templates, [again])) == expected


BY_COMPANY = Read(
    table=lead,
    columns=(lead.c.id,),
    policy=Among(lead.c.warrior, frozenset({"5"})),
    keys=Keys(lead.c.company, ()),
)


@pytest.mark.parametrize(
    "change",
    [
        {"policy": EVERYTHING},
        {"policy": Among(lead.c.warrior, frozenset({"6"}))},
        {"where": Among(lead.c.active, frozenset({True}))},
        {"columns": (lead.c.id, lead.c.at)},
        {"order": (Order(lead.c.at),)},
        {"joins": (Joined(warrior, lead.c.warrior, warrior.c.id, EVERYTHING, EVERYTHING, (warrior.c.id,)),)},
        {"keys": Keys(lead.c.company, (1, 2), 3)},
        {"keys": Keys(lead.c.id, (1, 2))},
        {"keys": None},
        {"limit": 5},
        {"distinct": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("first", ["the origin's", "the changed"])
def test_a_read_that_was_changed_since_repeats_nothing(change: dict[str, Any], first: str) -> None:
    templates = Templates(*DIALECTS["mysql"])
    again = BY_COMPANY.again((1, 2))
    changed = replace(again, **change)
    assert changed.repeats is None
    for read in (again, changed, again, changed) if first == "the origin's" else (changed, again, changed):
        expected = outcome(partial(anew, "mysql", [replace(read, origin=None)]))
        assert outcome(partial(of_template, templates, [read])) == expected


def test_of_a_read_that_comes_again_only_the_keys_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    templates = Templates(*DIALECTS["mysql"])
    templates.read(BY_COMPANY.again((1, 2)))
    templates.read(PLAIN.again())
    monkeypatch.setattr("datasources.engines.templates.outline_of", None)
    assert templates.read(BY_COMPANY.again((3, 4, 5), is_plain=True)).prepared.parameters == (
        3,
        4,
        5,
        "5",
        "5",
    )
    assert templates.read(PLAIN.again()).prepared.kept
    assert templates.counts == Counts(filled=4, made=2)


# --- what looks alike ---------------------------------------------------------------------------------------

PLAIN = Read(table=lead, columns=(lead.c.id,), policy=EVERYTHING)
TEAM = Among(warrior.c.user_id, frozenset({1}))
WITH_WARRIOR = Joined(warrior, lead.c.warrior, warrior.c.id, EVERYTHING, EVERYTHING, (warrior.c.id,))
OF_WARRIOR = replace(WITH_WARRIOR, column=warrior.c.user_id, within=0)
COUNTS = Aggregate(table=lead, measures=(func.count(),), policy=EVERYTHING)


def among(column: Column[Any], *values: Any) -> Read:
    return replace(PLAIN, policy=Among(column, frozenset(values)))


def keyed(column: Column[Any], *values: Any, limit: int | None = None) -> Read:
    return replace(PLAIN, keys=Keys(column, values, limit))


def masked(first: Any, second: Any) -> Read:
    return replace(PLAIN, columns=(case((first, lead.c.id)), case((second, lead.c.company))))


ONE, OTHER = lead.c.company > literal(1), lead.c.company > literal(2)
# `in_` copies the parameter that it is given: two copies of one, copies of two.
FIRST, SECOND, THIRD = (bindparam(None, [one], expanding=True, unique=True) for one in (1, 1, 2))
PAIRS = ((FIRST, FIRST), (FIRST, THIRD), (FIRST, SECOND), (THIRD, FIRST), (THIRD, THIRD))
OWNED, LED = Among(lead.c.company, frozenset({5})), Among(lead.c.warrior, frozenset({"5"}))
ALIKE: tuple[Read | Aggregate, ...] = (
    PLAIN,
    replace(PLAIN, limit=1),
    replace(PLAIN, limit=2),
    replace(PLAIN, distinct=True),
    replace(PLAIN, columns=(lead.c.company,)),
    replace(PLAIN, columns=(lead.c.id, lead.c.company)),
    replace(PLAIN, columns=(lead.c.id,), order=(Order(lead.c.company),)),
    replace(PLAIN, order=(Order(lead.c.company, Direction.DESC),)),
    replace(PLAIN, order=(Order(lead.c.warrior, Direction.DESC),)),
    replace(PLAIN, policy=OWNED),
    replace(PLAIN, where=OWNED),
    replace(PLAIN, policy=LED, where=OWNED),
    replace(PLAIN, policy=OWNED, where=LED),
    replace(PLAIN, policy=AllOf((OWNED, LED))),
    replace(PLAIN, policy=AnyOf((OWNED, LED))),
    replace(PLAIN, policy=AnyOf((OWNED,)), where=LED),
    replace(PLAIN, policy=AnyOf((OWNED, replace(OWNED, values=frozenset({3, 4}))))),
    replace(PLAIN, policy=AnyOf((replace(OWNED, values=frozenset({None})), LED))),
    replace(PLAIN, policy=AnyOf((replace(OWNED, values=frozenset()), LED))),
    replace(PLAIN, policy=Not(AllOf((OWNED, LED)))),
    replace(PLAIN, policy=AllOf((Not(OWNED), LED))),
    replace(PLAIN, policy=AllOf((OWNED, Not(LED)))),
    replace(PLAIN, policy=AnyOf((AllOf((OWNED,)), LED))),
    replace(PLAIN, policy=AnyOf((AllOf((OWNED, LED)),))),
    replace(
        PLAIN,
        policy=AnyOf((replace(OWNED, values=frozenset({True})), replace(OWNED, values=frozenset({1})), LED)),
    ),
    among(lead.c.id, 5),
    among(lead.c.id),
    among(lead.c.id, None),
    among(lead.c.active, True),
    among(lead.c.active, False),
    among(lead.c.active, True, False),
    among(lead.c.active, 1),
    among(lead.c.active, 0, 1),
    among(lead.c.at, datetime(2024, 1, 1), None, datetime(2024, 1, 1, microsecond=1)),
    among(lead.c.at, datetime(2024, 1, 1, microsecond=1)),
    among(lead.c.at, date(2024, 1, 1)),
    among(lead.c.day, date(2024, 1, 1)),
    among(lead.c.day, datetime(2024, 1, 1)),
    among(lead.c.day, "2024-01-01"),
    among(lead.c.price, Decimal("1.5")),
    among(lead.c.price, Decimal("1.5"), 3),
    among(lead.c.warrior, 5, "5", "a "),
    among(lead.c.warrior, 5, 40),
    replace(PLAIN, policy=ListsAny(lead.c.shared, frozenset())),
    replace(PLAIN, policy=ListsAny(lead.c.shared, frozenset({12, 3}))),
    replace(PLAIN, policy=ListsAny(lead.c.warrior, frozenset({3}))),
    replace(PLAIN, policy=Related(lead.c.company, lead.c.id, OWNED, EVERYTHING)),
    replace(PLAIN, policy=Related(lead.c.company, lead.c.id, EVERYTHING, OWNED)),
    replace(PLAIN, policy=Related(lead.c.company, lead.c.company, OWNED, EVERYTHING)),
    replace(PLAIN, policy=Related(lead.c.id, lead.c.id, OWNED, EVERYTHING)),
    keyed(lead.c.id, 1),
    keyed(lead.c.id, 1, 1, None),
    keyed(lead.c.id, 1, 2),
    keyed(lead.c.company, 1, 2),
    keyed(lead.c.warrior, 1, 2),
    keyed(lead.c.company, 1, limit=2),
    keyed(lead.c.company, 1, limit=3),
    keyed(lead.c.company, 2, 1, 2, limit=2),
    keyed(lead.c.warrior, 2, 1, "2", limit=2),
    keyed(lead.c.at, datetime(2024, 1, 1, microsecond=1)),
    keyed(lead.c.at, datetime(2024, 1, 1, microsecond=1), datetime(2024, 1, 1)),
    keyed(lead.c.at, datetime(2024, 1, 1, microsecond=1), datetime(2024, 1, 1), limit=2),
    keyed(lead.c.price, Decimal(1)),
    masked(ONE, ONE),
    masked(ONE, OTHER),
    masked(ONE, ONE),
    masked(OTHER, OTHER),
    masked(ONE, lead.c.company > literal(1)),
    masked(ONE, lead.c.company >= literal(1)),
    replace(PLAIN, where=Match(lead.c.company.in_([1, 2, 3]))),
    replace(PLAIN, where=Match(lead.c.company.in_([4]))),
    replace(PLAIN, where=Match(lead.c.company.in_([]))),
    replace(PLAIN, joins=(WITH_WARRIOR,)),
    replace(PLAIN, joins=(replace(WITH_WARRIOR, policy=TEAM),)),
    replace(PLAIN, joins=(replace(WITH_WARRIOR, where=TEAM),)),
    replace(PLAIN, joins=(replace(WITH_WARRIOR, column=lead.c.company),)),
    replace(PLAIN, joins=(replace(WITH_WARRIOR, columns=(warrior.c.active,)),)),
    replace(PLAIN, joins=(WITH_WARRIOR, OF_WARRIOR)),
    replace(PLAIN, joins=(WITH_WARRIOR, OF_WARRIOR, OF_WARRIOR)),
    replace(PLAIN, joins=(WITH_WARRIOR, OF_WARRIOR, replace(OF_WARRIOR, within=1))),
    *(
        replace(PLAIN, joins=(replace(WITH_WARRIOR, where=Match(warrior.c.user_id.in_(ids)), columns=cells),))
        for ids in ([1, 2], [3])
        for cells in ((warrior.c.id,), (case((warrior.c.id.in_(ids[::-1]), warrior.c.id)),))
    ),
    *(
        replace(PLAIN, where=AllOf((Match(lead.c.id.in_(one)), Match(lead.c.company.in_(other)))))
        for one, other in (*PAIRS, *PAIRS[::-1])
    ),
    COUNTS,
    replace(COUNTS, groups=(lead.c.company,)),
    replace(COUNTS, groups=(lead.c.company,), limit=1),
    replace(COUNTS, measures=(func.count(), func.sum(lead.c.company))),
    replace(COUNTS, measures=(func.count(),), groups=(func.sum(lead.c.company),)),
    replace(COUNTS, keys=Keys(lead.c.id, (1, 2))),
    replace(COUNTS, latest=Latest(lead.c.id, lead.c.at)),
    replace(COUNTS, latest=Latest(lead.c.id, lead.c.day)),
)


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_descriptions_that_look_alike_share_no_statement(name: str) -> None:
    for order in (ALIKE, ALIKE[::-1]):
        templates = Templates(*DIALECTS[name])
        for described in [*order, *order]:
            expected = outcome(partial(anew, name, [described]))
            assert outcome(partial(of_template, templates, [described])) == expected, described


def test_nobody_can_pass_a_value_off_as_a_list() -> None:
    """A mark that somebody learnt is a value like any other."""
    mark = str(shapes._FIRST_MARK)
    templates = Templates(*DIALECTS["mysql"])
    for text in (mark, f"{mark}-1", "a"):
        read = replace(
            PLAIN,
            policy=AllOf((ListsAny(lead.c.shared, frozenset({7})), LED)),
            where=AllOf((Match(contains_text(lead.c.warrior, text)), Match(lead.c.warrior == text))),
        )
        assert outcome(lambda read=read: templates.read(read).prepared) == outcome(  # type: ignore[misc]
            partial(anew, "mysql", [read])
        )
    assert templates.counts == Counts(filled=3, made=1)


# --- what has a template ------------------------------------------------------------------------------------


def test_common_descriptions_are_built_once() -> None:
    templates = Templates(*DIALECTS["mysql"])
    for start in range(1, 6):
        team = frozenset(map(str, range(start, start + 200)))
        policy = AllOf((Not(Among(lead.c.active, frozenset({True}))), Among(lead.c.warrior, team)))
        mask = case((predicate(policy, lead), lead.c.shared)).label("shared")
        where = Match(less_than(lead.c.id, start))
        page = Read(table=lead, columns=(lead.c.id, mask), policy=policy, where=where, limit=51)
        templates.read(page)
        templates.read(replace(page, limit=None, keys=Keys(lead.c.company, tuple(range(start + 1)), 6)))
        templates.read(replace(page, limit=None, keys=Keys(lead.c.company, tuple(range(start + 1)))))
        templates.read(replace(page, joins=(WITH_WARRIOR, OF_WARRIOR)))
        count = Aggregate(table=lead, measures=(func.count(),), policy=policy, where=where)
        templates.aggregate(count)
        templates.combined([count, count])
    assert templates.counts == Counts(filled=30, made=6)


@pytest.mark.parametrize(
    "described",
    [
        among(lead.c.price, Decimal("1.5")),
        among(lead.c.id, 1, "a"),
        keyed(lead.c.price, Decimal(1)),
        replace(PLAIN, where=Match(lead.c.company.in_([]))),
        replace(PLAIN, table=select(lead.c.id).subquery("some")),
    ],
)
def test_what_can_have_no_template_is_counted(described: Read) -> None:
    templates = Templates(*DIALECTS["mysql"])
    for turn in (1, 2):
        assert templates.read(described).prepared == anew("mysql", [described])
        assert templates.counts.filled == 0
        assert templates.counts.without == turn
