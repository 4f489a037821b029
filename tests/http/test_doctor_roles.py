"""What `gateway doctor` says of the roles: what they are denied that isn't there, and of roles that nobody knows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from datasources.iperform.tables import role
from gateway.doctor import examine
from gateway.role_denials import oddities
from gateway.settings import Settings, environment_name
from tests.access.copies import backstage_of, copy_of
from tests.gateways import RunningGateway


def _environment(settings: Settings) -> dict[str, str]:
    return {environment_name(item): str(getattr(settings, item.name)) for item in fields(Settings)}


def _roles(report: str) -> list[str]:
    """The lines of the section."""
    section = report.partition("\nRoles\n")[2].partition("\n\n")[0]
    return [line.strip() for line in section.splitlines()]


@pytest.fixture
def own(embedded_gateway: RunningGateway, tmp_path: Path) -> Iterator[RunningGateway]:
    """A gateway over an estate of its own."""
    with copy_of(embedded_gateway, tmp_path) as gateway:
        yield gateway


async def test_doctor_names_denied_names_that_are_not_there(own: RunningGateway) -> None:
    report, _ = await examine(_environment(own.settings))
    assert _roles(report) == ["What the roles are denied is all there."]
    with backstage_of(own) as backstage:
        denied = {"deny": ["Lead.tentativeValue", "Lead.tentativevalue", "Deal.price"]}
        backstage.update(role, 5, {"permissions": json.dumps(denied)})
        report, healthy = await examine(_environment(own.settings))
    assert not healthy
    assert _roles(report) == [
        "“MANAGER”: denied names that the schema doesn't have: Deal.price, Lead.tentativevalue."
    ]


async def test_doctor_says_what_to_do_about_an_estate_without_tables(
    own: RunningGateway, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.sqlite"
    empty.touch()
    environment = _environment(own.settings) | {"GATEWAY_IPERFORM_DSN": f"sqlite+aiosqlite:///{empty}"}
    report, healthy = await examine(environment)
    assert not healthy
    # `gateway migrate` makes no table in a SQLite file.
    assert _roles(report) == [
        "The table `role` can't be read: run `gateway seed`, which makes the tables of a SQLite estate and fills them."
    ]


@pytest.mark.parametrize(
    ("name", "permissions", "said"),
    [
        ("ADMIN", None, []),
        ("ADMIN", {"deny": ["Lead.status"]}, []),
        ("ADMIN", {"deny": "Lead.status"}, []),
        ("ADMIN", {"deny": "Lead.stat"}, ["“ADMIN”: denied names that the schema doesn't have: Lead.stat."]),
        (
            "USER",
            {"deny": {"Lead": "status"}},
            ["“USER”: `deny` is no list of names such as `Lead.tentativeValue`: nothing is denied."],
        ),
        (
            "USER",
            {"deny": ["Lead.status", 7]},
            ["“USER”: `deny` holds something that is no text, which denies nothing."],
        ),
        ("INTERN", {}, ["The role “INTERN” is none that the gateway knows: nobody with it can log in."]),
    ],
)
def test_what_is_odd_about_a_role(name: str, permissions: Any, said: list[str]) -> None:
    assert oddities(name, permissions) == said
