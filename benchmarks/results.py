"""The file of results: one section for each command of the benchmark, with when and on what it was measured."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.places import MADE, RESULTS

Results = dict[str, Any]
WHOLE = RESULTS / "bench.json"
QUICK = MADE / "quick.json"


def read_results(path: Path = WHOLE) -> Results:
    """All sections of the file; none where there is no file yet."""
    return json.loads(path.read_text()) if path.exists() else {}


def write_section(path: Path, name: str, section: dict[str, Any], machine: dict[str, Any]) -> Results:
    """Puts a section into the file, in place of an older one. Returns all sections."""
    results = read_results(path)
    measured = datetime.now(UTC).isoformat(timespec="seconds")
    results[name] = {"measured": measured, "machine": machine, **section}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(_rounded(results), indent=1, ensure_ascii=False) + "\n")
    return read_results(path)


def _rounded(value: Any) -> Any:
    """Five significant digits: what is beyond is noise, and makes the file hard to compare."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {name: _rounded(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_rounded(entry) for entry in value]
    return value
