"""What must come back for an operation: its whole data by brute force, or the code of the error that refuses it."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from tests.oracle.catalogue import (
    RELATIONS,
    ROOT_LISTS,
    ROOT_SINGLES,
    Elsewhere,
    Field,
    Kind,
    Relation,
    primary_key,
)
from tests.oracle.data import Row
from tests.oracle.evaluate import (
    Group,
    Order,
    Page,
    Where,
    asks_for_deleted,
    lead_stats,
    listed,
    page,
    readable,
    related,
    written,
)
from tests.oracle.operation import Arguments, Ask, Cursor, Fragment, GlobalId, Operation, Selection
from tests.oracle.reports import COLUMNS, base_of, report_names, report_rows, report_totals
from tests.oracle.rules import Caller, PartnerViewer, listed_ids
from tests.oracle.schema import FURTHER_RELATIONS, ROOT_TYPES, Schema, schema_of

INVALID, BAD_INPUT = "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"
KEPT_LISTS = 12


@dataclass(frozen=True)
class Answer:
    """An operation's data, or the code of the error that refuses all of it."""

    data: Any
    code: str | None = None


@dataclass(frozen=True)
class Near:
    """A number that was reckoned with: the last digits may differ."""

    value: float


@dataclass(frozen=True)
class AtLeast:
    """A value that the tests' own logins may have raised since."""

    value: Any


@dataclass(frozen=True)
class Json:
    """What a column of JSON holds: some databases keep the entries of an object in an order of their own."""

    value: Any


@dataclass(frozen=True)
class Unordered:
    """A list in any order."""

    items: list[Any]


@dataclass(frozen=True)
class Thing:
    """An object of the answer, before it is known which fields are wanted."""

    type_name: str
    value: Any


@dataclass(frozen=True)
class Shown:
    """A page of rows of a type, of a list that has this name."""

    type_name: str
    page: Page
    name: str
    # Where the rows of a report stand in it; rows of tables have keys.
    places: Sequence[int] = ()


def answer(caller: Caller, operation: Operation) -> Answer:
    """What the caller must get."""
    code = refusal(schema_of(caller), operation)
    if code is not None:
        return Answer(None, code)
    return Answer(_Execution(caller).shown(Thing("Query", None), operation.selection))


# --- what the caller's schema allows ----------------------------------------------------------------------


def refusal(schema: Schema, operation: Operation) -> str | None:
    """The code of the error that an operation gets which asks for what the schema lacks."""
    judge = _Judge(schema)
    judge.selection("Query", operation.selection)
    if judge.invalid:
        return INVALID
    return BAD_INPUT if judge.bad_variable else None


