"""Values of arguments: conditions, orders, ids and keys that mean something in the estate, else what the type takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    get_named_type,
    is_required_input_field,
)

from tests.engine.document import Name
from tests.engine.draft import Draft
from tests.engine.schema_parts import terms_of
from tests.engine.values import DEFAULTS, RUBBISH_IDS, global_id

# How deep a `where` goes.
DEEPEST_WHERE = 3
# A column that both reports have, and columns of one of them.
REPORT_COLUMNS = ("leads", "leads", "leads", "salesperson", "activities")


class Inputs:
    """Makes values for one document."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._choice, self._caller, self._values = draft.choice, draft.caller, draft.values

    def maker(
        self, type_: GraphQLObjectType, field_name: str, name: str, argument: GraphQLArgument
    ) -> Callable[[], Any]:
        """What makes values of an argument."""
        target = get_named_type(type_.fields[field_name].type)
        makers: Mapping[str, Callable[[], Any]] = {
            "where": lambda: self._where(get_named_type(argument.type), DEEPEST_WHERE),
            "orderBy": lambda: self._order(get_named_type(argument.type)),
            "id": lambda: self._id(target.name if name == "id" and field_name != "node" else None),
            "ids": lambda: [self._id(None) for _ in range(self._choice.number(0, 5))],
            "databaseId": lambda: self._key_of(target.name),
            "name": lambda: self._choice.one(self._values.reports),
            "filter": self._report_filter,
            "groupBy": lambda: self._groups(get_named_type(argument.type)),
            "expiresIn": lambda: self._choice.one((300, 1, 0, 604_800, 604_801)),
            "input": lambda: self._mutation_input(field_name, get_named_type(argument.type)),
            "username": lambda: self._choice.one(("nobody.here", "")),
            "password": lambda: self._choice.one(("wrong", "x" * 80)),
            "refreshToken": lambda: self._choice.one(("rubbish", "", "a.b.c")),
            "type": lambda: self._choice.one((*self._values.node_types, "Nothing")),
            "as": lambda: {"user": global_id("User", self._choice.one(self._keys("User")))},
        }
        if field_name == "explainAccess" and name == "databaseId":
            return lambda: self._key_of("Lead")
        return makers.get(name, lambda: self._plain(argument.type))

    def _plain(self, type_: GraphQLInputType) -> Any:
        """A value of any input type."""
        if isinstance(type_, GraphQLNonNull):
            return self._plain(type_.of_type)
        if isinstance(type_, GraphQLList):
            if self._choice.chance(10):
                return self._plain(type_.of_type)
            return [self._plain(type_.of_type) for _ in range(self._choice.number(1, 3))]
        if isinstance(type_, GraphQLEnumType):
            return self._enum(type_)
        if isinstance(type_, GraphQLInputObjectType):
            return {
                name: self._plain(one.type)
                for name, one in type_.fields.items()
                if is_required_input_field(one) or self._choice.chance(40)
            }
        assert isinstance(type_, GraphQLScalarType)
        return self._choice.one(DEFAULTS.get(type_.name, ("a",)))

    def _enum(self, type_: GraphQLEnumType) -> Name:
        name = self._choice.one(tuple(type_.values))
        self._draft.note(f"{type_.name}.{name}")
        return Name(name)

    def _keys(self, type_name: str) -> Sequence[int]:
        return self._values.keys(type_name) or (1, 2)

    def _key_of(self, type_name: str) -> int:
        """A primary key: of a row that the caller sees, of any row, or of none."""
        kind = self._choice.number(0, 99)
        seen = self._caller.sees.get(type_name)
        if kind < 75 and seen:
            return self._choice.one(seen)
        if kind < 84:
            return self._choice.one(self._keys(type_name))
        if kind < 92:
            return self._choice.one(
                (type_name == "Lead" and self._values.deleted_leads) or self._keys(type_name)
            )
        return self._choice.one((0, -1, 999_999_999, 2**31 - 1))

    def _id(self, type_name: str | None) -> Any:
        """A global id: of a row of a type, or of any; or what looks like one."""
        if self._draft.is_odd and self._choice.chance(25):
            return self._choice.one((*RUBBISH_IDS, 5, -7))
        if type_name is None and self._choice.chance(6):
            self._draft.types_of_ids.append("ReportView")
            return global_id("ReportView", self._choice.one(self._values.reports))
        if type_name is None or self._choice.chance(3):
            seen = [name for name in self._caller.sees if name in self._values.node_types]
            type_name = self._choice.one(
                seen if seen and self._choice.chance(80) else self._values.node_types
            )
        self._draft.types_of_ids.append(type_name)
        return global_id(type_name, self._key_of(type_name))

    def _order(self, type_: GraphQLInputObjectType) -> Any:
        terms = [
            self._order_term(type_) for _ in range(self._choice.one((1, 2, 1, 3, 0, 5 + self._draft.is_odd)))
        ]
        return terms[0] if len(terms) == 1 and self._choice.chance(20) else terms

    def _order_term(self, type_: GraphQLInputObjectType) -> dict[str, Any]:
        term: dict[str, Any] = {}
        for name, one in type_.fields.items():
            named = get_named_type(one.type)
            if name == "column":
                term[name] = self._choice.one(REPORT_COLUMNS)
            elif is_required_input_field(one) or self._choice.chance(60):
                assert isinstance(named, GraphQLEnumType)
                term[name] = self._draft.put(lambda named=named: self._enum(named), one.type)  # type: ignore[misc]
        return term

    def _groups(self, type_: GraphQLEnumType) -> Any:
        # Several are thousands of groups, which take the reference seconds.
        names = [self._enum(type_) for _ in range(self._choice.one((1, 1, 1, 1, 1, 1, 2, 0)))]
        return names[0] if len(names) == 1 and self._choice.chance(20) else names

    def _report_filter(self) -> Any:
        if self._draft.is_odd:
            return self._choice.one(
                ({"nothing": {"eq": 1}}, {"leads": {"nope": 1}}, {"won": {"gte": {}}}, [], "x")
            )
        bound = {self._choice.one(("gte", "lt", "ne")): self._choice.number(0, 60)}
        return self._choice.one(
            ({}, {"leads": bound}, {"leads": {"isNull": False}}, {"salesperson": {"contains": "a"}})
        )

    def _where(self, type_: Any, depth: int) -> Any:
        kind = self._choice.number(0, 99)
        columns, relations = terms_of(type_)
        if kind < 55 or depth == 0:
            count = 1 if self._choice.chance(80) else 2
            names = dict.fromkeys(self._choice.one(columns) for _ in range(count))
            return {name: self._comparison(type_, name) for name in names}
        if kind < 80 and relations:
            name = self._choice.one(relations)
            self._draft.note(f"{type_.name}.{name}")
            return {name: self._where(get_named_type(type_.fields[name].type), depth - 1)}
        if kind < 97 or not self._draft.is_odd:
            name = self._choice.one(("not", "and", "or"))
            self._draft.note(f"{type_.name}.{name}")
            if name == "not":
                return {name: self._where(type_, depth - 1)}
            parts = [self._where(type_, depth - 1) for _ in range(self._choice.one((2, 1, 3, 0)))]
            return {name: parts[0] if len(parts) == 1 and self._choice.chance(30) else parts}
        return self._choice.one(
            ({}, {self._choice.one(columns): None}, {self._choice.one(columns): {"eq": None}})
        )

    def _comparison(self, type_: GraphQLInputObjectType, name: str) -> dict[str, Any]:
        filter_type = get_named_type(type_.fields[name].type)
        assert isinstance(filter_type, GraphQLInputObjectType)
        self._draft.note(f"{type_.name}.{name}")
        operator = self._choice.one(tuple(filter_type.fields))
        operand_type = filter_type.fields[operator].type
        self._draft.note(f"{filter_type.name}.{operator}")
        known = self._values.of(type_.name.removesuffix("Where"), name)

        def make() -> Any:
            if operator == "isNull":
                return self._choice.chance(50)
            scalar = get_named_type(operand_type).name
            options = known if known and self._choice.chance(90) else DEFAULTS[scalar]
            if isinstance(operand_type, GraphQLList):
                return [self._choice.one(options) for _ in range(self._choice.number(0, 4))]
            value = self._choice.one(options)
            return value[: self._choice.number(1, 5)] if operator in {"contains", "startsWith"} else value

        return {operator: self._draft.put(make, operand_type)}

    def _mutation_input(self, field_name: str, type_: Any) -> Any:
        if field_name == "createPartnerToken":
            odd = {"name": "", "scopes": self._choice.one(([], ["nothing"], ["leads:read"]))}
            return {"partnerCompanyId": global_id("PartnerCompany", 999_999), **odd}
        type_name = "Lead" if field_name == "changeLeadStatus" else "Ticket"
        known = self._caller.statuses.get(type_name)
        if known and self._choice.chance(60):
            # The status that the row has already: it is answered, and nothing changes.
            identifier, status = self._choice.one(known)
            return {"id": identifier, "status": status}
        identifier = self._choice.one((global_id(type_name, 999_999_999), *RUBBISH_IDS))
        return {"id": identifier, "status": self._choice.one(("Demo", "Resolved", "Nonsense"))}
