"""One audience's schema, as the executor has it: the GraphQL schema, and the declarations behind it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from graphql import GraphQLInputObjectType, GraphQLSchema

from gateway.resolvers.catalogue import Catalogue
from gateway.resolvers.nodes import Finder


@dataclass(frozen=True)
class AudienceSchema:
    """What callers of one kind may ever use. `sdl` is its text, with the directives' definitions.

    `node_types` are all types with global ids, of every audience; `finders` find those that are no rows.
    """

    graphql: GraphQLSchema
    catalogue: Catalogue
    sdl: str
    node_types: frozenset[str] = frozenset()
    finders: Mapping[str, Finder] = field(default_factory=dict)

    @cached_property
    def input_names(self) -> frozenset[str]:
        """The names of the fields of all inputs."""
        inputs = (item for item in self.graphql.type_map.values() if isinstance(item, GraphQLInputObjectType))
        return frozenset(name for item in inputs for name in item.fields)

    @cached_property
    def etag(self) -> str:
        """Changes whenever the text of the schema does."""
        return f'"{hashlib.sha256(self.sdl.encode()).hexdigest()[:32]}"'
