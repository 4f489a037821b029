"""The reference executor: graphql-core over the declared resolvers, with loaders. Complete, and plainly right."""

from __future__ import annotations

import inspect
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import ExecutionResult, GraphQLError, OperationDefinitionNode, execute
from graphql.execution.values import VariableValues, get_variable_values

from gateway.context import Request
from gateway.engine.audience import AudienceSchema
from gateway.engine.documents import Document, Measured, RequestRefused
from gateway.engine.limits import check_variables
from gateway.engine.tracing import reference_executor
from gateway.engine.wording import in_words_of_json
from gateway.errors import Code
from gateway.resolvers.catalogue import Catalogue
from gateway.resolvers.element import Element
from gateway.resolvers.plan import Level, Selected

# Of operations that are kept with their variables.
MOST_VARIABLES_KEPT = 10
LONGEST_VALUE_KEPT = 100
_PLAIN = frozenset({int, str, bool, float, type(None)})


@dataclass(frozen=True, slots=True)
class Prepared:
    """One operation that can be executed. `cost` is the estimate that budgets go by; `given` are the variables.

    `arguments` are those of fields, as far as they have been worked out for these variables.
    """

    document: Document
    operation: OperationDefinitionNode
    given: Mapping[str, Any]
    variables: VariableValues
    cost: int
    arguments: dict[Selected, Mapping[str, Any]] = field(default_factory=dict)

    def plan(self, catalogue: Catalogue) -> Level:
        """What the operation needs."""
        return self.document.plan(self.operation, catalogue, self.variables)

    @property
    def is_planned(self) -> bool:
        """Whether that is known already."""
        return self.document.is_planned(self.operation, self.variables)


def prepare(
    schema: AudienceSchema,
    document: Document,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
) -> Prepared:
    """Looks at all of an operation before anything is executed, without I/O.

    Raises `RequestRefused` where the variables don't fit, `GatewayError` past a limit.
    """
    place = _place_of(operation, variables)
    kept = None if place is None else document.measured.get(place)
    if kept is None:
        check_variables(variables)
        coerced = _coerced(schema, operation, variables)
        kept = Measured(coerced, document.cost(operation, coerced.coerced), {})
        _check_conditions(document, coerced)
        if place is not None:
            document.keep(place, kept)
    return Prepared(document, operation, variables, kept.variables, kept.cost, kept.arguments)


def _place_of(operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> Hashable:
    """What tells an operation with its variables from others; None where they are more than a few short values."""
    if len(variables) > MOST_VARIABLES_KEPT:
        return None
    place: list[Any] = [id(operation)]
    for name, value in variables.items():
        kind = type(value)
        if kind not in _PLAIN or (kind is str and len(value) > LONGEST_VALUE_KEPT):
            return None
        # 1, 1.0 and true are equal, and three variables.
        place += (name, kind, value)
    return tuple(place)


async def run(schema: AudienceSchema, prepared: Prepared, request: Request) -> ExecutionResult:
    """Executes one operation."""
    return await _executed(schema, prepared, request, None)


async def _executed(
    schema: AudienceSchema, prepared: Prepared, request: Request, value: Any
) -> ExecutionResult:
    document, operation = prepared.document, prepared.operation
    root = Element(prepared.plan(request.catalogue), value)
    result = execute(
        schema.graphql,
        document.node,
        root_value=root,
        context_value=request,
        variable_values=dict(prepared.given),
        operation_name=None if operation.name is None else operation.name.value,
        executor_class=reference_executor(),
    )
    return await result if inspect.isawaitable(result) else result


async def run_each(
    schema: AudienceSchema, prepared: Prepared, request: Request, events: Sequence[Any]
) -> list[ExecutionResult]:
    """Executes a subscription's operation for each of several events."""
    return [await _executed(schema, prepared, request, event) for event in events]


def _check_conditions(document: Document, variables: VariableValues) -> None:
    """Refuses a null for `@skip(if: $a)`, which validation lets through where `$a` has a default."""
    nulls = [name for name in document.conditions if variables.coerced.get(name, False) is None]
    if nulls:
        said = "is a condition of `@skip` or `@include`: give true or false, not null."
        raise RequestRefused(
            Code.BAD_USER_INPUT, [GraphQLError(f"Variable '${name}' {said}") for name in sorted(nulls)]
        )


def _coerced(
    schema: AudienceSchema, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> VariableValues:
    found = get_variable_values(
        schema.graphql, operation.variable_definitions or (), dict(variables), max_errors=10
    )
    if isinstance(found, list):
        for error in found:
            error.message = in_words_of_json(error.message)
        raise RequestRefused(Code.BAD_USER_INPUT, found)
    return found
