"""Keeps the text of each shape of statement, so that a description's values alone are bound; the SQL engines call it.

Building expressions and going through SQLAlchemy's cache costs a millisecond a statement, ten times what the driver
takes. A shape's statement is built once with marks for values, compiled, and cut at the places that they hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, NamedTuple, Protocol, TypeAlias

from sqlalchemy import BindParameter, ClauseElement, Column, ColumnElement, CompoundSelect, Dialect, Select
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.util import LRUCache

from datasources.base import Capability
from datasources.engines.compiled import Prepared, StatementCompiler
from datasources.engines.decoding import RowDecoder
from datasources.model import Aggregate, Among, ListsAny, Read, Value
from datasources.shapes import (
    Binds,
    Described,
    Marks,
    Outline,
    Unshaped,
    ValueList,
    keys_of,
    marked,
    original_of,
    outline_of,
    united,
)
from datasources.statements import (
    ONE_KEY,
    Capabilities,
    PerKey,
    aggregate_statement,
    combined_statement,
    group_columns,
    key_values,
    select_statement,
)

_SHAPES_KEPT = 1_000
_LIST = re.compile(r"__\[POSTCOMPILE_(\S+?)\]")

_ONE = {"format": "%s", "qmark": "?"}

Process: TypeAlias = Callable[[Value], Value] | None
Statement: TypeAlias = Select[Any] | CompoundSelect[Any] | PerKey


# --- places -------------------------------------------------------------------------------------------------


class Given(NamedTuple):
    """What fills a template: lists, expressions' parameters, and the key that one select of many is for."""

    lists: Sequence[ValueList]
    binds: Binds


class Place(Protocol):
    """A place in a text: one value, or where `spread` any number of them, but at least one."""

    @property
    def spread(self) -> bool:
        """Whether it holds a list."""
        ...

    def values(self, given: Given) -> Sequence[Value]:
        """What goes there."""
        ...


@dataclass(frozen=True, slots=True)
class _Fixed:
    """Values that are a part of the shape, as the driver takes them."""

    found: Sequence[Value]
    spread: bool

    def values(self, given: Given) -> Sequence[Value]:
        return self.found


@dataclass(frozen=True, slots=True)
class _Listed:
    """The values of a list, or of several lists of one column."""

    places: tuple[int, ...]
    process: Process
    spread: bool

    def values(self, given: Given) -> Sequence[Value]:
        if len(self.places) == 1:
            found = given.lists[self.places[0]].kept
        else:
            found = united([given.lists[place] for place in self.places])
        return found if self.process is None else list(map(self.process, found))


@dataclass(frozen=True, slots=True)
class _Bound:
    """The value of an expression's parameter."""

    place: int
    process: Process
    spread: bool

    def values(self, given: Given) -> Sequence[Value]:
        value: Any = given.binds[self.place].effective_value
        found = list(value) if self.spread else [value]
        return found if self.process is None else list(map(self.process, found))


@dataclass(frozen=True, slots=True)
class _OneKey:
    """The key that one select of many is for: left open until the selects are put together."""

    spread: bool = False

    def values(self, given: Given) -> Sequence[Value]:
        return (_OPEN,)


_OPEN: Any = object()


# --- templates ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Template:
    """The text of a shape, cut at the lists in it, and what goes to each of its places in their order."""

    pieces: tuple[str, ...]
    places: tuple[Place, ...]
    one: str

    def fill(self, outline: Outline, *, kept: bool) -> Prepared:
        """The statement for these values; `kept` tells whether the template was there before."""
        given = Given(outline.lists, outline.binds)
        parameters: list[Value] = []
        text = [self.pieces[0]]
        pieces = iter(self.pieces[1:])
        for place in self.places:
            found = place.values(given)
            parameters += found
            if place.spread:
                text += (_spread(self.one, len(found)), next(pieces))
        return Prepared("".join(text), tuple(parameters), kept)


@lru_cache(maxsize=4_096)
def _spread(one: str, count: int) -> str:
    if not count:
        raise Unshaped("an empty list inside an expression")
    return ", ".join([one] * count)


def for_each_key(one: Prepared, keys: Sequence[Value]) -> Prepared:
    """One select for each key in one statement."""
    parameters = list(one.parameters)
    open_places = [place for place, value in enumerate(parameters) if value is _OPEN]
    found: list[Value] = []
    for key in keys:
        for place in open_places:
            parameters[place] = key
        found += parameters
    return Prepared(" UNION ALL ".join([f"({one.text})"] * len(keys)), tuple(found), one.kept)


