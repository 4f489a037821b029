"""Passwords against the estate's bcrypt hashes, in the same time whether or not the account exists.

The rule: bcrypt reads 72 bytes and stops at a NUL, so a password that is longer or holds a NUL is never right. The
estate's `$2y$` hashes (PHP's name for the same algorithm) are read as `$2b$`.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import bcrypt

LONGEST = 72
# Of no password that anybody knows; checked where there is no account, so that the time tells nothing.
NOBODYS = "$2b$10$k5gfzzaemQs8rqnMMTJ6GuoYmz2wWjXAOovyzLvicetlljd7zNVfO"

_pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="bcrypt")


async def password_matches(password: str, stored: str | None) -> bool:
    """Whether a password is that of a stored hash; None stands for an account that doesn't exist."""
    return await asyncio.get_running_loop().run_in_executor(_pool, _matches, password, stored)


def _matches(password: str, stored: str | None) -> bool:
    candidate = password.encode("utf-8", "surrogatepass")
    possible = 0 < len(candidate) <= LONGEST and b"\0" not in candidate
    known = stored is not None and stored[:4] in {"$2a$", "$2b$", "$2y$"}
    hash_ = stored.replace("$2y$", "$2b$", 1) if known and stored is not None else NOBODYS
    try:
        right = bcrypt.checkpw(candidate if possible else b"-", hash_.encode())
    except ValueError:
        right = bcrypt.checkpw(b"-", NOBODYS.encode()) and False
    return right and possible and known