class _Judge:
    """Looks at a whole operation; the text is judged before the variables are."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.invalid = False
        self.bad_variable = False

    def selection(self, type_name: str, selection: Selection) -> None:
        for part in selection:
            if isinstance(part, Fragment):
                self._fragment(type_name, part)
            else:
                self._field(type_name, part)

    def _fragment(self, type_name: str, fragment: Fragment) -> None:
        inside = fragment.type_name or type_name
        if not self.schema.has_type(inside):
            self.invalid = True
        else:
            self.selection(inside, fragment.selection)

    def _field(self, type_name: str, ask: Ask) -> None:
        if ask.name == "__typename":
            return
        target = self._target(type_name, ask)
        if target is None or not self.schema.has_type(target.removesuffix("Connection")):
            self.invalid = True
            return
        self._arguments(target, ask)
        self.selection(target, ask.selection)

    def _target(self, type_name: str, ask: Ask) -> str | None:
        """The type of a field's value, "" for a plain one; None where the schema lacks the field."""
        if type_name == "Query":
            return self._root(ask)
        if type_name in RELATIONS:
            return self._of_row(type_name, ask.name)
        if type_name == "LeadStats":
            return self._of_stats(ask.name)
        return _target_elsewhere(type_name, ask.name)

    def _root(self, ask: Ask) -> str | None:
        if ask.name in ROOT_LISTS:
            return f"{ROOT_LISTS[ask.name]}Connection" if ask.name in self.schema.lists else None
        if ask.name in ROOT_SINGLES:
            return self.schema.singles.get(ask.name)
        if not self.schema.has_root(ask.name):
            return None
        return ROOT_TYPES.get(ask.name)

    def _of_row(self, type_name: str, name: str) -> str | None:
        if name == "id":
            return "" if self.schema.has_field(type_name, name) else None
        if name in self.schema.cells(type_name):
            return ""
        further = FURTHER_RELATIONS.get((type_name, name))
        if further is not None:
            there = self.schema.has_type(further) and self.schema.has_field(type_name, name)
            return further if there else None
        relation = self.schema.relations(type_name).get(name)
        if relation is None:
            return None
        return f"{relation.target}Connection" if relation.many else relation.target

    def _of_stats(self, name: str) -> str | None:
        if name in ("company", "warrior"):
            target = name.capitalize()
            there = self.schema.has_type(target) and self.schema.has_field("LeadStats", name)
            return target if there else None
        return "" if name in self.schema.statistics else None

    def _arguments(self, target: str, ask: Ask) -> None:
        arguments = ask.arguments
        if arguments is None:
            return
        type_name = target.removesuffix("Connection")
        if ask.name == "leadStats":
            groups = set(arguments.values["groupBy"]) <= set(self.schema.groups)
            self._judge(groups and self.condition("Lead", arguments.values.get("where")), arguments)
        elif type_name in RELATIONS:
            self._judge(self.condition(type_name, arguments.values.get("where")), arguments)
            terms = arguments.values.get("orderBy") or ()
            names = self.schema.orders(type_name) if terms else ()
            self._judge(all(term["field"] in names for term in terms), arguments)

    def _judge(self, good: bool, arguments: Arguments) -> None:
        if not good and arguments.literal:
            self.invalid = True
        elif not good:
            self.bad_variable = True

    def condition(self, type_name: str, where: Where | None) -> bool:
        """Whether the schema has every name of a condition."""
        for name, condition in (where or {}).items():
            if name in ("and", "or"):
                if not all(self.condition(type_name, part) for part in condition):
                    return False
            elif name == "not":
                if not self.condition(type_name, condition):
                    return False
            elif name in self.schema.relations(type_name):
                if not self.condition(self.schema.relations(type_name)[name].target, condition):
                    return False
            elif name not in self.schema.columns(type_name):
                return False
        return True


def _target_elsewhere(type_name: str, name: str) -> str | None:
    if type_name.endswith("Connection"):
        of = type_name.removesuffix("Connection")
        below = "" if of == "ReportRow" else of
        return {"nodes": below, "edges": f"{of}Edge", "pageInfo": "PageInfo", "totalCount": ""}[name]
    if type_name.endswith("Edge"):
        of = type_name.removesuffix("Edge")
        return {"node": "" if of == "ReportRow" else of, "cursor": ""}[name]
    if type_name == "ReportView":
        return {"rows": "ReportRowConnection", "columns": "ReportColumn"}.get(name, "")
    if type_name == "Viewer":
        return {"user": "User", "partner": "PartnerCompany"}.get(name, "")
    return ""


# --- the data ---------------------------------------------------------------------------------------------