def template_of(statement: ClauseElement, dialect: Dialect, outline: Outline, marks: Marks) -> Template:
    """The template of a statement that was built with marks. Raises `Unshaped`."""
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    if compiled.literal_execute_params or compiled.escaped_bind_names or "~~" in compiled.string:
        raise Unshaped("a statement whose text depends on values")
    place_of = _Placing(compiled, outline, marks)
    pieces = _LIST.split(compiled.string)
    places = tuple(map(place_of, compiled.positiontup or ()))
    found = {place.place for place in places if isinstance(place, _Bound)}
    if any(place_of.bound_at(bind) not in found for bind in outline.binds):
        raise Unshaped("a parameter that went nowhere: its value may have stayed in the text")
    if sum(place.spread for place in places) != len(pieces) // 2:
        raise Unshaped("a statement with something in it that looks like a list")
    return Template(tuple(pieces[::2]), places, _ONE[dialect.paramstyle])


class _Placing:
    """Says of each parameter of a compiled statement what goes there."""

    def __init__(self, compiled: SQLCompiler, outline: Outline, marks: Marks) -> None:
        self._compiled = compiled
        self._lists = outline.lists
        self._fixed = outline.fixed
        # Where a parameter is in several expressions, all of them have the one value.
        self._bound = {id(original_of(bind)): place for place, bind in enumerate(outline.binds)}
        self._marks = marks

    def __call__(self, name: str) -> Place:
        bind = self._compiled.binds[name]
        process: Process = self._compiled._bind_processors.get(name)  # type: ignore[assignment]
        spread = bind in self._compiled.post_compile_params
        if name == ONE_KEY:
            return _OneKey()
        # What somebody asked for comes first: it may be anything, even a mark.
        place = self._place_of(bind)
        return self._of_value(bind, process, spread) if place is None else _Bound(place, process, spread)

    def bound_at(self, bind: BindParameter[Any]) -> int:
        """The place under which a parameter of an expression is filled in: one for all its copies."""
        return self._bound[id(original_of(bind))]

    def _place_of(self, bind: BindParameter[Any]) -> int | None:
        """Where the parameter, or the one that it was adapted from, is among those of the expressions.

        Raises `Unshaped` for a copy of an unknown one: its value is somebody's, and must not stay in a text for all.
        """
        place = self._bound.get(id(original_of(bind)))
        if place is None and bind._is_clone_of is not None and not self._is_of_shape(bind):
            raise Unshaped("a parameter that nobody is known to have given")
        return place

    def _is_of_shape(self, bind: BindParameter[Any]) -> bool:
        """Whether a value is the shape's own: a mark, marks, or a list that is a part of it."""
        value: Any = bind.effective_value
        values = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        if values in self._fixed:
            return True
        return bool(values) and all(self._marks.place_of(one) is not None for one in values)

    def _of_value(self, bind: BindParameter[Any], process: Process, spread: bool) -> Place:
        value: Any = bind.effective_value
        values = list(value) if spread else [value]
        found = {self._marks.place_of(value) for value in values}
        places = tuple(sorted(place for place in found if place is not None))
        if not places:
            return _Fixed(values if process is None else list(map(process, values)), spread)
        owners = {type(self._lists[place].owner) for place in places}
        if None in found or (owners == {ListsAny}) == spread or (len(places) > 1 and owners != {Among}):
            raise Unshaped("a list that isn't one place")
        return _Listed(places, process, spread)


# --- all of them --------------------------------------------------------------------------------------------


class Planned(NamedTuple):
    """A statement, and what makes the cells of each description's rows what they are declared as."""

    prepared: Prepared
    decoders: tuple[RowDecoder, ...]


@dataclass(slots=True)
class Counts:
    """How many statements came of a template, how many of those were made for it, how many had none."""

    filled: int = 0
    made: int = 0
    without: int = 0


class _Kept(NamedTuple):
    template: Template | None
    per_key: bool
    decoders: tuple[RowDecoder, ...]


@dataclass(slots=True)
class _Recalled:
    """What is known of the reads of one origin: they differ in the values of their keys alone.

    `whole` is the statement of one without keys, `by_keys` what the others are made by: one for each kind of key, and
    for one key or several.
    """

    origin: Read
    whole: Planned | None = None
    by_keys: dict[tuple[type, bool], tuple[_Kept, Outline, int]] = field(default_factory=dict)


