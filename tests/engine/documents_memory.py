"""Prints by how many bytes memory grows with texts that are always new, and how many documents are kept then.

A test runs it in a process of its own: in that of the tests gateways go on in the background, and take memory as well.
"""

import gc
import sys
import tracemalloc

from gateway.auth.audience import Audience
from gateway.auth.roles import Caller
from gateway.engine.documents import Documents
from gateway.schema.build import schema_for

# Half of them fill what is kept, the other half come instead.
TEXTS = 3_000


def grown(text: str) -> tuple[int, int]:
    """The growth from the first half of the texts to the second, and how many documents are kept."""
    schema = schema_for(Audience(Caller.ADMIN))
    documents = Documents()

    def use(first: int, last: int) -> int:
        for number in range(first, last):
            document = documents.get(text.format(number), schema)
            operation = document.operation(None)
            document.redacted(operation, schema.input_names)
            document.cost(operation, {})
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    full = use(0, TEXTS // 2)
    more = use(TEXTS // 2, TEXTS) - full
    tracemalloc.stop()
    return more, len(documents._kept)


if __name__ == "__main__":
    print(*grown(sys.argv[1]))
