"""Processor time of one execution in process, without HTTP: F1, F2, the gateway and plain Strawberry.

`python -m benchmarks.in_process KIND OPERATION` reads two numbers a line from its standard input, executes as many
times, so many at once, and answers with a line: processor seconds. The benchmark lets the kinds take turns.

One after the other, a process idles while the databases work, and wakes with cold caches; a server under load doesn't.
"""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import orjson
import uvloop

from benchmarks.contestants import OURS, REFERENCE, Placement
from benchmarks.floors import FLOORS, open_drivers
from benchmarks.operations import Operation, read_operations
from benchmarks.peer_settings import VARIABLE, read_peer_settings
from benchmarks.peers.strawberry.batches import Loaders
from benchmarks.peers.strawberry.database import Database
from benchmarks.peers.strawberry.schema import Context, schema
from benchmarks.peers.strawberry.session import Sessions
from benchmarks.places import ROOT
from gateway.app import create_app

TOKEN_VARIABLE = "BENCH_TOKEN"
WARM_UP = 5
# As many as wrk has connections.
AT_ONCE = 8
KINDS = ("f1", "f2", "gateway", "gateway-reference", "strawberry")
Execute = Callable[[], Awaitable[object]]


async def f1(operation: Operation) -> Execute:
    """The statements alone."""
    drivers = await open_drivers(read_peer_settings())
    return lambda: FLOORS[operation.name].fetch(drivers, operation.variables)


async def f2(operation: Operation) -> Execute:
    """The statements and the answer's bytes, by hand."""
    drivers = await open_drivers(read_peer_settings())
    return lambda: FLOORS[operation.name].answer(drivers, operation.variables)


async def strawberry(operation: Operation) -> Execute:
    """Strawberry's own execution, and the answer's bytes."""
    settings = read_peer_settings()
    database = Database(settings)
    caller = await Sessions(database, settings).authenticate(f"Bearer {os.environ[TOKEN_VARIABLE]}")

    async def execute() -> bytes:
        context = Context(database, caller, Loaders(database))
        result = await schema.execute(operation.query, operation.variables, context_value=context)
        return orjson.dumps({"data": result.data})

    return execute


async def gateway(operation: Operation) -> Execute:
    """The gateway from the body's bytes to the answer's: its whole request path but for the HTTP server."""
    app = create_app()
    # Entering the application's lifespan is all that a server does before the first request.
    await app.router.lifespan_context(app).__aenter__()
    body = operation.body()
    headers = [
        (b"host", b"localhost"),
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"authorization", f"Bearer {os.environ[TOKEN_VARIABLE]}".encode()),
    ]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
    }

    async def execute() -> bytes:
        given = asyncio.Queue[dict[str, Any]]()
        given.put_nowait({"type": "http.request", "body": body, "more_body": False})
        answer = bytearray()

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start" and message["status"] != 200:
                raise RuntimeError(f"the gateway answers {message['status']}")
            answer.extend(message.get("body", b""))

        await app(dict(scope), given.get, send)
        return bytes(answer)

    return execute


MAKERS: dict[str, Callable[[Operation], Awaitable[Execute]]] = {
    "f1": f1,
    "f2": f2,
    "gateway": gateway,
    "gateway-reference": gateway,
    "strawberry": strawberry,
}


async def _serve(kind: str, operation: Operation) -> None:
    execute = await MAKERS[kind](operation)
    for _ in range(WARM_UP):
        await execute()
    print("ready", flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        times, at_once = map(int, line.split())
        gc.collect()
        before = time.process_time()
        await asyncio.gather(*[_repeat(execute, times // at_once) for _ in range(at_once)])
        print(time.process_time() - before, flush=True)
    os._exit(0)


async def _repeat(execute: Execute, times: int) -> None:
    for _ in range(times):
        await execute()


# --- the benchmark's side -----------------------------------------------------------------------------------


def measure_in_process(
    placement: Placement,
    operation: Operation,
    token: str,
    *,
    rounds: int,
    kinds: Sequence[str] = KINDS,
    seconds: float = 0.5,
    at_once: int = 1,
) -> dict[str, list[float]]:
    """Milliseconds of processor time of an execution, by kind: one figure a round; `at_once` are executed together."""
    figures: dict[str, list[float]] = {kind: [] for kind in kinds}
    with ExitStack() as stack:
        workers = {kind: stack.enter_context(_worker(placement, kind, operation, token)) for kind in kinds}
        for worker in workers.values():
            _answer(worker)
        times = {kind: at_once * _turns(worker, seconds, at_once) for kind, worker in workers.items()}
        for _ in range(rounds):
            for kind, worker in workers.items():
                spent = _ask(worker, times[kind], at_once)
                figures[kind].append(1000 * spent / times[kind])
        for worker in workers.values():
            assert worker.stdin is not None
            worker.stdin.close()
    return figures


def _worker(placement: Placement, kind: str, operation: Operation, token: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.in_process", kind, operation.name],
        env={**os.environ, **_environment(placement, kind), TOKEN_VARIABLE: token, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _environment(placement: Placement, kind: str) -> Mapping[str, str]:
    if kind in {"gateway", "gateway-reference"}:
        return placement.environment(OURS if kind == "gateway" else REFERENCE, 0)
    return {VARIABLE: orjson.dumps(placement.peer_settings()).decode()}


def _turns(worker: subprocess.Popen[str], seconds: float, at_once: int) -> int:
    """How many executions of each that go on at once fill a round."""
    once = _ask(worker, 10 * at_once, at_once) / 10
    return max(5, int(seconds / max(1e-4, once)))


def _ask(worker: subprocess.Popen[str], times: int, at_once: int) -> float:
    assert worker.stdin is not None
    worker.stdin.write(f"{times} {at_once}\n")
    worker.stdin.flush()
    return float(_answer(worker))


def _answer(worker: subprocess.Popen[str]) -> str:
    assert worker.stdout is not None
    line = worker.stdout.readline()
    if not line:
        raise RuntimeError(f"{worker.args!r} ended")
    return line.strip()


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[1], read_operations()[sys.argv[2]]))
