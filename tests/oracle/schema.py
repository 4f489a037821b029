"""What a caller's schema is made of: types, fields, conditions, orders and groups. `answer` judges operations by it.

`Schema(None)` holds all there is, for operations that ask for what the caller lacks.
"""

from __future__ import annotations

from functools import cached_property, lru_cache

from tests.oracle.catalogue import (
    ELSEWHERE,
    GROUP_COLUMNS,
    RELATIONS,
    ROOT_LISTS,
    ROOT_SINGLES,
    WITHOUT_ID,
    Elsewhere,
    Field,
    Relation,
    fields_of,
    json_fields_of,
)
from tests.oracle.rules import Caller

STATISTICS = ("group", "count", "tentativeValueSum", "tentativeValueTotal", "probabilityAverage")
# The fields of rows whose values are other rows, though no pair of columns says which.
FURTHER_RELATIONS = {("Lead", "sharedSalespeople"): "Salesperson"}
ROOT_TYPES = {
    "node": "Node",
    "nodes": "Node",
    "viewer": "Viewer",
    "leadStats": "LeadStats",
    "reportView": "ReportView",
    "reportViews": "ReportView",
}


class Schema:
    """A caller's schema."""

    def __init__(self, caller: Caller | None) -> None:
        self.caller = caller
        self._cells: dict[str, dict[str, Field | Elsewhere]] = {}
        self._columns: dict[str, dict[str, Field]] = {}
        self._relations: dict[str, dict[str, Relation]] = {}
        self._orders: dict[str, list[str]] = {}

    def has_type(self, type_name: str) -> bool:
        """Whether the type is there."""
        return self.caller is None or not self.caller.lacks_type(type_name)

    def has_field(self, type_name: str, name: str) -> bool:
        """Whether a field that is no column and no relation is there."""
        return self.caller is None or not self.caller.lacks_field(type_name, name)

    def has_id(self, type_name: str) -> bool:
        """Whether the type's rows have global ids."""
        return type_name in RELATIONS and type_name not in WITHOUT_ID

    def columns(self, type_name: str) -> dict[str, Field]:
        """What rows are filtered and sorted by, of their own."""
        if type_name not in self._columns:
            found = {field.name: field for field in fields_of(type_name) if self._shows(type_name, field)}
            self._columns[type_name] = found
        return self._columns[type_name]

    def cells(self, type_name: str) -> dict[str, Field | Elsewhere]:
        """The fields that hold a value."""
        if type_name not in self._cells:
            json = {field.name: field for field in json_fields_of(type_name) if self._shows(type_name, field)}
            elsewhere = {one.name: one for one in ELSEWHERE.get(type_name, ()) if self._shows(type_name, one)}
            self._cells[type_name] = {**self.columns(type_name), **json, **elsewhere}
        return self._cells[type_name]

    def relations(self, type_name: str) -> dict[str, Relation]:
        """The fields that hold other rows."""
        if type_name not in self._relations:
            self._relations[type_name] = {
                relation.name: relation
                for relation in RELATIONS.get(type_name, ())
                if self.caller is None or not self.caller.lacks_relation(type_name, relation)
            }
        return self._relations[type_name]

    def orders(self, type_name: str) -> list[str]:
        """The names that `orderBy` knows."""
        if type_name not in self._orders:
            names = [field.order for field in self.columns(type_name).values()]
            for relation in self.relations(type_name).values():
                if not relation.many and relation.sortable:
                    columns = self.columns(relation.target).values()
                    names += [f"{relation.order}_{field.order}" for field in columns]
            self._orders[type_name] = names
        return self._orders[type_name]

    @cached_property
    def groups(self) -> list[str]:
        """The names that `groupBy` knows."""
        return [
            name
            for name, column in GROUP_COLUMNS.items()
            if self.caller is None or not self.caller.lacks("Lead", column)
        ]

    @cached_property
    def statistics(self) -> list[str]:
        """The values of a group."""
        return [name for name in STATISTICS if self.has_field("LeadStats", name)]

    @cached_property
    def lists(self) -> dict[str, str]:
        """The root lists, by name."""
        return {name: target for name, target in ROOT_LISTS.items() if self._has_root(name, target)}

    @cached_property
    def singles(self) -> dict[str, str]:
        """The root fields of one row, by name."""
        return {name: target for name, target in ROOT_SINGLES.items() if self._has_root(name, target)}

    def has_root(self, name: str) -> bool:
        """Whether another root field is there."""
        return self._has_root(name, ROOT_TYPES.get(name, ""))

    def _has_root(self, name: str, target: str) -> bool:
        return self.has_type(target) and self.has_field("Query", name)

    def _shows(self, type_name: str, field: Field | Elsewhere) -> bool:
        if self.caller is None:
            return True
        if isinstance(field, Elsewhere) and field.local != "id":
            return self.has_field(type_name, field.name)
        return not self.caller.lacks(type_name, field.column)


@lru_cache(maxsize=512)
def schema_of(caller: Caller | None) -> Schema:
    """The schema of a caller, worked out once."""
    return Schema(caller)
