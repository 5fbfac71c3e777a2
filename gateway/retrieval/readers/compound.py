"""The compound files of older Office (OLE): a small file system in a file. Pure; every chain is bounded."""

from __future__ import annotations

import struct
from typing import Final

from gateway.errors import UnsupportedMedia

MAGIC: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LAST: Final = 0xFFFFFFFA
"""Sector numbers from here on are marks."""
_NONE: Final = 0xFFFFFFFF
MAX_ENTRIES: Final = 20_000
Path = tuple[str, ...]


class Compound:
    """Streams by their path of storage names. Raises UnsupportedMedia for chains that loop or lead nowhere."""

    def __init__(self, data: bytes) -> None:
        if data[:8] != MAGIC or len(data) < 512:
            raise _broken()
        self._data = data
        try:
            self._open()
        except (struct.error, IndexError, ValueError):
            raise _broken() from None

    def _open(self) -> None:
        shift, mini_shift = struct.unpack_from("<HH", self._data, 30)
        if shift not in {9, 12} or mini_shift != 6:
            raise _broken()
        self._size, self._mini_size = 1 << shift, 1 << mini_shift
        count, directory = struct.unpack_from("<I", self._data, 44)[0], struct.unpack_from("<I", self._data, 48)[0]
        self._cutoff, mini_fat, _, difat, _ = struct.unpack_from("<IIIII", self._data, 56)
        sectors = [one for one in struct.unpack_from("<109I", self._data, 76) if one < _LAST]
        seen = set()
        while difat < _LAST and difat not in seen:
            seen.add(difat)
            more = struct.unpack(f"<{self._size // 4}I", self._sector(difat))
            sectors += [one for one in more[:-1] if one < _LAST]
            difat = more[-1]
        fat = b"".join(self._sector(one) for one in sectors[: min(count, len(self._data) // self._size + 1)])
        self._fat = struct.unpack(f"<{len(fat) // 4}I", fat)
        self._mini_fat: tuple[int, ...] = ()
        raw = self._chain(directory)
        self._entries = [raw[at : at + 128] for at in range(0, len(raw) - 127, 128)][:MAX_ENTRIES]
        start = struct.unpack_from("<I", self._entries[0], 116)[0]
        self._mini = self._chain(start) if start < _LAST else b""
        table = self._chain(mini_fat) if mini_fat < _LAST else b""
        self._mini_fat = struct.unpack(f"<{len(table) // 4}I", table)
        self.streams: dict[Path, int] = {}
        self.storages: set[Path] = set()
        self._walk()

    def _sector(self, number: int) -> bytes:
        at = (number + 1) * self._size
        found = self._data[at : at + self._size]
        if len(found) < self._size:
            found += b"\0" * (self._size - len(found)) if found else b""
        if not found:
            raise _broken()
        return found

    def _chain(self, start: int) -> bytes:
        parts: list[bytes] = []
        most = len(self._data) // self._size + 1
        while start < _LAST:
            if len(parts) > most:
                raise _broken()
            parts.append(self._sector(start))
            start = self._fat[start]
        return b"".join(parts)

    def _mini_chain(self, start: int, size: int) -> bytes:
        parts: list[bytes] = []
        most = len(self._mini) // self._mini_size + 1
        while start < _LAST and len(parts) * self._mini_size < size:
            if len(parts) > most:
                raise _broken()
            parts.append(self._mini[start * self._mini_size : (start + 1) * self._mini_size])
            start = self._mini_fat[start]
        return b"".join(parts)

    def _walk(self) -> None:
        seen: set[int] = set()
        todo: list[tuple[int, Path]] = [(struct.unpack_from("<I", self._entries[0], 76)[0], ())]
        while todo:
            number, folder = todo.pop()
            if number == _NONE or number >= len(self._entries) or number in seen:
                continue
            seen.add(number)
            entry = self._entries[number]
            length, kind = struct.unpack_from("<HB", entry, 64)
            name = entry[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
            left, right, child = struct.unpack_from("<III", entry, 68)
            todo += [(left, folder), (right, folder)]
            if kind == 1:
                self.storages.add((*folder, name))
                todo.append((child, (*folder, name)))
            elif kind == 2:
                self.streams[*folder, name] = number

    def read(self, *path: str) -> bytes | None:
        """A stream's bytes, or None when there is none."""
        number = self.streams.get(path)
        if number is None:
            return None
        start, size = struct.unpack_from("<II", self._entries[number], 116)
        if size > len(self._data):
            raise _broken()
        try:
            found = self._mini_chain(start, size) if size < self._cutoff else self._chain(start)
        except (IndexError, struct.error):
            raise _broken() from None
        return found[:size]


def _broken() -> UnsupportedMedia:
    return UnsupportedMedia("the file's storage is damaged", hint="save it anew")
