"""`/livez`, `/readyz` and `/metrics`: for whatever runs the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from datasources.base import SourceError
from gateway.errors import GatewayError
from gateway.services import Services

# Without these nobody can be known, so nothing can be answered.
NEEDED = ("iperform",)


async def livez(_: Request) -> Response:
    """The process lives."""
    return PlainTextResponse("alive\n")


async def readyz(request: Request) -> Response:
    """200 once the gateway can answer; each source's state, with what it is."""
    services: Services = request.app.state.services
    probes: dict[str, Awaitable[str]] = {
        name: source.version() for name, source in services.estate.sources.items()
    }
    probes |= {"files": services.estate.files.version(), "events": services.bus.version()}
    states = await asyncio.gather(*[_state(probe) for probe in probes.values()])
    sources = dict(zip(probes, states, strict=True))
    ready = all(sources[name]["ready"] for name in NEEDED)
    return JSONResponse({"ready": ready, "sources": sources}, status_code=200 if ready else 503)


async def _state(probe: Awaitable[str]) -> dict[str, object]:
    try:
        return {"ready": True, "version": await probe}
    except (SourceError, GatewayError):
        # Why is in the log: an error's text may hold hosts.
        return {"ready": False}


async def metrics(_: Request) -> Response:
    """Prometheus metrics of this process."""
    return Response(generate_latest(), headers={"content-type": CONTENT_TYPE_LATEST})
