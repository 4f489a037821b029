"""The sources of the estate, and what a client may know of their failures. Held by access, made by `services.py`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog
from sqlalchemy import Table

from datasources.base import FileStore, Source, SourceError, SourceTimeout
from gateway.auth.company_schemas import CompanySchemas
from gateway.errors import Code, GatewayError

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Estate:
    """The sources of the estate by name, its files, and which companies' schemas were seen in it."""

    sources: Mapping[str, Source]
    files: FileStore
    company_schemas: CompanySchemas = field(default_factory=CompanySchemas)

    def source(self, table: Table) -> Source:
        """The source that holds a table."""
        return self.sources[str(table.metadata.info["source"])]

    async def close(self) -> None:
        """Gives back every connection and thread."""
        for source in self.sources.values():
            await source.close()
        await self.files.close()


def source_failed(error: SourceError) -> GatewayError:
    """What a client may know of a source's failure; why it failed goes to the log."""
    log.warning("a source failed", source=error.source, reason=str(error))
    if isinstance(error, SourceTimeout):
        return GatewayError(
            Code.TIMEOUT, f"The source “{error.source}” took too long; ask for less, or ask again."
        )
    return GatewayError(
        Code.SOURCE_UNAVAILABLE,
        f"The source “{error.source}” can't be reached right now; ask again in a moment.",
    )


@contextmanager
def failures_coded() -> Iterator[None]:
    """Turns a source's failure into the error that a client gets."""
    try:
        yield
    except SourceError as error:
        raise source_failed(error) from error
