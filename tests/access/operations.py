"""Random operations for the gateway and the oracle alike, by one caller: lists and pages of them, rows by their ids,
groups, reports, and below them relations and columns, in aliases and fragments that overlap.

Values come from the data itself, visible or not, so that conditions match something and a leak would show. Now and
then an operation asks for what isn't in the caller's schema. Choices are listed with the simplest first, so that a
failure shrinks to it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.choice import Choice
from tests.oracle.answer import list_name, whole_list
from tests.oracle.catalogue import NOT_FIELDS, ROOT_SINGLES, WITHOUT_ID, Field, Kind, Relation
from tests.oracle.data import Data, Row
from tests.oracle.evaluate import Order, Where, written
from tests.oracle.operation import Arguments, Ask, Cursor, Fragment, GlobalId, Name, Operation, Selection
from tests.oracle.reports import COLUMNS, report_rows, saved_reports
from tests.oracle.rules import REPORTS, Caller, is_deleted
from tests.oracle.schema import Schema, schema_of

# Rows that the tests' own logins and the reading of rows change or add can't be compared.
CHANGING = {"UserSession", "LoginEvent", "RequestLog"}
COMPARISONS = ("eq", "ne", "lt", "lte", "gt", "gte")
PAGE_SIZES = (1, 2, 3, 7, 20)
LONG_PAGES = (50, 200, 500)
VALUES = 400
NODES = 40
FLAGS = ("hasNextPage", "hasPreviousPage", "startCursor", "endCursor")


@st.composite
def operations(draw: st.DrawFn, data: Data, caller: Caller) -> list[Operation]:
    """What a caller may ask, one after the other: later operations have cursors from earlier answers."""
    return _Writing(Choice(draw), data, caller).operations()


@cache
def node_rows(data: Data, type_name: str) -> list[Row]:
    """The rows of a type that `node` is asked for: the same ones for every caller."""
    rows = [row for row in data.rows(type_name) if type_name != "Lead" or not is_deleted(row)]
    return Random(type_name).sample(rows, min(NODES, len(rows)))


class _Writing:
    """Makes up the operations of one example."""

    def __init__(self, choice: Choice, data: Data, caller: Caller) -> None:
        self.choice, self.data, self.caller = choice, data, caller
        self.schema: Schema = schema_of(caller)
        self.literal = False
        self.wild = False
        self._made = 0
        self._fragments: dict[str, list[Fragment]] = {}

    def operations(self) -> list[Operation]:
        kind = self.choice.number(0, 99)
        if kind >= 80 and self.schema.lists:
            return self._walk()
        if kind >= 72 and self.schema.has_root("reportView"):
            return self._report_walk()
        self.literal = self.choice.chance(25)
        self.wild = self.choice.chance(15)
        if self.wild:
            self.schema = schema_of(None)
        return [Operation(tuple(self._root() for _ in range(self.choice.one((1, 2, 3)))))]

    # --- root fields ------------------------------------------------------------------------------------------

    def _root(self) -> Ask:
        kinds = [self._list] * 5 if self.schema.lists else []
        if self.schema.has_root("leadStats"):
            kinds += [self._stats] * 2
        if self.schema.singles:
            kinds += [self._single] * 2
        kinds += [self._node, self._nodes]
        if self.schema.has_root("reportView"):
            kinds += [self._report, self._reports]
        return self.choice.one([*kinds, self._viewer])()

    def _list(self) -> Ask:
        name = self.choice.one(tuple(self.schema.lists))
        return self._connection(name, self.schema.lists[name], depth=2)

    def _single(self) -> Ask:
        name = self.choice.one(tuple(self.schema.singles))
        type_name = self.schema.singles[name]
        row = self._row(type_name)
        if row is None:
            return self._viewer()
        arguments: dict[str, Any] = {"databaseId": row["id"]}
        if self.choice.chance(30) and node_rows(self.data, type_name):
            arguments = {"id": GlobalId(type_name, self.choice.one(node_rows(self.data, type_name))["id"])}
        selection = self._row_selection(type_name, 2)
        return Ask(name, selection, self._alias(name), Arguments(arguments, {"id": "ID"}))

    def _node(self) -> Ask:
        one = self._global_id()
        return Ask(
            "node", self._node_selection([one]), self._alias("node"), Arguments({"id": one}, {"id": "ID!"})
        )

    def _nodes(self) -> Ask:
        ids = [self._global_id() for _ in range(self.choice.number(1, 5))]
        arguments = Arguments({"ids": ids}, {"ids": "[ID!]!"})
        return Ask("nodes", self._node_selection(ids), self._alias("nodes"), arguments)

    def _node_selection(self, ids: list[GlobalId]) -> Selection:
        known = dict.fromkeys(one.type_name for one in ids)
        types = [one for one in known if self.schema.has_type(one) and one != "ReportView"]
        # One name may stand for fields of several kinds in several types, so each type has names of its own.
        parts = [
            Fragment(one, tuple(replace(ask, alias=f"{one}_{ask.key}") for ask in self._row_fields(one, 1)))
            for one in types
        ]
        if "ReportView" in known and self.schema.has_type("ReportView"):
            parts.append(Fragment("ReportView", (Ask("name"),)))
        return (Ask("__typename"), Ask("id"), *parts)

    def _global_id(self) -> GlobalId:
        if self.choice.chance(5):
            return GlobalId("ReportView", self.choice.one(REPORTS))
        rows: list[Row] = []
        while not rows:
            type_name = self.choice.one(tuple(ROOT_SINGLES.values()))
            rows = node_rows(self.data, type_name)
        return GlobalId(type_name, self.choice.one(rows)["id"])

    def _stats(self) -> Ask:
        where = self._where("Lead", 2) if self.choice.chance(60) else None
        groups = self.choice.some(self.schema.groups, 2)
        values = self.choice.some([name for name in self.schema.statistics if self._may_sum(name)], 4)
        below = [Ask(name) for name in dict.fromkeys(("group", *values))]
        for name in ("company", "warrior"):
            type_name = name.capitalize()
            there = self.schema.has_type(type_name) and self.schema.has_field("LeadStats", name)
            if there and self.choice.chance(40):
                below.append(Ask(name, self._row_selection(type_name, 0)))
        given: dict[str, Any] = {"groupBy": [Name(one) for one in groups]}
        if where is not None:
            given["where"] = where
        types = {"where": "LeadWhere", "groupBy": "[LeadGroup!]!"}
        return Ask("leadStats", tuple(below), self._alias("leadStats"), Arguments(given, types, self.literal))

    def _may_sum(self, name: str) -> bool:
        # A sum too large for Int is an error of its field, and has tests of its own.
        return name != "tentativeValueSum" or name not in schema_of(self.caller).statistics

    def _viewer(self) -> Ask:
        below: list[Ask] = [Ask("role")]
        if self.schema.has_type("User") and self.choice.chance(50):
            below.append(Ask("user", self._row_selection("User", 1)))
        if self.choice.chance(50):
            below.append(Ask("partner", self._row_selection("PartnerCompany", 1)))
        if self.choice.chance(50):
            below.append(Ask("scopes"))
        return Ask("viewer", tuple(below), self._alias("viewer"))

    # --- reports --------------------------------------------------------------------------------------------

    def _reports(self) -> Ask:
        return Ask("reportViews", (Ask("name"), Ask("totals")), self._alias("reportViews"))

    def _report(self) -> Ask:
        name, given = self._report_arguments()
        given["first"] = self.choice.one((*PAGE_SIZES, 500))
        return self._report_ask(name, given)

    def _report_ask(self, name: str, given: dict[str, Any]) -> Ask:
        types = {"filter": "JSON", "orderBy": "[ReportOrder!]", "after": "String"}
        rows = Ask("rows", self._page_fields(()), None, Arguments(given, types))
        below = (Ask("name"), Ask("totals"), Ask("columns", (Ask("name"),)))
        arguments = Arguments({"name": name}, {"name": "String!"})
        return Ask("reportView", (*below, rows), self._alias("reportView"), arguments)

    def _report_arguments(self) -> tuple[str, dict[str, Any]]:
        """The report's name, and the filter and order of its rows."""
        names = [*REPORTS, *saved_reports(self.caller), "nothing"]
        name = self.choice.one(names)
        rows = report_rows(self.caller, name) or []
        given: dict[str, Any] = {}
        if not rows:
            return name, given
        base = "salesperson_report" if "salesperson" in rows[0] else "followup_activity_report"
        if self.choice.chance(50):
            columns = self.choice.some(tuple(COLUMNS[base]), 2)
            given["filter"] = {column: self._report_condition(base, column, rows) for column in columns}
        if self.choice.chance(50):
            given["orderBy"] = [
                {"column": column, "direction": self.choice.one(("ASC", "DESC"))}
                for column in self.choice.some(tuple(COLUMNS[base]), 2)
            ]
        return name, given

    def _report_condition(self, base: str, column: str, rows: list[dict[str, Any]]) -> Any:
        value = self.choice.one(rows)[column]
        if value is None:
            return {"isNull": self.choice.chance(50)}
        if isinstance(value, str) and COLUMNS[base][column] is Kind.STRING and self.choice.chance(30):
            return {self.choice.one(("contains", "startsWith")): self._piece(value)}
        if self.choice.chance(25):
            values = [one[column] for one in rows[:40] if one[column] is not None]
            return {self.choice.one(("in", "notIn")): self.choice.some(values, 3)}
        return {self.choice.one(COMPARISONS): value}

    # --- pages ----------------------------------------------------------------------------------------------

    def _walk(self) -> list[Operation]:
        """A page of a list, the next, the one before that again, and the last."""
        name = self.choice.one(tuple(self.schema.lists))
        type_name = self.schema.lists[name]
        given = self._list_arguments(type_name, 2)
        rows = whole_list(self.caller, type_name, given.get("where"), given.get("orderBy"))
        size = self.choice.one((*PAGE_SIZES, *LONG_PAGES))
        scope = list_name(type_name, name, given)
        pages: list[dict[str, Any]] = [{"first": size}]
        if len(rows) > size:
            pages += [
                {"first": size, "after": Cursor(scope, rows[size - 1]["id"])},
                {"last": size, "before": Cursor(scope, rows[size]["id"])},
                {"last": size},
            ]
        if len(rows) > size > 2:
            ends = {"after": Cursor(scope, rows[0]["id"]), "before": Cursor(scope, rows[size - 1]["id"])}
            pages += [{"first": 2, **ends}, {"last": 2, **ends}]
        below = self._page_fields((Ask("databaseId"),))
        return [
            Operation((Ask(name, below, None, self._arguments(type_name, {**given, **one})),))
            for one in pages
        ]

    def _report_walk(self) -> list[Operation]:
        name, given = self._report_arguments()
        size = self.choice.one((1, 2, 7))
        rows = report_rows(self.caller, name, given.get("filter"), given.get("orderBy")) or []
        steps = [self._report_ask(name, {**given, "first": size})]
        if len(rows) > size:
            after = Cursor(list_name("ReportRow", name, given), size - 1)
            steps.append(self._report_ask(name, {**given, "first": size, "after": after}))
        return [Operation((step,)) for step in steps]

    def _page_fields(self, below: Selection) -> Selection:
        nodes = Ask("nodes", below)
        edges = Ask("edges", (Ask("cursor"), Ask("node", below)))
        return (Ask("totalCount"), nodes, edges, Ask("pageInfo", tuple(map(Ask, FLAGS))))

    # --- lists ----------------------------------------------------------------------------------------------

    def _connection(self, name: str, type_name: str, *, depth: int) -> Ask:
        given = self._list_arguments(type_name, min(depth, 2))
        if type_name in WITHOUT_ID:
            given.pop("orderBy", None)
            return Ask(name, (Ask("totalCount"),), self._alias(name), self._arguments(type_name, given))
        below = self._row_selection(type_name, depth)
        plain = not any(part.selection for part in below if isinstance(part, Ask))
        nested = depth < 2
        size = self.choice.one((1, 2, 3) if nested else PAGE_SIZES)
        if plain and not nested and self.choice.chance(15):
            size = self.choice.one(LONG_PAGES)
        given["last" if self.choice.chance(20) else "first"] = size
        parts: list[Ask] = [Ask("nodes", below)]
        if self.choice.chance(40):
            parts.append(Ask("totalCount"))
        if self.choice.chance(20):
            parts = [Ask("edges", (Ask("cursor"), Ask("node", below))), *parts[1:]]
        if self.choice.chance(30):
            parts.append(Ask("pageInfo", tuple(map(Ask, FLAGS[:2]))))
        return Ask(name, tuple(parts), self._alias(name), self._arguments(type_name, given))

    def _list_arguments(self, type_name: str, depth: int) -> dict[str, Any]:
        given: dict[str, Any] = {}
        if self.choice.chance(55):
            given["where"] = self._where(type_name, depth)
        if self.choice.chance(40):
            given["orderBy"] = self._order(type_name)
        return given

    def _arguments(self, type_name: str, given: dict[str, Any]) -> Arguments:
        types = {"where": f"{type_name}Where", "orderBy": f"[{type_name}Order!]"}
        return Arguments(given, types | {"after": "String", "before": "String"}, self.literal)

    def _order(self, type_name: str) -> Order:
        names = self.schema.orders(type_name)
        if self.wild and (lacking := _lacking_orders(self.caller, type_name)) and self.choice.chance(40):
            names = lacking
        return [
            {"field": Name(name), "direction": Name(self.choice.one(("ASC", "DESC")))}
            for name in self.choice.some(names, 3)
        ]

    # --- what is wanted of a row ------------------------------------------------------------------------------

    def _row_selection(self, type_name: str, depth: int) -> Selection:
        return self._in_fragments(type_name, self._row_fields(type_name, depth))

    def _row_fields(self, type_name: str, depth: int) -> list[Ask]:
        parts: list[Ask] = []
        if self.schema.has_id(type_name):
            parts.append(Ask("databaseId"))
            if self.choice.chance(15):
                parts.append(Ask("id"))
        for name in self.choice.some(list(self.schema.cells(type_name)), 4):
            parts.append(Ask(name, alias=f"the_{name}" if self.choice.chance(15) else None))
        if self.wild and (lacking := _lacking_cells(self.caller, type_name)) and self.choice.chance(40):
            parts.append(Ask(self.choice.one(lacking)))
        relations = self._relations(type_name)
        if depth and relations:
            for relation in self.choice.some(relations, 2):
                parts.append(self._related(relation, depth - 1))
        shared = depth and type_name == "Lead" and self.schema.has_type("Salesperson")
        if shared and self.choice.chance(15):
            parts.append(Ask("sharedSalespeople", self._row_selection("Salesperson", 0)))
        return parts or [Ask("__typename")]

    def _relations(self, type_name: str) -> list[Relation]:
        lacking = () if not self.wild else CHANGING
        return [
            relation
            for relation in self.schema.relations(type_name).values()
            if relation.target not in CHANGING
            or (relation.target in lacking and not schema_of(self.caller).has_type(relation.target))
        ]

    def _related(self, relation: Relation, depth: int) -> Ask:
        if relation.many:
            return self._connection(relation.name, relation.target, depth=min(depth, 1))
        return Ask(relation.name, self._row_selection(relation.target, depth))

    def _in_fragments(self, type_name: str, fields: list[Ask]) -> Selection:
        """The same fields, some of them in fragments, some of them twice."""
        parts: list[Ask | Fragment] = [*fields]
        known = self._fragments.setdefault(type_name, [])
        if known and self.choice.chance(15):
            parts = [*parts, self.choice.one(known)]
        if not self.choice.chance(30):
            return tuple(parts)
        split = self.choice.number(0, len(parts))
        outside, inside = parts[:split], parts[split:]
        again = self.choice.some(outside, 2)
        inside = [*inside, *again] or [Ask("__typename")]
        if self.choice.chance(40):
            self._made += 1
            fragment = Fragment(type_name, tuple(inside), f"part{self._made}")
            known.append(fragment)
        else:
            fragment = Fragment(self.choice.one((None, type_name)), tuple(inside))
        return (fragment, *outside) if self.choice.chance(30) else (*outside, fragment)

    def _alias(self, name: str) -> str:
        self._made += 1
        return f"{name}{self._made}"

    # --- conditions -------------------------------------------------------------------------------------------

    def _where(self, type_name: str, depth: int) -> Where:
        kind = self.choice.number(0, 9) if depth else 0
        if kind <= 3:
            return self._on_field(type_name)
        if kind <= 6 and (relations := self._relations(type_name)):
            relation = self.choice.one(relations)
            return {relation.name: self._where(relation.target, depth - 1)}
        if kind == 7:
            return {"not": self._where(type_name, depth - 1)}
        if kind == 8:
            return {"and": [self._where(type_name, depth - 1) for _ in range(self.choice.number(1, 2))]}
        return {"or": [self._where(type_name, depth - 1) for _ in range(self.choice.number(1, 3))]}

    def _on_field(self, type_name: str) -> Where:
        columns = self.schema.columns(type_name)
        if self.wild and (lacking := _lacking_columns(self.caller, type_name)) and self.choice.chance(40):
            return {self.choice.one(lacking): {"isNull": True}}
        field = columns[self.choice.one(tuple(columns))]
        return {field.name: self._comparison(type_name, field)}

    def _comparison(self, type_name: str, field: Field) -> dict[str, Any]:
        values = self._values(type_name, field.column)
        if not values or self.choice.chance(12):
            return {"isNull": self.choice.chance(50)}
        value = self.choice.one(values)
        if field.kind is Kind.BOOLEAN:
            return {self.choice.one(("eq", "ne")): value}
        kind = self.choice.number(0, 9)
        if kind <= 1 and field.kind is Kind.STRING:
            return {self.choice.one(("contains", "startsWith")): self._piece(value)}
        if kind <= 2:
            several = [self._sent(field, self.choice.one(values)) for _ in range(self.choice.number(1, 4))]
            return {self.choice.one(("in", "notIn")): several}
        if kind == 3:
            return {"gte": self._sent(field, value), "lt": self._sent(field, self.choice.one(values))}
        return {self.choice.one(COMPARISONS): self._sent(field, value)}

    def _values(self, type_name: str, column: str) -> list[Any]:
        if self.choice.chance(50) and not self.wild and (own := _some_seen(self.caller, type_name, column)):
            return own
        return _some_values(self.data, type_name, column)

    def _sent(self, field: Field, value: Any) -> Any:
        if field.kind is Kind.STRING:
            text = value[:200]
            return self.choice.one((text, text, text.swapcase(), text + " "))
        if field.kind is Kind.INT:
            return self.choice.one((value, value, value + 1, -value))
        return written(field.kind, value)

    def _piece(self, value: str) -> str:
        """A piece of a text, maybe in other letters; empty now and then, and with characters that patterns know."""
        start = self.choice.one((0, self.choice.number(0, max(0, min(len(value), 60) - 1))))
        text = value[start : start + self.choice.number(0, 6)]
        return self.choice.one((text, text.upper(), text.lower(), text + "%", "_" + text))

    def _row(self, type_name: str) -> Row | None:
        if self.choice.chance(60) and (seen := self.caller.seen(type_name)):
            return self.choice.one(seen)
        rows = self.data.rows(type_name)
        return self.choice.one(rows) if rows else None


