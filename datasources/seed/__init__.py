"""A believable, deterministic estate for the demo, the tests and the benchmarks, and its loaders.

`generate` makes rows and files from (leads, seed, today) alone; `load_estate` puts them into real stores.
"""

from datasources.seed.estate import Estate, generate
from datasources.seed.load import load_estate
from datasources.seed.object_targets import FolderTarget, S3Target
from datasources.seed.objects import StoredFile
from datasources.seed.rows import Chunk
from datasources.seed.sinks import NotEmptyError

__all__ = [
    "Chunk",
    "Estate",
    "FolderTarget",
    "NotEmptyError",
    "S3Target",
    "StoredFile",
    "generate",
    "load_estate",
]
