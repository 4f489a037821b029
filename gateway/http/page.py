"""GraphiQL: the built page and what it is told about this gateway. Nothing of it comes from anywhere else."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from starlette.responses import HTMLResponse, JSONResponse, Response

from gateway.http.examples import EXAMPLES
from gateway.settings import Settings

FOLDER = Path(str(files("gateway.http") / "graphiql"))
SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
)
DEMO_ACCOUNTS = (
    ("admin", "ADMIN"),
    ("manager", "MANAGER"),
    ("salesperson", "SALESPERSON"),
    ("warrior", "WARRIOR"),
    ("client", "USER"),
)
DEMO_PASSWORD = "demo"  # noqa: S105 - public on purpose: demo mode serves on loopback only


@lru_cache(maxsize=1)
def _page() -> str:
    return (FOLDER / "index.html").read_text(encoding="utf-8")


def graphiql_page() -> Response:
    """The page."""
    headers = {
        "content-security-policy": SECURITY_POLICY,
        "cache-control": "no-cache",
        "vary": "accept",
        "referrer-policy": "no-referrer",
    }
    return HTMLResponse(_page(), headers=headers)


def page_config(settings: Settings) -> Response:
    """What the page shows besides: a title, example queries and, in a demo, the accounts."""
    accounts = [{"username": name, "role": role} for name, role in DEMO_ACCOUNTS] if settings.demo else []
    config = {
        "title": "iPerform gateway",
        "demoAccounts": accounts,
        "demoPassword": DEMO_PASSWORD if settings.demo else None,
        "examples": [
            {
                "name": item.name,
                "description": item.description,
                "query": item.query,
                "variables": item.variables,
            }
            for item in EXAMPLES
        ],
    }
    return JSONResponse(config, headers={"cache-control": "no-cache"})
