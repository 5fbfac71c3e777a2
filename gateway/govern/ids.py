"""Names of requests."""

from __future__ import annotations

import os
import time


def new_request_id() -> str:
    """32 hexadecimal digits: milliseconds since 1970 first, so that ids sort by time, then 80 random bits."""
    return f"{time.time_ns() // 1_000_000:012x}{os.urandom(10).hex()}"
