"""What a gateway prints while partners come and go: prefixes, so that a person can follow, and never a token."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.resolvers.ids import encode_id
from tests.demo_process import demo_process
from tests.http.partners import CREATE, VIEWER
from tests.servers.fixtures import count_use


def test_the_log_holds_prefixes_and_no_token(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    count_use(request.node, "sqlite", "chdb")
    with demo_process(tmp_path, leads=20) as demo, httpx.Client(base_url=demo.url, timeout=30) as client:

        def ask(query: str, token: str | None = None, **variables: Any) -> Any:
            headers = {} if token is None else {"authorization": f"Bearer {token}"}
            body = {"query": query, "variables": variables}
            return client.post("/graphql", json=body, headers=headers).json()

        login = 'mutation { login(username: "admin", password: "demo") { accessToken } }'
        admin = ask(login)["data"]["login"]["accessToken"]
        given = {"partnerCompanyId": encode_id("PartnerCompany", 1), "name": "log", "scopes": ["leads:read"]}
        issued = ask(CREATE, admin, input=given)["data"]["createPartnerToken"]
        token, prefix = issued["token"], issued["prefix"]
        # The next use can't be written, which is logged with its traceback, and fails nothing.
        with closing(sqlite3.connect(tmp_path / "estate" / "iperform.sqlite")) as estate:
            estate.execute("alter table gateway_partner_tokens drop column last_used_on")
        assert ask(VIEWER, token) == {"data": {"viewer": {"role": "PARTNER"}}}
        for query in (
            "{ nonsense }",
            "{",
            '{ lead(id: "x") { id } }',
            "{ leads { nodes { company { id } } } }",
        ):
            assert "errors" in ask(query, token)
        for bad in (token[:-1] + "!", token.swapcase(), token + token):
            assert "errors" in ask(VIEWER, bad)
        deadline = time.monotonic() + 30
        while "was not written" not in demo.output.read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
    printed = demo.output.read_text()
    assert f'"prefix": "{prefix}"' in printed
    assert "the last use of a partner token was not written" in printed
    secret = token.removeprefix(prefix + "_")
    assert not [part for part in (secret, secret.swapcase(), secret[:20], secret[-20:]) if part in printed]
