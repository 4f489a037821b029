"""Accounts of their own for tests that log in, made in the estate's database and taken out of it again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import bcrypt
from sqlalchemy import Engine, Table, create_engine, delete, insert, make_url, select, update

from datasources.iperform.tables import all_session, login_history, role, session_info, user
from datasources.mysql_client import blocking_mysql_url
from gateway.settings import Settings
from tests.gateways import RunningGateway

PASSWORD = "Passwort für später, 8 €"
ROWS_OF_LOGIN = (all_session, login_history, session_info)


@dataclass(frozen=True)
class Account:
    """An account in the estate of a gateway, and what the database says of it."""

    gateway: RunningGateway
    engine: Engine
    id: int
    name: str

    def change(self, **values: Any) -> None:
        """Changes the account's own row."""
        with self.engine.begin() as connection:
            connection.execute(update(user).where(user.c.id == self.id).values(**values))

    def become(self, role_name: str) -> None:
        """Changes the account's role."""
        with self.engine.begin() as connection:
            chosen = connection.execute(select(role.c.id).where(role.c.role_name == role_name)).scalar_one()
        self.change(role_id=chosen)

    def password(self) -> str:
        """The account's stored hash."""
        with self.engine.begin() as connection:
            return str(connection.execute(select(user.c.password).where(user.c.id == self.id)).scalar_one())

    def rows(self, table: Table) -> list[Any]:
        """The account's rows of a table, the oldest first."""
        keys = list(table.primary_key.columns)
        with self.engine.begin() as connection:
            return list(connection.execute(select(table).where(table.c.user_id == self.id).order_by(*keys)))


@contextmanager
def account_in(
    gateway: RunningGateway,
    name: str,
    *,
    role_name: str = "SALESPERSON",
    password_hash: str | None = None,
    **values: Any,
) -> Iterator[Account]:
    """An account with this name, its password `PASSWORD` unless a hash is given."""
    engine = create_engine(blocking_url(gateway.settings))
    given = password_hash or bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    with engine.begin() as connection:
        role_id = connection.execute(select(role.c.id).where(role.c.role_name == role_name)).scalar_one()
        row = {
            "username": name,
            "email": "x@example.in",
            "password": given,
            "role_id": role_id,
            "active": True,
        }
        made = connection.execute(insert(user).values(**{**row, **values})).inserted_primary_key
    assert made is not None
    try:
        yield Account(gateway, engine, made[0], name)
    finally:
        with engine.begin() as connection:
            for table in ROWS_OF_LOGIN:
                connection.execute(delete(table).where(table.c.user_id == made[0]))
            connection.execute(delete(user).where(user.c.id == made[0]))
        engine.dispose()


def blocking_url(settings: Settings) -> Any:
    """The address of iperform's database for looking at it from outside the gateway."""
    url = make_url(settings.iperform_dsn)
    if url.get_backend_name() == "sqlite":
        return url.set(drivername="sqlite")
    return blocking_mysql_url(settings.iperform_dsn)
