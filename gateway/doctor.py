"""`gateway doctor`: settings, sources, roles, shared leads, how changes are seen; and what to do about all that."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Mapping
from dataclasses import MISSING, fields

from datasources.base import SourceError
from gateway.auth.system_access import SystemAccess
from gateway.errors import GatewayError
from gateway.events.capture_choice import examine_capture
from gateway.role_denials import examine_roles
from gateway.services import Services, open_services
from gateway.settings import Settings, SettingsError, environment_name, read_settings
from gateway.sharing import examine_sharing

ADVICE = {
    "iperform": "is the MySQL server up, and may the user read the database?",
    "magenta": "is the MySQL server up, and may the user read the database?",
    "analytics": "is ClickHouse up on its native port? On the embedded estate: is chdb installed?",
    "files": "does the bucket or folder exist, and do the keys fit it?",
    "events": "is Redis up?",
}


async def examine(environment: Mapping[str, str] | None = None) -> tuple[str, bool]:
    """The report, and whether everything is well."""
    source = os.environ if environment is None else environment
    lines = ["Settings", *(f"  {line}" for line in _settings(source))]
    try:
        settings = read_settings(source)
        services = open_services(settings)
    except (SettingsError, ValueError) as error:
        return "\n".join([*lines, "", f"Not usable: {error}"]), False
    states = await _sources(services)
    roles = await examine_roles(SystemAccess(services.estate)) if states["iperform"][0] else None
    await services.close()
    lines += ["", "Sources"]
    lines += [
        f"  {name:<10} {'ok  ' + state if well else 'DOWN  ' + ADVICE[name]}"
        for name, (well, state) in states.items()
    ]
    healthy = all(well for well, _ in states.values())
    if roles is not None:
        lines += ["", "Roles", *(f"  {line}" for line in roles[0])]
        healthy = healthy and roles[1]
    if states["iperform"][0]:
        found, in_step = await examine_sharing(settings.iperform_dsn)
        lines += ["", "Shared leads", *(f"  {line}" for line in found)]
        healthy = healthy and in_step
        lines += ["", "Changes", *(f"  {line}" for line in await examine_capture(settings))]
    return "\n".join(lines), healthy


def _settings(environment: Mapping[str, str]) -> list[str]:
    lines = []
    for item in fields(Settings):
        name = environment_name(item)
        value = environment.get(name)
        if value:
            shown = "(set, not shown)" if item.metadata["secret"] else value
        elif item.default is MISSING:
            shown = "MISSING"
        else:
            shown = f"{item.default} (default)"
        lines.append(f"{name:<36} {shown}  # {item.metadata['description']}")
    return lines


async def _sources(services: Services) -> dict[str, tuple[bool, str]]:
    probes: dict[str, Awaitable[str]] = {
        name: source.version() for name, source in services.estate.sources.items()
    }
    probes |= {"files": services.estate.files.version(), "events": services.bus.version()}
    states = await asyncio.gather(*[_state(probe) for probe in probes.values()])
    return dict(zip(probes, states, strict=True))


async def _state(probe: Awaitable[str]) -> tuple[bool, str]:
    try:
        return True, await probe
    except (SourceError, GatewayError) as error:
        return False, str(error)
