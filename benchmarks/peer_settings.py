"""What a peer is told: one JSON object in the environment, the same for those in Python and in Node."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from typing import Any

VARIABLE = "BENCH_SETTINGS"


@dataclass(frozen=True)
class PeerSettings:
    """Where the databases are, how tokens are signed, and how many connections a pool holds."""

    port: int
    secret: str
    pool: int
    now: str
    mariadb: dict[str, Any]
    clickhouse: dict[str, Any]

    @property
    def moment(self) -> datetime:
        """The estate's wall clock when the benchmark began."""
        return datetime.fromisoformat(self.now)

    @property
    def mariadb_dsn(self) -> str:
        """For SQLAlchemy."""
        at = self.mariadb
        return (
            f"mysql+{at['driver']}://{at['user']}:{at['password']}@{at['host']}:{at['port']}"
            "/iperform?charset=utf8mb4"
        )

    @property
    def clickhouse_dsn(self) -> str:
        """For asynch."""
        return f"clickhouse://default:@{self.clickhouse['host']}:{self.clickhouse['port']}/default"


def read_peer_settings() -> PeerSettings:
    """The settings in the environment."""
    return PeerSettings(**json.loads(os.environ[VARIABLE]))
