"""The compiled engine: plans an operation once, reads by level, writes the answer from the columns that were read.

The fast road over the same declarations, policies and batches as `reference.py`, and the same bytes. What it doesn't
plan, mutations and introspection, runs on the reference.
"""

from __future__ import annotations

from graphql import ExecutionResult, OperationType

from gateway.context import Request
from gateway.engine import reference
from gateway.engine.audience import AudienceSchema
from gateway.engine.completing import Completion
from gateway.engine.fetching import Fetch
from gateway.engine.leaves import Unexpected
from gateway.engine.reference import Prepared
from gateway.engine.writing import Writer

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
    if not fetch.failed:
        try:
            return ExecutionResult(Writer(schema.graphql, request.zone).written(objects), None)
        except Unexpected:
            pass
    completion = Completion(schema.graphql, request.zone)
    data = completion.data(objects)
    return ExecutionResult(data, completion.errors or None)