@cache
def _some_values(data: Data, type_name: str, column: str) -> list[Any]:
    return _distinct(data.rows(type_name), column)


@cache
def _some_seen(caller: Caller, type_name: str, column: str) -> list[Any]:
    return _distinct(caller.seen(type_name), column)


@cache
def _lacking_cells(caller: Caller, type_name: str) -> list[str]:
    return _lacking(schema_of(None).cells(type_name), schema_of(caller).cells(type_name), type_name)


@cache
def _lacking_columns(caller: Caller, type_name: str) -> list[str]:
    return _lacking(schema_of(None).columns(type_name), schema_of(caller).columns(type_name), type_name)


@cache
def _lacking_orders(caller: Caller, type_name: str) -> list[str]:
    known = schema_of(caller).orders(type_name)
    hidden = (column.upper() for column in sorted(NOT_FIELDS.get(type_name, ())))
    return [*(name for name in schema_of(None).orders(type_name) if name not in known), *hidden]


def _lacking(there: Iterable[str], known: Container[str], type_name: str) -> list[str]:
    """The names that the caller's schema is without, and those that nobody's has where no relation is called so."""
    parts = [column.split("_") for column in sorted(NOT_FIELDS.get(type_name, ()))]
    names = [first + "".join(map(str.capitalize, others)) for first, *others in parts]
    hidden = [name for name in names if name not in schema_of(None).relations(type_name)]
    return [*(name for name in there if name not in known), *hidden]


def _distinct(rows: list[Row], column: str) -> list[Any]:
    """A few of a column's values, early and late ones."""
    chosen = [*rows[:VALUES], *rows[-VALUES:]]
    return list(dict.fromkeys(row[column] for row in chosen if row[column] is not None))[:VALUES]
