"""Random operations for the gateway and the oracle alike: conditions, orders, lists, nested lists, nodes, groups.

Values come from the data itself, visible or not, so that conditions match something and a leak would show.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.access.asking import ROOT_OF_TYPE
from tests.oracle.catalogue import RELATIONS, Field, Kind, Relation, fields_of
from tests.oracle.data import Data, Row
from tests.oracle.evaluate import Order, Where, written
from tests.oracle.rules import TYPES_FOR_ADMIN, Viewer

# Rows that the tests' own logins change or add can't be compared; rows without an id have no order of their own.
CHANGING = {"UserSession", "LoginEvent", "RequestLog"}
WITHOUT_ID = {"SyncRun", "ReportSetting", "DataUpdate", "SyncCredential"}
COMPARISONS = ("eq", "ne", "lt", "lte", "gt", "gte")
GROUPS = ("STATUS", "INDUSTRY", "SOURCE", "COMPANY", "WARRIOR", "MONTH")


@dataclass(frozen=True)
class ListOperation:
    """A root list, walked from its start: a page, the next, and back again."""

    type_name: str
    where: Where | None
    order: Order | None
    size: int


@dataclass(frozen=True)
class NestedOperation:
    """Lists below the rows of a root list."""

    parents: ListOperation
    relation: Relation
    children: ListOperation


@dataclass(frozen=True)
class NodeOperation:
    """Rows by their ids."""

    field: str
    type_name: str
    rows: list[Row]


@dataclass(frozen=True)
class StatsOperation:
    """Leads, counted by group."""

    where: Where | None
    group_by: list[str]


def conditions(data: Data, viewer: Viewer, type_name: str, depth: int = 2) -> st.SearchStrategy[Where]:
    """Conditions on rows of a type that the caller's schema allows."""
    own = st.sampled_from(_fields(viewer, type_name)).flatmap(lambda field: _on_field(data, type_name, field))
    if depth == 0:
        return own
    parts = conditions(data, viewer, type_name, depth - 1)
    choices = [
        own,
        own,
        st.lists(parts, min_size=1, max_size=2).map(lambda items: {"and": items}),
        st.lists(parts, min_size=1, max_size=3).map(lambda items: {"or": items}),
        parts.map(lambda part: {"not": part}),
    ]
    relations = _relations(viewer, type_name)
    if relations:
        related = st.sampled_from(relations).flatmap(
            lambda relation: conditions(data, viewer, relation.target, depth - 1).map(
                lambda condition: {relation.name: condition}
            )
        )
        choices += [related, related]
    return st.one_of(choices)


def _on_field(data: Data, type_name: str, field: Field) -> st.SearchStrategy[Where]:
    values = [value for row in data.rows(type_name)[:2000] if (value := row[field.column]) is not None]
    is_null = st.booleans().map(lambda wanted: {field.name: {"isNull": wanted}})
    if not values:
        return is_null
    value = st.sampled_from(values)
    if field.kind is Kind.BOOLEAN:
        compared = st.tuples(st.sampled_from(("eq", "ne")), value).map(
            lambda pair: {field.name: dict([pair])}
        )
        return st.one_of(compared, is_null)
    sent = value.flatmap(lambda one: _sent(field, one))
    choices = [
        st.tuples(st.sampled_from(COMPARISONS), sent).map(lambda pair: {field.name: dict([pair])}),
        st.tuples(st.sampled_from(("in", "notIn")), st.lists(sent, min_size=1, max_size=4)).map(
            lambda pair: {field.name: dict([pair])}
        ),
        st.tuples(sent, sent).map(lambda pair: {field.name: {"gte": pair[0], "lt": pair[1]}}),
        is_null,
    ]
    if field.kind is Kind.STRING:
        piece = st.tuples(st.sampled_from(("contains", "startsWith")), value.flatmap(_piece))
        choices.append(piece.map(lambda pair: {field.name: dict([pair])}))
    return st.one_of(choices)


def _sent(field: Field, value: Any) -> st.SearchStrategy[Any]:
    if field.kind is Kind.STRING:
        return st.sampled_from((value[:200], value[:200], value[:200].swapcase(), value[:200] + " "))
    if field.kind is Kind.INT:
        return st.sampled_from((value, value, value + 1, -value))
    return st.just(written(field.kind, value))


