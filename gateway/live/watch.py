"""What a subscription's operation watches: which events, of which rows, and what tells it apart from others. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import orjson
from graphql import ArgumentNode, FieldNode, GraphQLObjectType, VariableNode, Visitor, visit
from sqlalchemy import Table

from datasources.iperform.tables import leads, tickets
from gateway.engine.arguments import argument_values
from gateway.engine.audience import AudienceSchema
from gateway.engine.reference import Prepared
from gateway.errors import bad_input
from gateway.events.event import StatusEvent, Subject
from gateway.live.reads import PlannedReads, planned_reads
from gateway.resolvers.declarations import RowType
from gateway.resolvers.plan import Level, Selected

# The fields of the root, by what they tell of.
SUBJECTS = {"leadStatusChanged": Subject.LEAD, "ticketStatusChanged": Subject.TICKET}
TABLES: Mapping[Subject, Table] = {Subject.LEAD: leads, Subject.TICKET: tickets}
MOST_STATUSES = 1_000


@dataclass(frozen=True, eq=False)
class Watch:
    """One subscription's wishes. `before` and `to` are statuses, None for any; `shape` is equal for equal wishes."""

    subject: Subject
    row_type: RowType
    where: Mapping[str, Any] | None
    before: frozenset[str] | None
    to: frozenset[str] | None
    after: str | None
    plan: Level
    shape: Hashable
    # Kept, so that no other document can have its identity while somebody watches by it.
    prepared: Prepared = field(repr=False)

    def matches(self, event: StatusEvent) -> bool:
        """Whether an event is of the kind that is watched for, whoever may see its row."""
        return (
            event.subject is self.subject
            and (self.before is None or event.previous in self.before)
            and (self.to is None or event.status in self.to)
        )

    @cached_property
    def reads(self) -> PlannedReads:
        """What answers are made of."""
        return planned_reads(self.plan)

    @cached_property
    def where_text(self) -> bytes:
        """The condition, the same for equal ones."""
        return _canonical(self.where)


def watch_of(schema: AudienceSchema, prepared: Prepared) -> Watch:
    """What a prepared subscription watches. Raises BAD_USER_INPUT."""
    plan = prepared.plan(schema.catalogue)
    (selected,) = plan.selected.values()
    subject = SUBJECTS[selected.name]
    arguments = _arguments(schema, prepared, selected)
    return Watch(
        subject=subject,
        row_type=schema.catalogue.row_type(TABLES[subject]),
        where=arguments.get("where"),
        before=_statuses("from", arguments.get("from")),
        to=_statuses("to", arguments.get("to")),
        after=arguments.get("after"),
        plan=plan,
        shape=(id(prepared.document), id(prepared.operation), _canonical(_deciding(prepared, selected))),
        prepared=prepared,
    )


def _arguments(schema: AudienceSchema, prepared: Prepared, selected: Selected) -> Mapping[str, Any]:
    root = schema.graphql.subscription_type
    assert isinstance(root, GraphQLObjectType)
    definition = root.fields[selected.name]
    found: Mapping[str, Any] = argument_values(definition, selected.nodes[0], prepared.variables, None, False)
    return found


def _statuses(name: str, given: list[str] | None) -> frozenset[str] | None:
    if given is None:
        return None
    if len(given) > MOST_STATUSES:
        raise bad_input(f"`{name}` has more than {MOST_STATUSES} statuses; ask for less at once.")
    return frozenset(given)


def _deciding(prepared: Prepared, selected: Selected) -> Mapping[str, Any]:
    """The variables that decide what the answers are: all but the one that only says where to go on from."""
    cursors = {
        argument.value.name.value
        for node in selected.nodes
        for argument in _afters(node)
        if isinstance(argument.value, VariableNode)
    }
    uses = _Uses()
    visit(prepared.document.node, uses)
    only_cursors = {name for name in cursors if uses.found[name] == len(selected.nodes)}
    return {name: value for name, value in prepared.given.items() if name not in only_cursors}


def _afters(node: FieldNode) -> Iterator[ArgumentNode]:
    return (argument for argument in node.arguments or () if argument.name.value == "after")


class _Uses(Visitor):
    """Counts where each variable stands, but for its definition."""

    def __init__(self) -> None:
        super().__init__()
        self.found: Counter[str] = Counter()

    def enter_variable(self, node: VariableNode, _: Any, parent: Any, *__: object) -> None:
        """Notes one."""
        if getattr(parent, "kind", "") != "variable_definition":
            self.found[node.name.value] += 1


def _canonical(value: Any) -> bytes:
    return orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
