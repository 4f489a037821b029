"""Executes an operation by the engine that the settings name."""

from __future__ import annotations

from graphql import ExecutionResult

from gateway.context import Request
from gateway.engine import compiled, reference
from gateway.engine.audience import AudienceSchema
from gateway.engine.reference import Prepared

EXECUTORS = {"compiled": compiled.run, "reference": reference.run}


async def run(schema: AudienceSchema, prepared: Prepared, request: Request, engine: str) -> ExecutionResult:
    """The result of one operation; both engines give the same."""
    return await EXECUTORS[engine](schema, prepared, request)
