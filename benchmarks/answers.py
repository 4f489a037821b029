"""Whether everybody answers alike: each contestant's answer, normalised, byte for byte against the gateway's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import httpx
import orjson

from benchmarks.contestants import Running
from benchmarks.operations import MIX, Operation

MIX_SAMPLES = 100
# A text is interpreted the first time, and compiled the second or third: each way has to give the answer.
TIMES = 4
CONTEXT = 120


class DifferentAnswersError(Exception):
    """Two contestants don't give the same answer: figures of them would compare different work."""


def check_answers(
    contestants: Iterable[Running], operations: Iterable[Operation], tokens: Mapping[str, str]
) -> dict[str, int]:
    """The size of each operation's answer in bytes. Raises DifferentAnswersError with the first difference."""
    running = list(contestants)
    sizes: dict[str, int] = {}
    with httpx.Client(timeout=60) as client:
        for operation in operations:
            for place, body in enumerate(_bodies(operation)):
                sizes[operation.name] = _check(client, running, operation, body, tokens=tokens, place=place)
    return sizes


def _bodies(operation: Operation) -> list[bytes]:
    if operation.bodies is None:
        return [operation.body()]
    with operation.bodies.open("rb") as file:
        # From the end: what is sent under load, from the start on, stays new.
        return file.readlines()[-MIX_SAMPLES:]


def _check(
    client: httpx.Client,
    running: list[Running],
    operation: Operation,
    body: bytes,
    *,
    tokens: Mapping[str, str],
    place: int,
) -> int:
    first: tuple[str, bytes] | None = None
    size = 0
    for one in running:
        if not one.contestant.can(operation):
            continue
        for _ in range(1 if operation.bodies else TIMES):
            raw = _ask(client, one, operation, body, tokens)
            normal = normalised(raw)
            if first is None:
                first, size = (one.contestant.title, normal), len(raw)
            elif normal != first[1]:
                where = f"{operation.name} {place}" if operation.name == MIX else operation.name
                raise DifferentAnswersError(
                    difference(where, first, (one.contestant.title, normal), body.decode())
                )
    return size


def _ask(
    client: httpx.Client, one: Running, operation: Operation, body: bytes, tokens: Mapping[str, str]
) -> bytes:
    headers = {
        "content-type": "application/json",
        "authorization": f"Bearer {tokens[operation.caller]}",
        "accept-encoding": "identity",
    }
    answer = client.post(one.address(operation), content=body, headers=headers)
    if answer.status_code != 200:
        raise DifferentAnswersError(
            f"{operation.name}: {one.contestant.title} answers {answer.status_code}: {answer.text[:500]}"
        )
    return answer.content


def normalised(raw: bytes) -> bytes:
    """An answer without what may differ: `extensions`, the words and places of errors, the spelling of numbers."""
    answer = orjson.loads(raw)
    normal: dict[str, Any] = {"data": _numbers(answer.get("data"))}
    if answer.get("errors"):
        normal["errors"] = sorted(
            (error.get("path"), error.get("extensions", {}).get("code")) for error in answer["errors"]
        )
    return orjson.dumps(normal)


def _numbers(value: Any) -> Any:
    """JavaScript writes 6 where Python writes 6.0; the order of fields stays as it was written."""
    if isinstance(value, dict):
        return {name: _numbers(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_numbers(entry) for entry in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def difference(operation: str, one: tuple[str, bytes], other: tuple[str, bytes], body: str) -> str:
    """What a reader needs to find the first difference."""
    pairs = zip(one[1], other[1], strict=False)
    shorter = min(len(one[1]), len(other[1]))
    at = next((place for place, (left, right) in enumerate(pairs) if left != right), shorter)
    start = max(0, at - CONTEXT)
    shown = [
        f"  {name}: …{text[start : at + CONTEXT].decode(errors='replace')}…" for name, text in (one, other)
    ]
    return "\n".join([f"{operation}: the answers differ at byte {at}:", *shown, f"  asked: {body[:500]}"])
