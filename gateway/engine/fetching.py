"""Reads everything that a planned operation needs, level by level, independent branches at the same time.

What can't be read is a `Failure` where its value would be; nothing is raised. Called by `compiled.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

from graphql import GraphQLField, GraphQLObjectType
from sqlalchemy import Table

from datasources.model import EVERYTHING, Filter, Row
from gateway.auth.crossing import keys_named
from gateway.auth.selection import Selection
from gateway.auth.trace import Here, here
from gateway.context import Request
from gateway.engine.along import NOTHING, Along, along_of, may_come_along
from gateway.engine.arguments import argument_values
from gateway.engine.audience import AudienceSchema
from gateway.engine.computed import absences, composite, or_failure, results
from gateway.engine.gathering import Gathered, Gathering
from gateway.engine.lists import ROOT, Lists
from gateway.engine.objects import (
    Child,
    Failure,
    Found,
    Leaves,
    Link,
    Node,
    Objects,
    One,
    Pages,
    Several,
    of_rows,
)
from gateway.engine.reference import Prepared
from gateway.engine.tracing import Placing
from gateway.errors import bad_input
from gateway.loaders.batch import named_by
from gateway.loaders.relations import Direction
from gateway.resolvers.company_rows import company_rows
from gateway.resolvers.connection import page_arguments
from gateway.resolvers.declarations import (
    CompanyRowsField,
    ComputedField,
    NodeField,
    ReferenceField,
    RootListField,
    RootOneField,
    RowType,
    ThroughField,
    ToManyField,
    ToOneField,
)
from gateway.resolvers.element import presented
from gateway.resolvers.ids import database_id, integer_key
from gateway.resolvers.lists import ListReader, list_reader
from gateway.resolvers.nodes import check_number_of, node_named
from gateway.resolvers.plan import Level, Selected, Step, function_of, holds_variable

Arguments = Mapping[str, Any]


@dataclass
class Fetch:
    """One execution."""

    schema: AudienceSchema
    request: Request
    prepared: Prepared
    gathering: Gathering = field(init=False)
    placing: Placing = field(default_factory=Placing)

    def __post_init__(self) -> None:
        self.gathering = Gathering(self.request.access)

    async def root(self, level: Level, values: Sequence[Any] = (None,)) -> Objects:
        """The object that an operation begins with, or one for each event of a subscription, and all below it."""
        objects = Objects(level, len(values), values=values)
        await self.fill(objects)
        return objects

    async def fill(self, objects: Objects) -> None:
        """Reads on from objects: each selected field that isn't in their own cells."""
        await _done(self._work(objects))

    async def fill_all(self, several: Iterable[Objects]) -> None:
        """Reads on from several sets of objects at once."""
        await _done([work for objects in several for work in self._work(objects)])

    def _work(self, objects: Objects) -> list[Coroutine[Any, Any, None]]:
        if objects.count == 0:
            return []
        place = here()
        return [
            self._child(objects, selected) if place is None else self._placed(place, objects, selected)
            for selected in objects.level.onward
            if selected.key not in objects.children
        ]

    # --- one selected field ---------------------------------------------------------------------------------

    async def _placed(self, place: Here, objects: Objects, selected: Selected) -> None:
        """As `_child`, for a plan that says what each read is for."""
        with self.placing.field(place, objects.level, selected.key):
            await self._child(objects, selected)

    async def _child(self, objects: Objects, selected: Selected) -> None:
        try:
            arguments = self._arguments(objects.level, selected)
            objects.children[selected.key] = await self._read(objects, selected, arguments)
        except Exception as error:
            failure = Failure(error)
            objects.children[selected.key] = Leaves([failure] * objects.count)

    def _arguments(self, level: Level, selected: Selected) -> Arguments:
        declared = selected.declared
        if declared is None or not declared.arguments:
            return {}
        if selected.fixed_arguments is not None:
            return selected.fixed_arguments
        known = self.prepared.arguments.get(selected)
        if known is not None:
            return known
        # As graphql-core has them: absent where nothing was given, and nothing is the default.
        node = selected.nodes[0]
        variables = self.prepared.variables
        found = argument_values(self._definition(level, selected), node, variables, None, False)
        if not any(map(holds_variable, node.arguments or ())):
            selected.fixed_arguments = found
        else:
            self.prepared.arguments[selected] = found
        return found

    def _definition(self, level: Level, selected: Selected) -> GraphQLField:
        type_ = self.schema.graphql.type_map[level.type.name]
        assert isinstance(type_, GraphQLObjectType)
        found: GraphQLField = type_.fields[selected.name]
        return found

    async def _read(self, objects: Objects, selected: Selected, arguments: Arguments) -> Child:  # noqa: PLR0911
        declared, step = selected.declared, selected.step
        match declared:
            case ThroughField():
                return await self._through(objects, declared)
            case ComputedField():
                function = function_of(declared, step)
                values = await results(objects, function, declared.needs, arguments, self.request)
                return Leaves(values) if step is None else await self._given(step, values)
        assert step is not None
        match declared:
            case ToOneField(direction=direction):
                return await self._to_one(objects, step, direction)
            case ToManyField(direction=direction):
                column = objects.columns[objects.level.columns[direction.source]]
                found = await self._list(step, arguments, direction.table, direction, column)
                return found if objects.present is None else _where_present(found, objects.present)
            case RootListField(table=table):
                return await self._list(step, arguments, table)
            case RootOneField():
                return await self._by_id(step, arguments)
            case ReferenceField(resolve=resolve):
                named = await results(objects, resolve, declared.needs, arguments, self.request)
                return await self._referenced(step, declared, named)
            case CompanyRowsField():
                return await self._company_rows(objects, step, declared, arguments)
            case NodeField(many=many):
                return await self._nodes(step, arguments, many=many)
        raise TypeError(f"{selected.name} can't be read")

    # --- rows by key ----------------------------------------------------------------------------------------

    async def _to_one(self, objects: Objects, step: Step, direction: Direction) -> One:
        where = self.request.catalogue.row_type(direction.table).shown
        raw = objects.columns[objects.level.columns[direction.source]]
        return await self._one(step, raw, direction.target, where, "one")

    async def _one(self, step: Step, raw: Sequence[Any], target: Any, where: Filter, name: Any) -> One:
        """The row that each value names by `target`, the one with the lowest key; rubbish names none."""
        selection, along = await self._selected(step, target, where)
        gathered = self.gathering.rows(selection, (name, id(step.columns), along.name))
        rows, place_of = await self._places(gathered, raw, target)
        child = of_rows(step.levels[0], rows)
        await self.fill_all([child, *along.placed(child)])
        return One(child, list(map(place_of.get, raw)))

    async def _selected(self, step: Step, target: Any, where: Filter) -> tuple[Selection, Along]:
        """What is read of the rows that are named by `target`, and what comes along with them."""
        rules = None
        if may_come_along(step.levels, target.table):
            # What fails with the rules says so itself; what doesn't need them is read without what comes along.
            with suppress(Exception):
                rules = await self.request.access.rules()
        found: tuple[Selection, Along] | None = step.kept.get(rules, where)
        if found is None:
            along = NOTHING if rules is None else along_of(self.request, step.levels, target.table)
            selection = named_by(target, step.columns, where, along=along.reads, lasting=True)
            found = step.kept.keep(rules, where, (selection, along), (where, along.name))
        return found

    async def _places(
        self, gathered: Gathered, raw: Sequence[Any], target: Any
    ) -> tuple[list[Row], dict[Any, Link]]:
        """The rows behind the values, and where among them that of each value is."""
        keys, key_of = keys_named(raw, target)
        found = await gathered.get(keys) if keys else {}
        failed = {}
        if Failure in {*map(type, found.values())}:
            failed = {key: answer for key, answer in found.items() if answer.__class__ is Failure}
        known = cast(Mapping[Any, Sequence[Row]], found)
        there = [key for key in keys if key not in failed and known.get(key)]
        rows = [known[key][0] for key in there]
        place_of: dict[Any, Link] = dict(zip(there, range(len(there)), strict=True))
        if failed:
            place_of |= cast(dict[Any, Link], failed)
        if key_of is not None:
            place_of = {value: place_of.get(key) for value, key in key_of.items()}
        return rows, place_of

    async def _through(self, objects: Objects, declared: ThroughField) -> Leaves:
        direction, column = declared.direction, declared.column
        columns = objects.level.through[direction]
        raw = objects.columns[objects.level.columns[direction.source]]
        selection = objects.level.kept.get(None, direction)
        if selection is None:
            selection = named_by(direction.target, columns, EVERYTHING, lasting=True)
            objects.level.kept.keep(None, direction, selection)
        gathered = self.gathering.rows(selection, ("through", id(columns)))
        rows, place_of = await self._places(gathered, raw, direction.target)
        value_of = {
            value: link
            if isinstance(link, Failure)
            else self._converted(declared, rows[link][columns[column]])
            for value, link in place_of.items()
            if link is not None
        }
        return Leaves(list(map(value_of.get, raw)))

    def _converted(self, declared: ThroughField, cell: Any) -> Any:
        value = presented(declared.column, cell, self.request.zone)
        if declared.convert is None or value is None:
            return value
        try:
            return declared.convert(value)
        except Exception as error:
            return Failure(error)

    # --- lists ----------------------------------------------------------------------------------------------

    async def _list(
        self,
        step: Step,
        arguments: Arguments,
        table: Table,
        direction: Direction | None = None,
        raw: Sequence[Any] = ROOT,
    ) -> Pages:
        reader, along = await self._reader(step, arguments, table, direction)
        lists = Lists(self.request.access, reader, self.gathering, raw)
        # Counting waits for nobody: what comes below the rows goes on while it lasts.
        counting = asyncio.ensure_future(lists.totals()) if step.total else None
        paged = await lists.paged(along)
        pages = paged.pages
        sets = [of_rows(level, paged.rows) for level in step.levels]
        await self.fill_all([*sets, *(inner for objects in sets for inner in along.placed(objects))])
        if counting is not None:
            for page, total in zip(pages, await counting, strict=True):
                page.total = total
        return Pages(sets, pages)

    async def _reader(
        self, step: Step, arguments: Arguments, table: Table, direction: Direction | None
    ) -> tuple[ListReader, Along]:
        """How a list is read, and what comes along with its rows. A page of all rows, as they are, is read often."""
        page = page_arguments(arguments)
        rules = await self.request.access.rules()
        is_plain = arguments.get("where") is None and arguments.get("orderBy") is None
        lasting = is_plain and page.after is None and page.before is None
        found: tuple[ListReader, Along] | None = step.kept.get(rules, page) if lasting else None
        if found is None:
            along = along_of(self.request, step.levels, table)
            reader = await list_reader(
                self.request, step, table, direction, arguments, along=along.reads, lasting=lasting
            )
            found = reader, along
            if lasting:
                found = step.kept.keep(rules, page, found, (page, along.name, *reader.sorted_by))
        return found

    async def _company_rows(
        self, objects: Objects, step: Step, declared: CompanyRowsField, arguments: Arguments
    ) -> Child:
        columns = objects.level.columns
        companies = zip(
            objects.columns[columns[declared.key]], objects.columns[columns[declared.schema]], strict=True
        )
        found = [
            None if absent else company_rows(self.request, step, declared, company, arguments)
            for company, absent in zip(companies, absences(objects), strict=True)
        ]
        return await self._given(step, found)

    # --- rows by id, and by function ------------------------------------------------------------------------

    async def _by_id(self, step: Step, arguments: Arguments) -> One:
        level = step.levels[0]
        row_type = level.type
        assert isinstance(row_type, RowType)
        text, key = arguments.get("id"), arguments.get("databaseId")
        if (text is None) == (key is None):
            raise bad_input("Give either `id` or `databaseId`.")
        if text is not None:
            key = database_id(text, row_type.name)
        deleted = bool(arguments.get("includeDeleted", False))
        where = EVERYTHING if deleted else row_type.shown
        return await self._one(step, [key], row_type.key, where, ("by id", deleted))

    async def _referenced(self, step: Step, declared: ReferenceField, named: Sequence[Any]) -> One | Several:
        row_type = self.request.catalogue.row_type(declared.table)
        if not declared.many:
            raw = [None if isinstance(key, Failure) else key for key in named]
            found = await self._one(step, raw, row_type.key, row_type.shown, "one")
            assert found.links is not None
            links = [
                key if isinstance(key, Failure) else link
                for key, link in zip(named, found.links, strict=True)
            ]
            return One(found.objects, links)
        every = [key for keys in named if keys is not None and not isinstance(keys, Failure) for key in keys]
        distinct = list(dict.fromkeys(every))
        found = await self._one(step, distinct, row_type.key, row_type.shown, "one")
        assert found.links is not None
        place_of = dict(zip(distinct, found.links, strict=True))
        lists = [keys if isinstance(keys, Failure) else _listed(keys, place_of) for keys in named]
        return Several(found.objects, lists)

    async def _nodes(self, step: Step, arguments: Arguments, *, many: bool) -> Found:
        if not many:
            return Found([await self._node(step, arguments["id"])])
        ids = arguments["ids"]
        check_number_of(ids)
        found = await asyncio.gather(*[or_failure(self._node(step, text)) for text in ids])
        return Found([list(found)])

    async def _node(self, step: Step, text: str) -> Node | None:
        named = node_named(self.request, text, self.schema.node_types)
        if named is None:
            return None
        assert step.by_type is not None
        level = step.by_type(named.type)
        row_type = level.type
        if not isinstance(row_type, RowType):
            value = await self.schema.finders[named.type](self.request, named.key)
            if value is None:
                return None
            objects = Objects(level, 1, values=(value,))
            await self.fill(objects)
            return Node(objects, 0)
        one = Step(step.declared, levels=[level], columns=level.columns)
        found = await self._one(one, [integer_key(named)], row_type.key, row_type.shown, "one")
        assert found.links is not None
        (link,) = found.links
        if isinstance(link, Failure):
            raise link.error
        return None if link is None else Node(found.objects, link)

    # --- what functions give --------------------------------------------------------------------------------

    async def _given(self, step: Step, values: Sequence[Any]) -> Child:
        """The objects that functions gave, and what is selected of them."""
        child, objects = await composite(step, values)
        await self.fill_all(objects)
        return child


async def _done(work: Sequence[Coroutine[Any, Any, None]]) -> None:
    if len(work) == 1:
        await work[0]
    elif work:
        await asyncio.gather(*work)


def _where_present(found: Pages, present: Sequence[Any]) -> Pages:
    pages = [None if key is None else page for key, page in zip(present, found.pages, strict=True)]
    return Pages(found.objects, pages)


def _listed(keys: Sequence[Any] | None, place_of: Mapping[Any, Link]) -> list[Link] | Failure | None:
    """The objects of a list by their keys, without those that aren't there; one that failed takes the list."""
    if keys is None:
        return None
    links = [place_of[key] for key in keys]
    failed = next((link for link in links if isinstance(link, Failure)), None)
    return failed or [link for link in links if link is not None]
