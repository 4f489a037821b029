"""docker-compose.yml gives the gateway just the settings that `settings.py` knows, and every one that it needs."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import yaml

from gateway.settings import Settings, environment_name, read_settings

ROOT = Path(__file__).parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
KNOWN = {environment_name(item): item for item in fields(Settings)}
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def _environment(service: str) -> dict[str, str]:
    """The environment of a service, its variables as `.env` would fill them in."""
    given: dict[str, Any] = COMPOSE["services"][service]["environment"]
    return {name: VARIABLE.sub(_filled, str(value)) for name, value in given.items()}


def _filled(found: re.Match[str]) -> str:
    return found[3] if found[2] == "-" else "x" * 40


def _variables() -> dict[str, str | None]:
    """The variables that the file asks for, and how: `?` for those that must be set."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    return {found[1]: found[2] for found in VARIABLE.finditer(text.replace("$$", ""))}


def test_the_gateways_settings_are_those_of_settings_py() -> None:
    for service in ("gateway", "migrate"):
        given = _environment(service)
        assert set(given) <= set(KNOWN)
        assert {name for name, item in KNOWN.items() if item.default is MISSING} <= set(given)


def test_the_settings_are_ones_that_the_gateway_starts_with() -> None:
    settings = read_settings(_environment("gateway"))
    assert settings.demo is False
    assert (settings.host, settings.port, settings.workers) == ("0.0.0.0", 8000, 2)


def test_each_source_is_a_service_on_the_port_that_it_listens_on() -> None:
    hosts = {"mysql": "3306", "clickhouse": "9000", "s3": "8333", "redis": "6379"}
    addresses = " ".join(value for name, value in _environment("gateway").items() if name.endswith("_DSN"))
    assert set(re.findall(r"(?:@|//)([a-z0-9]+):(\d+)", addresses)) == set(hosts.items())
    assert set(hosts) <= set(COMPOSE["services"])


def test_no_secret_is_written_into_the_file() -> None:
    for service in COMPOSE["services"].values():
        for name, value in (service.get("environment") or {}).items():
            if re.search("PASSWORD|SECRET|DSN", name) and "redis" not in str(value):
                assert VARIABLE.search(str(value)), name
                assert all(found[2] == "?" for found in VARIABLE.finditer(str(value))), name


def test_the_example_of_env_has_every_variable_and_no_other() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert set(example) == set(_variables())
    assert {name for name, value in example.items() if not value} == {
        name for name, how in _variables().items() if how == "?"
    }


def test_only_the_gateway_is_reachable_and_only_from_this_machine() -> None:
    published = {
        name: service["ports"] for name, service in COMPOSE["services"].items() if "ports" in service
    }
    assert list(published) == ["gateway"]
    assert all(port.startswith("127.0.0.1:") for port in published["gateway"])
