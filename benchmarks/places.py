"""Where the benchmark keeps what it makes. Everything but the results is below `.gateway`, which git ignores."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "benchmarks"
MADE = ROOT / ".gateway" / "bench"
RESULTS = HERE / "results"
OPERATIONS = HERE / "operations"
README = ROOT / "README.md"
