"""A folder of files: size and time of change tell whether a file must be read again, its digest whether it changed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

from gateway.errors import TooLarge, Unavailable
from gateway.ingest.sources.nouns import Fetched, Gone, Item


class Folder:
    """Everything below `root` but hidden files and symbolic links, which may lead out of it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def items(self, _known: Mapping[str, str]) -> AsyncIterator[Item]:
        """In order of their paths."""
        for item in await asyncio.to_thread(_listed, self._root):
            yield item

    async def fetch(self, item: Item, mark: str, limit: int) -> Fetched | None:
        """The file as it is now."""
        return await asyncio.to_thread(self._read, item, mark, limit)

    async def close(self) -> None:
        """Nothing is held open."""

    def _read(self, item: Item, mark: str, limit: int) -> Fetched | None:
        try:
            # Opened relative to nothing but itself, and never through a link put in its place meanwhile.
            descriptor = os.open(self._root / item.key, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            raise Gone from None
        except OSError:
            raise Unavailable("a file of the folder cannot be read", hint="look at its permissions") from None
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(file.fileno())
            if found.st_size > limit:
                raise TooLarge(f"the file has more than {limit} bytes", hint="split it, or raise the limit")
            if _mark(found) == mark:
                return None
            try:
                return Fetched(file.read(limit + 1)[:limit], _mark(found))
            except OSError:
                raise Unavailable("a file of the folder cannot be read", hint="look at its permissions") from None


def _listed(root: Path) -> list[Item]:
    return sorted(_walk(root), key=lambda item: item.key)


def _walk(root: Path) -> Iterator[Item]:
    """Raises Unavailable when any folder cannot be listed: what was not seen must not count as gone."""
    todo = [root]
    while todo:
        folder = todo.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name.startswith(".") or entry.is_symlink():
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(Path(entry.path))
                    elif entry.is_file(follow_symlinks=False):
                        found = entry.stat(follow_symlinks=False)
                        key = Path(entry.path).relative_to(root).as_posix()
                        yield Item(key, _mark(found), found.st_size)
        except FileNotFoundError:
            if folder == root:
                raise _unreadable() from None
            # Removed while it was being listed.
        except OSError:
            raise _unreadable() from None


def _mark(found: os.stat_result) -> str:
    return f"{found.st_mtime_ns}:{found.st_size}"


def _unreadable() -> Unavailable:
    return Unavailable("the folder, or one below it, cannot be listed", hint="is it mounted, and readable for us?")