class Templates:
    """The statements of one source's reads and aggregates."""

    def __init__(self, compiler: StatementCompiler, capabilities: Capabilities) -> None:
        self._compiler = compiler
        self._capabilities = capabilities
        self._kept: LRUCache[Any, _Kept] = LRUCache(_SHAPES_KEPT)
        # By identity, which holds as long as the origin is kept here.
        self._origins: LRUCache[int, _Recalled] = LRUCache(_SHAPES_KEPT)
        self.counts = Counts()

    def read(self, read: Read) -> Planned:
        """The statement of a read."""
        origin = read.repeats
        if origin is None:
            return self._planned("read", (read,), self._of_read)
        return self._recalled(read, origin)

    def _recalled(self, read: Read, origin: Read) -> Planned:
        """The statement of a read that comes again: only its keys are looked at."""
        known = self._origins.get(id(origin))
        if known is None:
            known = self._origins[id(origin)] = _Recalled(origin)
        if read.keys is None:
            return self._whole(read, known)
        try:
            values, kind, several = keys_of(read.keys)
            found = known.by_keys.get((kind, several))
            if found is None:
                return self._first(read, known, (kind, several))
        except Unshaped:
            return self._planned("read", (read,), self._of_read)
        kept, outline, place = found
        assert kept.template is not None
        lists = list(outline.lists)
        lists[place] = ValueList(read.keys, read.keys.values, values, lists[place].text)
        prepared = kept.template.fill(Outline((), lists, outline.binds), kept=True)
        self.counts.filled += 1
        return Planned(_filled(kept, prepared, (read,)), kept.decoders)

    def _whole(self, read: Read, known: _Recalled) -> Planned:
        if known.whole is None:
            planned = self._planned("read", (read,), self._of_read)
            known.whole = planned._replace(prepared=replace(planned.prepared, kept=True))
            return planned
        self.counts.filled += 1
        return known.whole

    def _first(self, read: Read, known: _Recalled, place: tuple[type, bool]) -> Planned:
        """The statement of the first read of its kind; what made it is kept, if anything can be."""
        planned = self._planned("read", (read,), self._of_read)
        try:
            outline = outline_of((read,), "read")
        except Unshaped:
            return planned
        kept = self._kept.get(outline.shape)
        at = [at for at, one in enumerate(outline.lists) if one.owner is read.keys]
        if kept is not None and kept.template is not None and len(at) == 1:
            known.by_keys[place] = kept, outline, at[0]
        return planned

    def aggregate(self, aggregate: Aggregate) -> Planned:
        """The statement of an aggregate."""
        return self._planned("groups", (aggregate,), self._of_aggregate)

    def combined(self, aggregates: Sequence[Aggregate]) -> Planned:
        """The one statement of several aggregates."""
        return self._planned("groups of each", aggregates, self._of_combined)

    def _decoders_of(self, described: Sequence[Described]) -> tuple[RowDecoder, ...]:
        return decoders_of(described, self._capabilities)

    def _of_read(self, described: Sequence[Any]) -> Statement:
        return select_statement(described[0], self._capabilities)

    def _of_aggregate(self, described: Sequence[Any]) -> Statement:
        return aggregate_statement(described[0], self._capabilities)

    def _of_combined(self, described: Sequence[Any]) -> Statement:
        return combined_statement(described, self._capabilities)

    def _planned(
        self, kind: str, described: Sequence[Described], build: Callable[[Sequence[Any]], Statement]
    ) -> Planned:
        try:
            outline = outline_of(described, kind)
            known = self._kept.get(outline.shape)
            kept = known or self._make(described, outline, build)
            if kept.template is not None:
                prepared = _filled(kept, kept.template.fill(outline, kept=known is not None), described)
                planned = Planned(prepared, kept.decoders)
                self.counts.filled += 1
                return planned
        except Unshaped:
            pass
        self.counts.without += 1
        return Planned(self._compiler.prepare(build(described)), self._decoders_of(described))

    def _make(
        self, described: Sequence[Described], outline: Outline, build: Callable[[Sequence[Any]], Statement]
    ) -> _Kept:
        copies, marks = marked(described, outline)
        statement = build(copies)
        per_key = isinstance(statement, PerKey)
        template = self._template(
            statement.select if isinstance(statement, PerKey) else statement, outline, marks
        )
        kept = self._kept[outline.shape] = _Kept(template, per_key, self._decoders_of(described))
        self.counts.made += 1
        return kept

    def _template(self, statement: ClauseElement, outline: Outline, marks: Marks) -> Template | None:
        try:
            return template_of(statement, self._compiler.dialect, outline, marks)
        except Unshaped:
            return None


def _filled(kept: _Kept, prepared: Prepared, described: Sequence[Described]) -> Prepared:
    keys = described[0].keys
    return for_each_key(prepared, key_values(keys)) if kept.per_key and keys is not None else prepared


def decoders_of(described: Sequence[Described], capabilities: Capabilities) -> tuple[RowDecoder, ...]:
    """What decodes the rows of each description."""
    typed = Capability.TYPED_CELLS in capabilities
    return tuple(
        RowDecoder([cell.type for cell in cells], [typed and type(cell) is Column for cell in cells])
        for cells in map(_cells, described)
    )


def _cells(described: Described) -> list[ColumnElement[Any]]:
    if isinstance(described, Aggregate):
        return [*group_columns(described), *described.measures]
    return [*described.columns, *(column for join in described.joins for column in join.columns)]
