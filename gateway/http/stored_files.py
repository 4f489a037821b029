"""`/files/…`: files of the local store, by the signed links that the API gives. S3 serves its own links."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from datasources.engines.localfs import LinkRefused, LocalStore
from gateway.services import Services


async def stored_file(request: Request) -> Response:
    """The file that a link names; 404 for a link that has ended, was edited, or never was."""
    services: Services = request.app.state.services
    store = services.estate.files
    try:
        if not isinstance(store, LocalStore):
            raise LinkRefused
        key, path = store.open_link(request.path_params["token"])
    except LinkRefused:
        return PlainTextResponse("This link has ended, or never was.\n", status_code=404)
    name = key.rpartition("/")[2]
    headers = {
        # Never shown in the gateway's own origin: a file's content is a stranger's.
        "content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "content-security-policy": "default-src 'none'; sandbox",
        "cache-control": "private, no-store",
    }
    return FileResponse(path, headers=headers, media_type="application/octet-stream")
