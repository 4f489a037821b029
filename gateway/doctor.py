"""`gateway doctor`: settings, sources, roles, shared leads, how changes are seen; and what to do about all that."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from difflib import get_close_matches
from urllib.parse import unquote, urlsplit

from datasources.base import SourceError
from gateway.auth.system_access import SystemAccess
from gateway.errors import GatewayError
from gateway.events.capture_choice import examine_capture
from gateway.failures import first_line
from gateway.role_denials import examine_roles
from gateway.services import Services, open_services
from gateway.settings import DSN, PREFIX, Settings, SettingsError, environment_name, read_settings
from gateway.sharing import examine_sharing

ADVICE = {
    "iperform": "is the MySQL server up, and may the user read the database?",
    "magenta": "is the MySQL server up, and may the user read the database?",
    "analytics": "is ClickHouse up on its native port? On the embedded estate: is chdb installed?",
    "files": "does the bucket or folder exist, and do the keys fit it?",
    "events": "is Redis up?",
}
NOT_CHECKED = (["Not checked: iperform is down."], False)


async def examine(environment: Mapping[str, str] | None = None) -> tuple[str, bool]:
    """The report, and whether everything is well."""
    source = os.environ if environment is None else environment
    lines = _section("Settings", [*_settings(source), *_unknown(source)])
    try:
        settings = read_settings(source)
        services = open_services(settings)
    except (SettingsError, ValueError) as error:
        return "\n".join([*lines[1:], "", f"Not usable: {error}"]), False
    states = await _sources(services)
    advice = settings.table_advice
    roles = sharing = capture = NOT_CHECKED
    if states["iperform"].well:
        roles = await examine_roles(SystemAccess(services.estate), table_advice=advice)
        sharing = await examine_sharing(settings.iperform_dsn, table_advice=advice)
        capture = await examine_capture(settings), True
    await services.close()
    lines += _section("Sources", [line for name, state in states.items() for line in _described(name, state)])
    lines += [*_section("Roles", roles[0]), *_section("Shared leads", sharing[0])]
    lines += _section("Changes", capture[0])
    return "\n".join(lines[1:]), all(state.well for state in states.values()) and roles[1] and sharing[1]


def _section(heading: str, lines: Iterable[str]) -> list[str]:
    return ["", heading, *(f"  {line}" for line in lines)]


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


def _unknown(environment: Mapping[str, str]) -> list[str]:
    """Names that look like settings and are none, with what may have been meant: nothing else reads them."""
    # Without the prefix, which all have: it would make any two names alike.
    known = [environment_name(item).removeprefix(PREFIX) for item in fields(Settings)]
    given = sorted(name.removeprefix(PREFIX) for name in environment if name.startswith(PREFIX))
    lines = []
    for name in given:
        if name not in known:
            likely = get_close_matches(name, known, 1)
            meant = f"; is {PREFIX}{likely[0]} meant?" if likely else ""
            lines.append(f"{PREFIX + name:<36} is no setting, and is ignored{meant}")
    return lines


@dataclass(frozen=True, slots=True)
class _State:
    """Of a source: its version if it is well, else why it isn't."""

    well: bool
    said: str


def _described(name: str, state: _State) -> list[str]:
    if state.well:
        return [f"{name:<10} ok  {state.said}"]
    return [f"{name:<10} DOWN  {ADVICE[name]}", f"{'':<10}   {state.said}"]


async def _sources(services: Services) -> dict[str, _State]:
    probes: dict[str, Awaitable[str]] = {
        name: source.version() for name, source in services.estate.sources.items()
    }
    probes |= {"files": services.estate.files.version(), "events": services.bus.version()}
    secrets = _secrets(services.settings)
    states = await asyncio.gather(*[_state(probe, secrets) for probe in probes.values()])
    return dict(zip(probes, states, strict=True))


async def _state(probe: Awaitable[str], secrets: Iterable[str]) -> _State:
    try:
        return _State(True, await probe)
    except (SourceError, GatewayError) as error:
        return _State(False, _without(secrets, _reason(error)))


def _reason(error: Exception) -> str:
    """What the driver said, in one line; what the gateway made of it is the same for every cause."""
    cause = error.__cause__
    return first_line(cause if isinstance(cause, Exception) else error)


def _secrets(settings: Settings) -> set[str]:
    """The passwords in the DSNs, as they are written there and as they are meant."""
    names = [item.name for item in fields(Settings) if item.name.endswith(DSN)]
    written = {urlsplit(getattr(settings, name)).password or "" for name in names}
    return {secret for text in written for secret in (text, unquote(text)) if secret}


def _without(secrets: Iterable[str], text: str) -> str:
    # No driver is known to tell one, but what they say is theirs to change.
    for secret in secrets:
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", "…", text)
    return text
