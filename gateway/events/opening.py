"""Opens the log of events that a DSN names, and the right to add to it."""

from __future__ import annotations

from gateway.events.bounds import Bounds
from gateway.events.bus import Bus
from gateway.events.lease import Lease, RedisLease
from gateway.events.memory_bus import MemoryBus, MemoryLease
from gateway.events.redis_bus import RedisBus
from gateway.events.redis_commands import RedisCommands


def open_log(dsn: str, *, bounds: Bounds, connect_seconds: float, answer_seconds: float) -> tuple[Bus, Lease]:
    """The log that a DSN names, `redis://…` or `memory:`, and the lease for `Capturing`. Raises ValueError.

    Connects to nothing yet. Closing the bus closes both.
    """
    if dsn.startswith(("redis://", "rediss://")):
        commands = RedisCommands(dsn, connect_seconds=connect_seconds, answer_seconds=answer_seconds)
        return RedisBus(commands), RedisLease(commands, bounds)
    if dsn == "memory:":
        bus = MemoryBus(bounds)
        return bus, MemoryLease(bus)
    raise ValueError("the events DSN must be redis://host:port/db or memory:")
