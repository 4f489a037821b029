"""How Hypothesis draws for tests that are to meet the same examples each time, however slow the machine is."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

SAME = settings(derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
