"""Partner companies for tests that issue tokens, made in the estate's database and taken out of it again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy import Engine, create_engine, delete, insert, select, update

from datasources.iperform.partner_tokens import gateway_partner_tokens as tokens
from datasources.iperform.tables import partner_company
from gateway.resolvers.ids import encode_id
from tests.gateways import RunningGateway
from tests.http.accounts import blocking_url
from tests.http.asking import ask, errors

CREATE = """
mutation ($input: CreatePartnerTokenInput!) { createPartnerToken(input: $input) { token id prefix expiresAt } }
"""
REVOKE = "mutation ($id: ID!) { revokePartnerToken(id: $id) }"
VIEWER = "{ viewer { role } }"
GONE = "Log in: the token is missing, or no longer good."


@dataclass(frozen=True)
class Partner:
    """A partner company in the estate of a gateway, and what the database says of its tokens."""

    gateway: RunningGateway
    engine: Engine
    company_id: int

    @property
    def id(self) -> str:
        """The company's global id."""
        return encode_id("PartnerCompany", self.company_id)

    def ask_for_token(self, **changed: Any) -> httpx.Response:
        """ADMIN's request for a token; what isn't said is as most tests need it."""
        given = {"partnerCompanyId": self.id, "name": "tests", "scopes": ["leads:read"], **changed}
        return ask(self.gateway, CREATE, {"input": given}, token=self.gateway.login("admin"))

    def issue(self, **changed: Any) -> dict[str, Any]:
        """A new token, as the mutation gives it."""
        answer = self.ask_for_token(**changed).json()
        assert "errors" not in answer, answer
        issued: dict[str, Any] = answer["data"]["createPartnerToken"]
        return issued

    def revoke(self, id_: str) -> httpx.Response:
        """ADMIN's request to revoke a token."""
        return ask(self.gateway, REVOKE, {"id": id_}, token=self.gateway.login("admin"))

    def rows(self) -> list[Any]:
        """The company's tokens as the database has them, the oldest first."""
        with self.engine.begin() as connection:
            mine = tokens.c.partner_company_id == self.company_id
            return list(connection.execute(select(tokens).where(mine).order_by(tokens.c.id)))

    def row(self, issued: dict[str, Any]) -> Any:
        """One token as the database has it."""
        return next(row for row in self.rows() if row.prefix == issued["prefix"])

    def change(self, issued: dict[str, Any], **values: Any) -> None:
        """Changes a token's row, as another worker or a person at the database would."""
        with self.engine.begin() as connection:
            connection.execute(update(tokens).where(tokens.c.prefix == issued["prefix"]).values(**values))

    def change_company(self, **values: Any) -> None:
        """Changes the company's row."""
        with self.engine.begin() as connection:
            mine = partner_company.c.id == self.company_id
            connection.execute(update(partner_company).where(mine).values(**values))

    def lets_in(self, token: str) -> bool:
        """Whether the gateway takes a token; a refusal is the one that every bad token gets."""
        answer = ask(self.gateway, VIEWER, token=token)
        if answer.status_code == 401:
            assert errors(answer)[0]["message"] == GONE
            return False
        assert answer.json() == {"data": {"viewer": {"role": "PARTNER"}}}
        return True


@contextmanager
def partner_in(gateway: RunningGateway, **values: Any) -> Iterator[Partner]:
    """A new partner company, active unless something else is said."""
    engine = create_engine(blocking_url(gateway.settings))
    row = {"company_id": 1, "partner_name": "Sāthī & Söhne", "active": True, **values}
    with engine.begin() as connection:
        made = connection.execute(insert(partner_company).values(**row)).inserted_primary_key
    assert made is not None
    try:
        yield Partner(gateway, engine, made[0])
    finally:
        with engine.begin() as connection:
            connection.execute(delete(tokens).where(tokens.c.partner_company_id == made[0]))
            connection.execute(delete(partner_company).where(partner_company.c.id == made[0]))
        engine.dispose()
