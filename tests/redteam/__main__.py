"""`python -m tests.redteam`: attack a gateway of our own, in this process, over real HTTP; exits with 1 on any leak."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from gateway.app.house import quiet
from gateway.store import open_store
from gateway.store.embedded import EmbeddedServer
from tests.redteam.run import run
from tests.redteam.score import Score
from tests.world import open_world


def bar(done: int, of: int) -> None:
    """A line that grows."""
    if done % 10 == 0 or done == of:
        filled = 40 * done // of
        print(f"\r[{'#' * filled}{'.' * (40 - filled)}] {done}/{of}", end="", file=sys.stderr, flush=True)


def main() -> int:
    """Parse, play, print."""
    parser = argparse.ArgumentParser(prog="redteam", description=__doc__)
    parser.add_argument("--conversations", type=int, default=2000, help="how many to play")
    parser.add_argument("--seed", type=int, default=0, help="the same number plays the same conversations")
    parser.add_argument("--output", type=Path, help="write the counts here as JSON")
    given = parser.parse_args()
    quiet()
    folder = Path(tempfile.mkdtemp(prefix="gateway-redteam-"))
    server = EmbeddedServer(folder / "db")
    try:
        server.start()
        score = play(folder, server.url("postgres"), given.conversations, given.seed)
    finally:
        server.release()
        shutil.rmtree(folder, ignore_errors=True)
    print(file=sys.stderr)
    print(score.table())
    if given.output:
        given.output.write_text(score.dumps() + "\n", "utf-8")
    return 0 if score.clean else 1


def play(folder: Path, url: str, count: int, seed: int) -> Score:
    """One run against a fresh gateway."""

    async def migrate() -> None:
        store = await open_store(url, folder)
        await store.close()

    asyncio.run(migrate())
    world = open_world(folder / "home", url)
    try:
        return asyncio.run(run(world, count, seed, bar))
    finally:
        world.close()


if __name__ == "__main__":
    sys.exit(main())
