"""Executes an operation by the engine that the settings name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphql import ExecutionResult

from gateway.context import Request
from gateway.engine import compiled, reference
from gateway.engine.audience import AudienceSchema
from gateway.engine.reference import Prepared
from gateway.resolvers.declarations import ComputedField

RUN = {"compiled": compiled.run, "reference": reference.run}
RUN_EACH = {"compiled": compiled.run_each, "reference": reference.run_each}


async def run(schema: AudienceSchema, prepared: Prepared, request: Request, engine: str) -> ExecutionResult:
    """The result of one query or mutation; both engines give the same."""
    await _look_first(prepared, request)
    return await RUN[engine](schema, prepared, request)


async def run_each(
    schema: AudienceSchema, prepared: Prepared, request: Request, events: Sequence[Any], engine: str
) -> list[ExecutionResult]:
    """The results of a subscription's operation, one for each event; both engines give the same."""
    return await RUN_EACH[engine](schema, prepared, request, events)


async def _look_first(prepared: Prepared, request: Request) -> None:
    """Begins with what must be known before anything is read, whatever else is asked for beside it."""
    for selected in prepared.plan(request.catalogue).selected.values():
        if isinstance(selected.declared, ComputedField) and selected.declared.first is not None:
            await selected.declared.first(request)