@st.composite
def _piece(draw: st.DrawFn, value: str) -> str:
    """A piece of a text, maybe in other letters; empty now and then, and with characters that patterns know."""
    start = draw(st.integers(0, max(0, min(len(value), 60) - 1)))
    start = draw(st.sampled_from((0, start)))
    text = value[start : start + draw(st.integers(0, 6))]
    return draw(st.sampled_from((text, text.upper(), text.lower(), text + "%", "_" + text)))


def orders(viewer: Viewer, type_name: str) -> st.SearchStrategy[list[dict[str, str]] | None]:
    """No order, or up to three terms, own columns or those of a related row."""
    names = [field.order for field in _fields(viewer, type_name)]
    for relation in _relations(viewer, type_name):
        if not relation.many and relation.sortable:
            names += [f"{relation.order}_{field.order}" for field in _fields(viewer, relation.target)]
    term = st.builds(
        lambda name, direction: {"field": name, "direction": direction},
        st.sampled_from(names),
        st.sampled_from(("ASC", "DESC")),
    )
    return st.one_of(st.none(), st.lists(term, min_size=1, max_size=3))


def lists(data: Data, viewer: Viewer, type_name: str, depth: int = 2) -> st.SearchStrategy[ListOperation]:
    """Lists of a type."""
    return st.builds(
        ListOperation,
        st.just(type_name),
        st.one_of(
            st.none(), conditions(data, viewer, type_name, depth), conditions(data, viewer, type_name, depth)
        ),
        orders(viewer, type_name),
        st.sampled_from((1, 2, 3, 7, 20, 100, 500)),
    )


def operations(data: Data, viewer: Viewer) -> st.SearchStrategy[Any]:
    """Anything that a caller may ask for."""
    roots = st.sampled_from(tuple(ROOT_OF_TYPE))
    root_lists = roots.flatmap(lambda type_name: lists(data, viewer, type_name))
    return st.one_of(
        root_lists,
        root_lists,
        roots.flatmap(lambda type_name: _nested(data, viewer, type_name)),
        st.sampled_from(SINGLE_FIELDS).flatmap(lambda pair: _nodes(data, *pair)),
        st.builds(
            StatsOperation,
            st.one_of(st.none(), conditions(data, viewer, "Lead")),
            st.lists(st.sampled_from(GROUPS), max_size=2, unique=True),
        ),
    )


SINGLE_FIELDS = (
    ("lead", "Lead"),
    ("ticket", "Ticket"),
    ("company", "Company"),
    ("user", "User"),
    ("statusChange", "StatusChange"),
    ("mail", "Mail"),
    ("ticketComment", "TicketComment"),
    ("clientUser", "ClientUser"),
    ("warrior", "Warrior"),
    ("subcompanySetting", "SubcompanySetting"),
)


def _nested(data: Data, viewer: Viewer, type_name: str) -> st.SearchStrategy[NestedOperation]:
    many = [relation for relation in _relations(viewer, type_name) if relation.many]
    parents = lists(data, viewer, type_name, 1).map(
        lambda found: ListOperation(found.type_name, found.where, found.order, min(found.size, 20))
    )
    return st.sampled_from([one for one in many if one.target not in WITHOUT_ID]).flatmap(
        lambda relation: st.builds(
            NestedOperation, parents, st.just(relation), lists(data, viewer, relation.target, 1)
        )
    )


def _nodes(data: Data, field: str, type_name: str) -> st.SearchStrategy[NodeOperation]:
    rows = st.lists(st.sampled_from(data.rows(type_name)), min_size=1, max_size=8)
    return st.builds(NodeOperation, st.just(field), st.just(type_name), rows)


def _fields(viewer: Viewer, type_name: str) -> list[Field]:
    # What a condition on `isDeleted` brings has tests of its own.
    return [
        field
        for field in fields_of(type_name)
        if not viewer.lacks(type_name, field.column) and field.name != "isDeleted"
    ]


def _relations(viewer: Viewer, type_name: str) -> list[Relation]:
    return [
        relation
        for relation in RELATIONS.get(type_name, ())
        if relation.target not in CHANGING
        and (viewer.role == "ADMIN" or relation.target not in TYPES_FOR_ADMIN)
    ]
