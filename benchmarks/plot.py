"""The plot of the results: processor time of each contestant per request, one panel for each operation, as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any
from xml.sax.saxutils import escape

from benchmarks.contestants import ALL
from benchmarks.operations import TITLES

LABEL, BAR, FIGURE = 170, 330, 110
LINE, GAP, TOP = 18, 34, 60
WIDTH = LABEL + BAR + FIGURE
COLOURS = {"server_cpu": "#3b6ea5", "database_cpu": "#d08a3e", "client_cpu": "#9a9a9a"}
PARTS = {"server_cpu": "server", "database_cpu": "databases", "client_cpu": "client"}


def draw(section: dict[str, Any]) -> str:
    """The picture of what was measured over HTTP."""
    panels = [panel for panel in _panels(section) if panel[1]]
    height = TOP + sum(GAP + LINE * len(bars) for _, bars in panels)
    lines = list(_heading())
    y = TOP
    for title, bars in panels:
        lines.extend(_panel(title, bars, y))
        y += GAP + LINE * len(bars)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
            f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">',
            f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
            *lines,
            "</svg>",
            "",
        ]
    )


Bar = tuple[str, dict[str, float], float]


def _panels(section: dict[str, Any]) -> Iterator[tuple[str, list[Bar]]]:
    for name, entries in section["operations"].items():
        bars = [
            (contestant.title, _times(entries[contestant.name]), _rate(entries[contestant.name]))
            for contestant in ALL
            if contestant.name in entries
        ]
        yield TITLES[name], bars


def _times(samples: Sequence[dict[str, float]]) -> dict[str, float]:
    return {part: median(sample[part] for sample in samples) for part in PARTS}


def _rate(samples: Sequence[dict[str, float]]) -> float:
    return median(sample["per_second"] for sample in samples)


def _heading() -> Iterator[str]:
    yield '<text x="8" y="20" font-size="15">Processor time per request, milliseconds</text>'
    x = 8
    for part, name in PARTS.items():
        yield f'<rect x="{x}" y="32" width="11" height="11" fill="{COLOURS[part]}"/>'
        yield f'<text x="{x + 16}" y="42">{name}</text>'
        x += 100
    yield f'<text x="{x}" y="42">at the end: all of it, and requests per second</text>'


def _panel(title: str, bars: Sequence[Bar], y: int) -> Iterator[str]:
    longest = max(sum(times.values()) for _, times, _ in bars) or 1.0
    yield f'<text x="8" y="{y + 14}" font-weight="bold">{escape(title)}</text>'
    for place, (name, times, rate) in enumerate(bars):
        top = y + 22 + place * LINE
        yield f'<text x="{LABEL - 8}" y="{top + 11}" text-anchor="end">{escape(name)}</text>'
        x = float(LABEL)
        for part, value in times.items():
            width = value / longest * BAR
            yield f'<rect x="{x:.1f}" y="{top}" width="{width:.1f}" height="13" fill="{COLOURS[part]}"/>'
            x += width
        yield f'<text x="{x + 5:.1f}" y="{top + 11}">{sum(times.values()):.2f}, {rate:,.0f}/s</text>'
