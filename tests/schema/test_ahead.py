"""Schemas that a worker has before anybody asks."""

from __future__ import annotations

import pytest

from gateway import app as app_module
from gateway.auth.audience import Audience
from gateway.auth.policies import POLICIES
from gateway.auth.roles import Caller
from gateway.schema.build import Schemas, _Builder


def test_whoever_comes_first_finds_their_schema_built(monkeypatch: pytest.MonkeyPatch) -> None:
    schemas = Schemas(POLICIES)
    schemas.build_ahead()

    def built(_: _Builder) -> None:
        raise AssertionError("built for a request")

    monkeypatch.setattr(_Builder, "build", built)
    for caller in set(Caller) - {Caller.PARTNER}:
        assert "type Query" in schemas.of(Audience(caller)).sdl
    with pytest.raises(AssertionError):
        schemas.of(Audience(Caller.PARTNER, frozenset({"leads:read"})))


def test_a_worker_builds_them_before_what_is_there_is_left_out_of_collecting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []
    monkeypatch.setattr(app_module, "read_settings", lambda: done.append("settings"))
    monkeypatch.setattr(app_module, "make_app", lambda _: done.append("app"))
    monkeypatch.setattr(Schemas, "build_ahead", lambda _: done.append("schemas"))
    monkeypatch.setattr(app_module, "collect_only_what_comes", lambda: done.append("frozen"))
    app_module.create_app()
    assert done == ["settings", "app", "schemas", "frozen"]
