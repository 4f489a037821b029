"""From the text of a request to a validated document: once for each text and audience."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cached_property

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    parse,
    validate,
)

from gateway.engine.audience import AudienceSchema
from gateway.errors import Code, GatewayError

MOST_TOKENS = 10_000
MOST_ERRORS = 10
MOST_CACHED = 1_000
LONGEST_CACHED = 20_000


class RequestRefused(Exception):
    """A request that can't be executed; `errors` say why, all with the same code."""

    def __init__(self, code: Code, errors: list[GraphQLError]) -> None:
        super().__init__(code.value)
        self.code = code
        self.errors = errors


@dataclass(frozen=True)
class Document:
    """A document that is valid for an audience."""

    node: DocumentNode

    @cached_property
    def fragments(self) -> dict[str, FragmentDefinitionNode]:
        """The document's fragments by name."""
        found = (node for node in self.node.definitions if isinstance(node, FragmentDefinitionNode))
        return {node.name.value: node for node in found}

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation to execute. Raises OPERATION_RESOLUTION_FAILURE where it isn't clear which."""
        found = [node for node in self.node.definitions if isinstance(node, OperationDefinitionNode)]
        if name:
            found = [node for node in found if node.name is not None and node.name.value == name]
        if len(found) != 1:
            said = (
                "has no operation of that name"
                if name
                else "needs an operationName: it has not just one operation"
            )
            raise GatewayError(Code.OPERATION_RESOLUTION_FAILURE, f"The document {said}.")
        return found[0]


@dataclass
class Documents:
    """Parsed and validated documents, the least recently used given up first."""

    _kept: OrderedDict[tuple[str, str], Document] = field(default_factory=OrderedDict)

    def get(self, text: str, schema: AudienceSchema) -> Document:
        """The document of a text. Raises `RequestRefused` where it doesn't parse, or isn't valid for the audience."""
        place = (schema.catalogue.audience.value, text)
        known = self._kept.get(place)
        if known is not None:
            self._kept.move_to_end(place)
            return known
        document = Document(_validated(_parsed(text), schema))
        if len(text) <= LONGEST_CACHED:
            self._kept[place] = document
            if len(self._kept) > MOST_CACHED:
                self._kept.popitem(last=False)
        return document


def _parsed(text: str) -> DocumentNode:
    try:
        return parse(text, max_tokens=MOST_TOKENS)
    except GraphQLSyntaxError as error:
        raise RequestRefused(Code.GRAPHQL_PARSE_FAILED, [error]) from None
    except RecursionError:
        raise RequestRefused(
            Code.GRAPHQL_PARSE_FAILED, [GraphQLError("The document is nested too deeply.")]
        ) from None


def _validated(node: DocumentNode, schema: AudienceSchema) -> DocumentNode:
    try:
        errors = validate(schema.graphql, node, max_errors=MOST_ERRORS)
    except RecursionError:
        errors = [GraphQLError("The document is nested too deeply.")]
    if errors:
        raise RequestRefused(Code.GRAPHQL_VALIDATION_FAILED, errors)
    return node