class _Execution:
    """One operation of one caller."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.schema = schema_of(caller)

    def shown(self, thing: Thing | list[Any] | None, selection: Selection) -> Any:
        """A thing with the wanted fields, a list of such, or a plain value."""
        if isinstance(thing, list):
            return [self.shown(one, selection) for one in thing]
        if isinstance(thing, Unordered):
            return Unordered([self.shown(one, selection) for one in thing.items])
        if not isinstance(thing, Thing):
            return thing
        found: dict[str, Any] = {}
        for key, several in _collected(thing.type_name, self.schema, selection).items():
            below = tuple(part for ask in several for part in ask.selection)
            found[key] = self.shown(self._value(thing, several[0]), below)
        return found

    def _value(self, thing: Thing, ask: Ask) -> Any:
        if ask.name == "__typename":
            return thing.type_name
        if thing.type_name in RELATIONS:
            return self._of_row(thing.type_name, thing.value, ask)
        if thing.type_name.endswith("Connection"):
            return self._of_connection(thing.value, ask.name)
        if thing.type_name in ("PageInfo", "ReportColumn") or thing.type_name.endswith("Edge"):
            return thing.value[ask.name]
        values: dict[str, Callable[[Any, Ask], Any]] = {
            "Query": self._of_query,
            "LeadStats": self._of_group,
            "ReportView": self._of_report,
            "Viewer": self._of_viewer,
        }
        return values[thing.type_name](thing.value, ask)

    # Root fields.

    def _of_query(self, _: None, ask: Ask) -> Any:
        given = ask.arguments.values if ask.arguments is not None else {}
        if ask.name in ROOT_LISTS:
            type_name = ROOT_LISTS[ask.name]
            rows = whole_list(self.caller, type_name, given.get("where"), given.get("orderBy"))
            return self._connection(type_name, rows, given, ask.name)
        if ask.name in ROOT_SINGLES:
            return self._single(ROOT_SINGLES[ask.name], given)
        return self._other_root(ask.name, given)

    def _other_root(self, name: str, given: dict[str, Any]) -> Any:
        match name:
            case "node":
                return self._node(given["id"])
            case "nodes":
                return [self._node(one) for one in given["ids"]]
            case "leadStats":
                groups = lead_stats(self.caller, given.get("where"), given["groupBy"])
                return [Thing("LeadStats", group) for group in groups]
            case "reportView":
                return self._report(given["name"])
            case "reportViews":
                return Unordered([Thing("ReportView", name) for name in report_names(self.caller)])
            case "viewer":
                return Thing("Viewer", self.caller)
        raise ValueError(name)

    def _single(self, type_name: str, given: dict[str, Any]) -> Thing | None:
        if "id" in given:
            key = given["id"].key if given["id"].type_name == type_name else None
        else:
            key = given["databaseId"]
        rows = self.caller.data.where(type_name, primary_key(type_name), key)
        return next((Thing(type_name, row) for row in rows if self.caller.sees(type_name, row)), None)

    def _node(self, one: GlobalId) -> Thing | None:
        if one.type_name == "ReportView":
            return self._report(str(one.key)) if self.schema.has_type("ReportView") else None
        if not self.schema.has_type(one.type_name):
            return None
        return self._single(one.type_name, {"id": one})

    def _report(self, name: str) -> Thing | None:
        return Thing("ReportView", name) if name in report_names(self.caller) else None

    def _of_viewer(self, caller: Caller, ask: Ask) -> Any:
        match ask.name:
            case "role":
                return caller.role
            case "user":
                row = caller.data.one("User", caller.id)
                return None if row is None else Thing("User", row)
            case "partner":
                partner = caller.partner_company_id if isinstance(caller, PartnerViewer) else None
                row = caller.data.one("PartnerCompany", partner)
                return None if row is None else Thing("PartnerCompany", row)
            case "scopes":
                return Unordered(sorted(caller.scopes)) if isinstance(caller, PartnerViewer) else []
        raise ValueError(ask.name)

    # Rows.

    def _of_row(self, type_name: str, row: Row, ask: Ask) -> Any:
        if ask.name == "id":
            return GlobalId(type_name, row[primary_key(type_name)])
        cell = self.schema.cells(type_name).get(ask.name)
        if cell is not None:
            return self._cell(type_name, row, cell)
        if (type_name, ask.name) in FURTHER_RELATIONS:
            shared = listed_ids(row["shared_salesperson_id"]) & self.caller.ids("Salesperson")
            return [Thing("Salesperson", self.caller.data.one("Salesperson", one)) for one in sorted(shared)]
        relation = self.schema.relations(type_name)[ask.name]
        if not relation.many:
            targets = related(self.caller, type_name, row, relation)
            return Thing(relation.target, targets[0]) if targets else None
        return self._to_many(type_name, row, relation, ask)

    def _cell(self, type_name: str, row: Row, cell: Field | Elsewhere) -> Any:
        if isinstance(cell, Elsewhere):
            return self._elsewhere(type_name, row, cell)
        value = written(cell.kind, readable(self.caller, type_name, row, cell.column))
        return Json(value) if cell.kind is Kind.JSON else value

    def _to_many(self, type_name: str, row: Row, relation: Relation, ask: Ask) -> Thing:
        given = ask.arguments.values if ask.arguments is not None else {}
        where = given.get("where")
        deleted = relation.target == "Lead" and asks_for_deleted(where)
        of = related(self.caller, type_name, row, relation, deleted=deleted)
        rows = listed(self.caller, relation.target, where, given.get("orderBy"), of=of)
        name = f"{type_name}.{row.get(primary_key(type_name))}.{relation.name}"
        return self._connection(relation.target, rows, given, name)

    def _elsewhere(self, type_name: str, row: Row, cell: Elsewhere) -> Any:
        found = self.caller.data.where(cell.table, cell.key, row[cell.local])
        if cell.table == "SessionInfo":
            if found and self.caller.is_masked("SessionInfo", found[0], cell.column):
                return None
            # Without a row, a mask or nothing at all is null, unless the user has logged in since.
            return AtLeast(written(cell.kind, found[0][cell.column]) if found else None)
        return written(cell.kind, found[0][cell.column]) if found else None

    # Lists.

    def _connection(self, type_name: str, rows: list[Row], given: dict[str, Any], name: str) -> Thing:
        key = primary_key(type_name)
        sides = {side: _row_at(rows, key, given.get(side)) for side in ("after", "before")}
        cut = page(rows, first=given.get("first"), last=given.get("last"), **sides)
        return Thing(f"{type_name}Connection", Shown(type_name, cut, list_name(type_name, name, given)))

    def _of_connection(self, shown: Shown, name: str) -> Any:
        of, cut = shown.type_name, shown.page
        if name == "totalCount":
            return cut.total
        nodes = cut.rows if of == "ReportRow" else [Thing(of, row) for row in cut.rows]
        if name == "nodes":
            return nodes
        keys = shown.places if of == "ReportRow" else [row[primary_key(of)] for row in cut.rows]
        cursors = [Cursor(shown.name, key) for key in keys]
        if name == "edges":
            pairs = zip(cursors, nodes, strict=True)
            return [Thing(f"{of}Edge", {"cursor": cursor, "node": node}) for cursor, node in pairs]
        return Thing(
            "PageInfo",
            {
                "hasNextPage": cut.has_next,
                "hasPreviousPage": cut.has_previous,
                "startCursor": cursors[0] if cursors else None,
                "endCursor": cursors[-1] if cursors else None,
            },
        )

    # Groups.

    def _of_group(self, group: Group, ask: Ask) -> Any:
        match ask.name:
            case "group":
                return group.key
            case "count":
                return group.count
            case "probabilityAverage":
                return None if group.probability_average is None else Near(group.probability_average)
            case "tentativeValueTotal":
                return None if group.value_sum is None else str(group.value_sum)
            case "tentativeValueSum":
                return group.value_sum
        type_name = ask.name.capitalize()
        row = self.caller.data.one(type_name, group.key.get(type_name.upper()))
        return Thing(type_name, row) if row is not None and self.caller.sees(type_name, row) else None

    # Reports.

    def _of_report(self, name: str, ask: Ask) -> Any:
        base = base_of(self.caller, name)
        assert base is not None
        match ask.name:
            case "id":
                return GlobalId("ReportView", name)
            case "name":
                return name
            case "columns":
                return [Thing("ReportColumn", {"name": column}) for column in COLUMNS[base]]
            case "totals":
                rows = report_rows(self.caller, name)
                assert rows is not None
                return report_totals(base, rows)
        given = ask.arguments.values if ask.arguments is not None else {}
        rows = report_rows(self.caller, name, given.get("filter"), given.get("orderBy"))
        assert rows is not None
        after = given.get("after")
        cut = page(rows, first=given.get("first"), after=None if after is None else rows[after.key])
        low = 0 if after is None else after.key + 1
        places = range(low, low + len(cut.rows))
        return Thing(
            "ReportRowConnection", Shown("ReportRow", cut, list_name("ReportRow", name, given), places)
        )


def list_name(type_name: str, name: str, given: dict[str, Any]) -> str:
    """What a cursor is a cursor of."""
    condition = given.get("filter" if type_name == "ReportRow" else "where")
    return json.dumps([type_name, name, condition, given.get("orderBy")])


def _collected(type_name: str, schema: Schema, selection: Selection) -> dict[str, list[Ask]]:
    """The fields of a selection by their names in the answer, in the order in which these first appear."""
    found: dict[str, list[Ask]] = {}
    for ask in _applying(type_name, schema, selection):
        found.setdefault(ask.key, []).append(ask)
    return found


def _applying(type_name: str, schema: Schema, selection: Selection) -> Iterator[Ask]:
    for part in selection:
        if isinstance(part, Ask):
            yield part
        elif part.type_name in (None, type_name) or part.type_name == "Node":
            yield from _applying(type_name, schema, part.selection)


def _row_at(rows: list[Row], key: str, cursor: Cursor | None) -> Row | None:
    return None if cursor is None else next(row for row in rows if row[key] == cursor.key)


def whole_list(caller: Caller, type_name: str, where: Where | None, order: Order | None) -> list[Row]:
    """`listed`, with the last few kept, since a list is asked for page by page."""
    name = json.dumps([type_name, where, order])
    kept = _kept.setdefault(caller, OrderedDict())
    if name not in kept:
        kept[name] = listed(caller, type_name, where, order)
        if len(kept) > KEPT_LISTS:
            kept.popitem(last=False)
    return kept[name]


_kept: WeakKeyDictionary[Caller, OrderedDict[str, list[Row]]] = WeakKeyDictionary()


# --- comparing --------------------------------------------------------------------------------------------


class Strings:
    """The strings that a gateway has for ids, for all callers alike, and for the cursors of one caller's lists.

    Each has one, and a different one for each other.
    """

    def __init__(self, ids: Strings | None = None) -> None:
        self.ids = ids or self
        self.of: dict[GlobalId | Cursor, str] = {}
        self._symbols: dict[tuple[str, str], GlobalId | Cursor] = {}

    def learn(self, symbol: GlobalId | Cursor, text: object) -> bool:
        """Whether the string can be the symbol's, from now on if not before."""
        if isinstance(symbol, GlobalId) and self.ids is not self:
            return self.ids.learn(symbol, text)
        if not isinstance(text, str):
            return False
        scope = symbol.of if isinstance(symbol, Cursor) else ""
        return self.of.setdefault(symbol, text) == text and (
            self._symbols.setdefault((scope, text), symbol) == symbol
        )

    def string(self, symbol: GlobalId | Cursor) -> str:
        """The string of a symbol that was learnt."""
        return self.ids.of[symbol] if isinstance(symbol, GlobalId) else self.of[symbol]


