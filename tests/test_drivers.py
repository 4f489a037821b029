"""The other MySQL driver, chosen by the DSN alone, gives the same answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.gateways import RunningGateway, running

JOINED = (Path(__file__).parent / "cases" / "joined-list.graphql").read_text(encoding="utf-8")


def test_asyncmy_gives_the_same_bytes_as_aiomysql(mariadb_gateway: RunningGateway) -> None:
    settings = replace(
        mariadb_gateway.settings,
        iperform_dsn=mariadb_gateway.settings.iperform_dsn.replace("aiomysql", "asyncmy"),
        magenta_dsn=mariadb_gateway.settings.magenta_dsn.replace("aiomysql", "asyncmy"),
    )
    assert "mysql+asyncmy://" in settings.iperform_dsn
    with running(settings, "asyncmy") as gateway:
        answer = gateway.post({"query": JOINED}, as_user="salesperson")
    assert answer.content == mariadb_gateway.post({"query": JOINED}, as_user="salesperson").content
    assert len(answer.json()["data"]["leads"]["nodes"]) == 20
