"""From the text of a request to a validated document: once for each text and audience."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from graphql import (
    DirectiveNode,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    visit,
)
from graphql.execution.values import VariableValues

from gateway.auth.audience import Audience
from gateway.engine.audience import AudienceSchema
from gateway.engine.limits import Costs
from gateway.engine.redacted import Redaction
from gateway.engine.validation import errors_of
from gateway.engine.wording import in_words_of_json
from gateway.errors import Code, GatewayError
from gateway.resolvers.catalogue import Catalogue
from gateway.resolvers.plan import Level, Planner, Selected

MOST_TOKENS = 10_000
# A parsed document takes about 170 bytes for each of its characters, and what is derived from it takes as much as some
# hundred characters: without that, many small documents would be more than they look.
MOST_CHARACTERS_CACHED = 500_000
CHARACTERS_DERIVED = 500
LONGEST_CACHED = 20_000
# Of one document: one for each way in which its conditions turn out.
MOST_PLANS = 8
MOST_REDACTED_KEPT = 8
MOST_MEASURED_KEPT = 8

# What graphql-core says when it gives up for the work that it is, rather than for the errors that it has found.
ABORTED = "Validation aborted."
TOO_MUCH_TO_CHECK = "The document repeats the same fields or fragments too often; ask for each once."


class RequestRefused(Exception):
    """A request that can't be executed; `errors` say why, all with the same code."""

    def __init__(self, code: Code, errors: list[GraphQLError]) -> None:
        super().__init__(code.value)
        self.code = code
        self.errors = errors


class Measured(NamedTuple):
    """What is found out of an operation and its variables: these coerced, the cost, and the arguments of its fields."""

    variables: VariableValues
    cost: int
    arguments: dict[Selected, Mapping[str, Any]]


@dataclass(frozen=True)
class Document:
    """A document that is valid for an audience."""

    node: DocumentNode
    _redacted: dict[int, str] = field(default_factory=dict, compare=False, repr=False)
    _plans: dict[Hashable, Level] = field(default_factory=dict, compare=False, repr=False)
    measured: dict[Hashable, Measured] = field(default_factory=dict, compare=False, repr=False)

    def keep(self, place: Hashable, measured: Measured) -> None:
        """Keeps what was found out of an operation with variables; what was kept first goes first."""
        if len(self.measured) >= MOST_MEASURED_KEPT:
            self.measured.pop(next(iter(self.measured)))
        self.measured[place] = measured

    def redacted(self, operation: OperationDefinitionNode, known: frozenset[str]) -> str:
        """What the audit keeps of one of its operations, made once; `known` are the names of the schema's inputs."""
        kept = self._redacted.get(id(operation))
        if kept is None:
            if len(self._redacted) >= MOST_REDACTED_KEPT:
                self._redacted.clear()
            kept = self._redacted[id(operation)] = Redaction(known).document(self.node, operation)
        return kept

    def cost(self, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> int:
        """What one of its operations costs with these variables. Raises COST_LIMIT_EXCEEDED."""
        return self._costs.of(operation, variables)

    @cached_property
    def _costs(self) -> Costs:
        return Costs(self.node)

    def plan(
        self, operation: OperationDefinitionNode, catalogue: Catalogue, variables: VariableValues
    ) -> Level:
        """The plan of one of its operations: made once for each way in which its conditions turn out."""
        place = self._place_of(operation, variables)
        found = self._plans.get(place)
        if found is None:
            if len(self._plans) >= MOST_PLANS:
                self._plans.pop(next(iter(self._plans)))
            planner = Planner(catalogue, self.fragments, variables)
            found = self._plans[place] = planner.plan(operation)
        return found

    def is_planned(self, operation: OperationDefinitionNode, variables: VariableValues) -> bool:
        """Whether the plan is made already."""
        return self._place_of(operation, variables) in self._plans

    def _place_of(self, operation: OperationDefinitionNode, variables: VariableValues) -> Hashable:
        conditions = tuple(variables.coerced.get(name) for name in sorted(self.conditions))
        return (id(operation), conditions)

    @cached_property
    def fragments(self) -> dict[str, FragmentDefinitionNode]:
        """The document's fragments by name."""
        found = (node for node in self.node.definitions if isinstance(node, FragmentDefinitionNode))
        return {node.name.value: node for node in found}

    @cached_property
    def conditions(self) -> frozenset[str]:
        """The variables that decide whether something is answered at all."""
        found = _Conditions()
        visit(self.node, found)
        return frozenset(found.names)

    @cached_property
    def _operations(self) -> list[OperationDefinitionNode]:
        return [node for node in self.node.definitions if isinstance(node, OperationDefinitionNode)]

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation to execute. Raises OPERATION_RESOLUTION_FAILURE where it isn't clear which."""
        found = self._operations
        if name:
            found = [node for node in found if node.name is not None and node.name.value == name]
        if len(found) == 1:
            return found[0]
        said = (
            "The document has no operation with that `operationName`."
            if name
            else "The document has several operations: say which in `operationName`."
            if found
            else "The document has no operation, only fragments."
        )
        raise GatewayError(Code.OPERATION_RESOLUTION_FAILURE, said)


class _Conditions(Visitor):
    """Gathers the variables in directives of an operation: only `@skip` and `@include` can stand there."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        """Notes the variables of one directive."""
        values = (argument.value for argument in node.arguments or ())
        self.names |= {value.name.value for value in values if isinstance(value, VariableNode)}


@dataclass
class Documents:
    """Parsed and validated documents, the least recently used given up first."""

    _kept: OrderedDict[tuple[Audience, str], Document] = field(default_factory=OrderedDict)
    _characters: int = 0

    def get(self, text: str, schema: AudienceSchema) -> Document:
        """The document of a text. Raises `RequestRefused` where it doesn't parse, or isn't valid for the audience."""
        place = (schema.catalogue.audience, text)
        known = self._kept.get(place)
        if known is not None:
            self._kept.move_to_end(place)
            return known
        document = Document(_validated(_parsed(text), text, schema))
        if len(text) <= LONGEST_CACHED:
            self._keep(place, document)
        return document

    def _keep(self, place: tuple[Audience, str], document: Document) -> None:
        self._kept[place] = document
        self._characters += len(place[1]) + CHARACTERS_DERIVED
        while self._characters > MOST_CHARACTERS_CACHED:
            (_, text), _ = self._kept.popitem(last=False)
            self._characters -= len(text) + CHARACTERS_DERIVED


def _parsed(text: str) -> DocumentNode:
    try:
        return parse(text, max_tokens=MOST_TOKENS)
    except GraphQLSyntaxError as error:
        raise RequestRefused(Code.GRAPHQL_PARSE_FAILED, [error]) from None
    except RecursionError:
        raise RequestRefused(
            Code.GRAPHQL_PARSE_FAILED, [GraphQLError("The document is nested too deeply.")]
        ) from None


def _validated(node: DocumentNode, text: str, schema: AudienceSchema) -> DocumentNode:
    try:
        errors = errors_of(node, text, schema.graphql)
    except RecursionError:
        errors = [GraphQLError("The document is nested too deeply.")]
    if [error.message for error in errors] == [ABORTED]:
        raise RequestRefused(Code.COST_LIMIT_EXCEEDED, [GraphQLError(TOO_MUCH_TO_CHECK)])
    if errors:
        for error in errors:
            error.message = in_words_of_json(error.message)
        raise RequestRefused(Code.GRAPHQL_VALIDATION_FAILED, errors)
    return node