def difference(expected: Any, got: Any, strings: Strings, path: str = "data") -> str | None:
    """Where an answer isn't what it must be, and how; None where it is."""
    if isinstance(expected, dict) and isinstance(got, dict):
        return _dict_difference(expected, got, strings, path)
    if isinstance(expected, list) and isinstance(got, list):
        return _list_difference(expected, got, strings, path)
    if isinstance(expected, Unordered) and isinstance(got, list):
        return _unordered_difference(expected.items, got, strings, path)
    return None if _same(expected, got, strings) else f"{path}: expected {expected!r}, got {got!r}"


def _dict_difference(
    expected: dict[str, Any], got: dict[str, Any], strings: Strings, path: str
) -> str | None:
    if list(expected) != list(got):
        return f"{path}: expected the fields {list(expected)}, got {list(got)}"
    below = (difference(expected[name], got[name], strings, f"{path}.{name}") for name in expected)
    return next((one for one in below if one is not None), None)


def _list_difference(expected: list[Any], got: list[Any], strings: Strings, path: str) -> str | None:
    pairs = zip(expected, got, strict=False)
    below = (difference(*pair, strings, f"{path}[{place}]") for place, pair in enumerate(pairs))
    found = next((one for one in below if one is not None), None)
    if found is None and len(expected) != len(got):
        return f"{path}: expected {len(expected)} items, got {len(got)}"
    return found


def _unordered_difference(expected: list[Any], got: list[Any], strings: Strings, path: str) -> str | None:
    left = list(got)
    for one in expected:
        same = next(
            (place for place, other in enumerate(left) if difference(one, other, strings) is None), None
        )
        if same is None:
            return f"{path}: expected {one!r} among {left!r}"
        del left[same]
    return f"{path}: got {left!r} besides" if left else None


def _same(expected: Any, got: Any, strings: Strings) -> bool:
    if isinstance(expected, GlobalId | Cursor):
        return strings.learn(expected, got)
    if isinstance(expected, Json):
        return bool(expected.value == got)
    if isinstance(expected, Near):
        return isinstance(got, int | float) and abs(got - expected.value) <= 1e-9 * max(
            1, abs(expected.value)
        )
    if isinstance(expected, AtLeast):
        return expected.value is None or (got is not None and _instant(got) >= _instant(expected.value))
    return type(expected) is type(got) and bool(expected == got)


def _instant(value: Any) -> Any:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
