"""The compiled engine: plans an operation once, reads by level, writes the answer from the columns that were read.

The fast road over the same declarations, policies and batches as `reference.py`, and the same bytes. What it doesn't
plan, mutations and introspection, runs on the reference.
"""

from __future__ import annotations

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
    fetch = Fetch(schema, request, prepared.variables)
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


def _field(root: Objects, selected: Selected, writer: Writer, completion: Completion) -> Any:
    """One field of the root: fast, or value by value where something in it isn't as the schema promises."""
    if selected.name == "__typename":
        return root.level.type.name
    try:
        return writer.written(root, selected)
    except Unexpected:
        return completion.root(root, selected)
