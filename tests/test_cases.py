"""Case files: each query below `cases/`, and each one that GraphiQL offers, gives the same bytes on every estate.

A case is a `.graphql` whose first line says as whom (`# as: salesperson`), its `.variables.json` if it has any, and
the expected answer in `.json`. `GATEWAY_TEST_RECORD=1` writes the expected answers of the embedded estate anew: read
the difference before you keep it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from graphql import OperationDefinitionNode, OperationType, parse

from tests.gateways import RunningGateway

CASES = Path(__file__).parent / "cases"
EXAMPLES = Path(__file__).parents[1] / "gateway" / "http" / "example_queries"
RECORD = os.environ.get("GATEWAY_TEST_RECORD") == "1"


def found_cases() -> list[Path]:
    """The queries of all cases."""
    return [
        path
        for folder in (CASES, EXAMPLES)
        for path in sorted(folder.glob("*.graphql"))
        if kind_of(path.read_text(encoding="utf-8")) is OperationType.QUERY
    ]


def kind_of(document: str) -> OperationType:
    """What the one operation of a document is."""
    [operation] = [item for item in parse(document).definitions if isinstance(item, OperationDefinitionNode)]
    return operation.operation


def case_user(path: Path) -> str | None:
    """As whom a case asks; None for nobody."""
    first = path.read_text(encoding="utf-8").splitlines()[0]
    if not first.startswith("# as: "):
        return "salesperson"
    name = first.removeprefix("# as: ").strip()
    return None if name == "nobody" else name


def case_body(path: Path) -> dict[str, Any]:
    """The body of a case's request."""
    variables = path.with_suffix(".variables.json")
    body: dict[str, Any] = {"query": path.read_text(encoding="utf-8")}
    if variables.exists():
        body["variables"] = json.loads(variables.read_text(encoding="utf-8"))
    return body


def _answer(gateway: RunningGateway, path: Path) -> bytes:
    return gateway.post(case_body(path), as_user=case_user(path)).content


@pytest.mark.parametrize("path", found_cases(), ids=lambda path: path.stem)
def test_case_gives_the_same_bytes_on_every_estate(every_gateway: RunningGateway, path: Path) -> None:
    expected = CASES / f"{path.stem}.json"
    answer = json.dumps(json.loads(_answer(every_gateway, path)), indent=1, ensure_ascii=False) + "\n"
    if RECORD and every_gateway.name == "embedded":
        expected.write_text(answer, encoding="utf-8")
    assert answer == expected.read_text(encoding="utf-8")


def test_every_expected_answer_belongs_to_a_case() -> None:
    stems = {path.stem for path in found_cases()}
    assert {path.stem for path in CASES.glob("*.json") if not path.name.endswith(".variables.json")} == stems
