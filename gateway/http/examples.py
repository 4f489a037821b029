"""The example queries that GraphiQL offers; each is a test case too. A file's first line names and describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Example:
    """A query to try, with its variables."""

    name: str
    description: str
    query: str
    variables: Mapping[str, Any] | None


def _load() -> tuple[Example, ...]:
    folder = files("gateway.http") / "example_queries"
    found = sorted(
        (item for item in folder.iterdir() if item.name.endswith(".graphql")), key=lambda item: item.name
    )
    examples = []
    for item in found:
        stem = item.name.removesuffix(".graphql")
        variables = folder / f"{stem}.variables.json"
        query = item.read_text(encoding="utf-8")
        name, _, description = query.splitlines()[0].removeprefix("# ").partition(": ")
        examples.append(
            Example(
                name=name,
                description=description,
                query=query,
                variables=orjson.loads(variables.read_bytes()) if variables.is_file() else None,
            )
        )
    return tuple(examples)


EXAMPLES = _load()
