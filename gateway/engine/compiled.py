"""The compiled engine: plans an operation once, reads by level, writes the answer from the columns that were read.

The fast road over the same declarations, policies and batches as `reference.py`, and the same bytes. What it doesn't
plan, mutations and introspection, runs on the reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphql import ExecutionResult, GraphQLError, OperationType

from gateway.context import Request
from gateway.engine import reference
from gateway.engine.audience import AudienceSchema
from gateway.engine.completing import Completion
from gateway.engine.fetching import Fetch
from gateway.engine.leaves import Unexpected
from gateway.engine.objects import Objects
from gateway.engine.reference import Prepared
from gateway.engine.writing import Writer
from gateway.resolvers.plan import Selected

INTROSPECTION = frozenset({"__schema", "__type"})


async def run(schema: AudienceSchema, prepared: Prepared, request: Request) -> ExecutionResult:
    """Executes one operation."""
    if prepared.operation.operation is not OperationType.QUERY:
        return await reference.run(schema, prepared, request)
    root = prepared.plan(request.catalogue)
    if any(selected.name in INTROSPECTION for selected in root.selected.values()):
        return await reference.run(schema, prepared, request)
    fetch = Fetch(schema, request, prepared)
    objects = await fetch.root(root)
    writer = Writer(schema.graphql, request.zone)
    completion = Completion(schema.graphql, request.zone)
    data: dict[str, Any] = {}
    try:
        for key, selected in root.selected.items():
            data[key] = _field(objects, selected, writer, completion)
    except GraphQLError as error:
        # It takes all of the answer, and with it what else went wrong.
        return ExecutionResult(None, [error])
    return ExecutionResult(data, completion.errors or None)


async def run_each(
    schema: AudienceSchema, prepared: Prepared, request: Request, events: Sequence[Any]
) -> list[ExecutionResult]:
    """Executes a subscription's operation for each of several events, reading what all of them need at once."""
    root = prepared.plan(request.catalogue)
    objects = await Fetch(schema, request, prepared).root(root, events)
    ((key, selected),) = root.selected.items()
    try:
        written = Writer(schema.graphql, request.zone).written(objects, selected)
    except Unexpected:
        return [_completed(schema, request, objects, place) for place in range(objects.count)]
    return [ExecutionResult({key: value}, None) for value in written]


def _completed(schema: AudienceSchema, request: Request, root: Objects, place: int) -> ExecutionResult:
    """The result for one event, value by value."""
    ((key, selected),) = root.level.selected.items()
    completion = Completion(schema.graphql, request.zone)
    try:
        value = completion.root(root, selected, place)
    except GraphQLError as error:
        return ExecutionResult(None, [error])
    return ExecutionResult({key: value}, completion.errors or None)


def _field(root: Objects, selected: Selected, writer: Writer, completion: Completion) -> Any:
    """One field of the root: fast, or value by value where something in it isn't as the schema promises."""
    if selected.name == "__typename":
        return root.level.type.name
    try:
        (value,) = writer.written(root, selected)
        return value
    except Unexpected:
        return completion.root(root, selected)
