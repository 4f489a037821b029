"""A worker's memory while sockets idle, come and go, and one isn't read. `./run bench socket-memory` runs it large."""

from __future__ import annotations

from benchmarks.socket_memory import measure_socket_memory

CROWD, CONNECTS = 150, 9_000
# A socket that is left behind holds ten times as much.
MOST_BYTES_PER_CONNECT = 1_000
MOST_GROWTH_MIB = 48


def test_memory_is_flat_while_sockets_come_and_go_and_one_is_not_read() -> None:
    found = measure_socket_memory(print, crowd=CROWD, connects=CONNECTS, people=30, leads=300)
    growth = found["left_mib"] - found["crowd_mib"]
    assert found["bytes_per_connect"]["slope"] < MOST_BYTES_PER_CONNECT, found
    assert growth < MOST_GROWTH_MIB, found
    # Something was delivered meanwhile, and whoever didn't read was cut off.
    assert found["changes"] > 50, found
    assert found["messages"] > 0.9 * CROWD * found["changes"], found
    assert found["deaf_cut_off"] >= 1, found
