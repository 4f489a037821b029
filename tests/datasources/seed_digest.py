"""Prints a digest of a generated estate; a test runs it in processes of their own."""

import hashlib
import sys
from datetime import date

from datasources.seed import generate


def digest(leads: int, seed: int, today: date) -> str:
    """SHA-256 of all rows and files, in hexadecimal."""
    estate = generate(leads, seed, today)
    found = hashlib.sha256()
    for chunk in estate.chunks():
        found.update(f"{chunk.source}.{chunk.table.fullname}".encode())
        for row in chunk.rows:
            found.update(repr(row).encode())
    for file in estate.files():
        found.update(repr(file).encode())
    return found.hexdigest()


if __name__ == "__main__":
    print(digest(int(sys.argv[1]), int(sys.argv[2]), date.fromisoformat(sys.argv[3])))
