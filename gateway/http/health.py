"""`/livez`, `/readyz` and `/metrics`: for whatever runs the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from gateway.auth.needed_tables import TablesMissing, require_tables
from gateway.auth.system_access import SystemAccess
from gateway.services import Services

log = structlog.get_logger(__name__)

# Without these nobody can be known, so nothing can be answered.
NEEDED = ("iperform",)
# Whoever asks for health gives up soon: a source that takes longer isn't waited for.
PROBE_SECONDS = 2.0


async def livez(_: Request) -> Response:
    """The process lives."""
    return PlainTextResponse("alive\n")


async def readyz(request: Request) -> Response:
    """200 once the gateway can answer; each source's state, with what it is."""
    services: Services = request.app.state.services
    probes: dict[str, Awaitable[str]] = {
        name: source.version() for name, source in services.estate.sources.items()
    }
    probes["iperform"] = _with_tables(probes["iperform"], services, request.app.state)
    probes |= {"files": services.estate.files.version(), "events": services.bus.version()}
    advice = services.settings.table_advice
    states = await asyncio.gather(*[_state(name, probe, advice) for name, probe in probes.items()])
    sources = dict(zip(probes, states, strict=True))
    ready = all(sources[name]["ready"] for name in NEEDED)
    return JSONResponse({"ready": ready, "sources": sources}, status_code=200 if ready else 503)


async def _with_tables(version: Awaitable[str], services: Services, kept: State) -> str:
    """The version of a database that has its tables; once they were there, they aren't looked for again."""
    found = await version
    if not getattr(kept, "has_tables", False):
        await require_tables(SystemAccess(services.estate))
        kept.has_tables = True
    return found


async def _state(name: str, probe: Awaitable[str], advice: str) -> dict[str, object]:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return {"ready": True, "version": await probe}
    except TablesMissing as error:
        log.warning("a source isn't ready", source=name, reason=f"{error}: {advice}")
        return {"ready": False, "reason": f"tables are missing or can't be read: {advice}"}
    except Exception as error:
        # An error's text may hold hosts: it is for the log. Whatever it is, the other states are worth knowing.
        log.warning("a source isn't ready", source=name, reason=repr(error))
        return {"ready": False}


async def metrics(_: Request) -> Response:
    """Prometheus metrics of this process."""
    return Response(generate_latest(), headers={"content-type": CONTENT_TYPE_LATEST})
