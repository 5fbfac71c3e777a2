"""A process that appends as fast as it can and prints each acknowledged id: `python -m tests.audit.appender ...`.

It seals the tree too, as a worker of the gateway does, whenever it is the one to hold the lock.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from gateway.audit import AuditLog
from gateway.audit.sealer import Sealer
from gateway.crypto import KeyRing
from gateway.store import open_store
from tests.audit.support import now, record


async def main(url: str, ring_file: str, name: str, writers: int) -> None:
    store = await open_store(url, Path("unused"))
    ring = KeyRing.load(Path(ring_file))
    await Sealer(store, ring, now, interval_s=0.1).start()
    log = AuditLog(store, ring, now)
    await log.start()

    async def write(writer: int) -> None:
        n = 0
        while True:
            request = f"{name}-{writer}-{n}"
            await log.append(record(n, "event", request, "x" * 200))
            os.write(1, f"{request}\n".encode())
            n += 1

    await asyncio.gather(*(write(writer) for writer in range(writers)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
