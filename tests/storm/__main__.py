"""`python -m tests.storm`: a large storm, and its report. Ends with 1 where anything wasn't as it should be."""

from __future__ import annotations

import argparse
import sys

from tests.storm.options import Options
from tests.storm.storm import run_storm


def main() -> int:
    """Runs one."""
    usual = Options()
    parser = argparse.ArgumentParser(prog="python -m tests.storm", description=__doc__)
    for name, meaning in (
        ("subscribers", "how many follow"),
        ("changes", "how many statuses are changed, half of them by mutations"),
        ("workers", "how many gateway processes serve"),
        ("seed", "what everything is drawn from"),
        ("leads", "how many leads the estate has"),
    ):
        parser.add_argument(f"--{name}", type=int, default=getattr(usual, name), help=meaning)
    parser.add_argument("--minutes", type=float, default=usual.minutes, help="over how long, at least")
    parser.add_argument("--database", choices=("mariadb", "mysql"), default=usual.database)
    report = run_storm(Options(**vars(parser.parse_args())), _say)
    for line in report.lines():
        _say(line)
    return int(bool(report.problems))


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
