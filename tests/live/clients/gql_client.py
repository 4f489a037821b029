"""Python's `gql` over the socket: it connects anew, and follows from the last event that has come."""

from __future__ import annotations

import asyncio
import json
import os

from gql import Client, gql
from gql.transport.exceptions import TransportClosed, TransportConnectionFailed
from gql.transport.websockets import WebsocketsTransport
from websockets.exceptions import ConnectionClosed

FOLLOW = (
    "subscription Follow($after: String) { leadStatusChanged(after: $after) { cursor status lead { id } } }"
)


async def follow(url: str, token: str, after: str) -> None:
    """Tells of each event, for ever."""
    while True:
        transport = WebsocketsTransport(
            url=f"{url.replace('http', 'ws', 1)}/graphql",
            subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
            init_payload={"authorization": f"Bearer {token}"},
        )
        try:
            async with Client(transport=transport) as session:
                request = gql(FOLLOW)
                request.variable_values = {"after": after}
                async for data in session.subscribe(request):
                    event = data["leadStatusChanged"]
                    after = event["cursor"]
                    print(json.dumps(event["status"]), flush=True)
        except (TransportClosed, TransportConnectionFailed, ConnectionClosed, OSError, EOFError):
            await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(follow(os.environ["URL"], os.environ["TOKEN"], os.environ["AFTER"]))
