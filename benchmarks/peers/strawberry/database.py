"""The connections of the peer: one pool for both MariaDB databases, and one of ClickHouse connections."""

from __future__ import annotations

import asyncio
from typing import Any

from asynch.connection import Connection
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from benchmarks.peer_settings import PeerSettings


class Database:
    """Both databases of the peer."""

    def __init__(self, settings: PeerSettings) -> None:
        self._settings = settings
        engine = create_async_engine(
            settings.mariadb_dsn, pool_size=settings.pool, max_overflow=0, pool_pre_ping=False
        )
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)
        self._idle: list[Connection] = []
        self._places = asyncio.Semaphore(settings.pool)

    def session(self) -> AsyncSession:
        """A session of SQLAlchemy."""
        return self._sessions()

    async def all(self, statement: Select[Any]) -> list[Any]:
        """The entities, or the values of the only column, that a statement selects."""
        async with self.session() as session:
            return list((await session.scalars(statement)).all())

    async def analytics(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of a statement of ClickHouse."""
        async with self._places:
            connection = self._idle.pop() if self._idle else await self._connect()
            async with connection.cursor() as cursor:
                await cursor.execute(statement)
                rows: list[tuple[Any, ...]] = await cursor.fetchall()
            self._idle.append(connection)
            return rows

    async def _connect(self) -> Connection:
        connection = Connection(dsn=self._settings.clickhouse_dsn)
        await connection.connect()
        return connection
