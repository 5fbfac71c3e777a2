"""What bytes say when they are text: in UTF-8 or UTF-16, compressed or not, with a bound on what is unpacked. Pure."""

from __future__ import annotations

import bz2
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final

from gateway.errors import ContentRefused

_LEAST: Final = 200_000
_MOST: Final = 2_000_000
_TIMES: Final = 20
"""Compressed data of one text may unpack to so many times the text's length, but to `_LEAST` and not over `_MOST`."""
_SHORTEST: Final = 9
"""Printable bytes in a row that are taken for text among others."""
_ZERO: Final = 8
"""Bytes looked at to tell UTF-16."""


def _gzip() -> Any:
    return zlib.decompressobj(31)


_PACKERS: Final[tuple[tuple[bytes, Callable[[], Any]], ...]] = (
    (b"\x1f\x8b\x08", _gzip),
    (b"x\x01", zlib.decompressobj),
    (b"x\x5e", zlib.decompressobj),
    (b"x\x9c", zlib.decompressobj),
    (b"x\xda", zlib.decompressobj),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\x00", lzma.LZMADecompressor),
)
_PRINTABLE: Final = rb"(?:[\t\n\r\x20-\x7e]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})"
_RUN: Final = re.compile(_PRINTABLE + rb"{%d,}" % _SHORTEST)
_PLAIN: Final = re.compile(r"[^\x00-\x08\x0e-\x1f\x7f\ufffd\ue000-\uf8ff]*\Z")


class Budget:
    """How much one text's compressed data may still unpack to."""

    def __init__(self, size: int = 0) -> None:
        """`size`: the text's length in characters."""
        self._left = min(max(_LEAST, _TIMES * size), _MOST)

    def unpack(self, data: bytes) -> bytes | None:
        """Compressed bytes unpacked, as far as they go; None when they are not compressed.

        Raises ContentRefused when they unpack to more than is looked through.
        """
        for magic, make in _PACKERS:
            if data.startswith(magic):
                try:
                    out: bytes = make().decompress(data, self._left + 1)
                except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError):
                    return None
                self._left -= len(out)
                if self._left < 0:
                    raise ContentRefused(
                        "the text holds compressed data that unpacks to more than is looked through",
                        hint="send it as plain text, or as a document",
                    )
                return out
        return None


def texts(data: bytes, budget: Budget) -> Iterator[str]:
    """What `data` says: itself, if all of it is text, or else the stretches of text in it; nothing for other data."""
    unpacked = budget.unpack(data)
    if unpacked is not None:
        data = unpacked
    whole = whole_text(data)
    if whole is not None:
        yield whole
        return
    for run in _RUN.findall(data):
        yield run.decode("utf-8", "replace")


def whole_text(data: bytes) -> str | None:
    """The text that all of `data` is, in UTF-16 or UTF-8; None when it is none."""
    try:
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            text = data[: len(data) // 2 * 2].decode("utf-16")
        elif len(data) >= _ZERO and not any(data[1:_ZERO:2]) and all(data[0:_ZERO:2]):
            text = data[: len(data) // 2 * 2].decode("utf-16-le")
        elif len(data) >= _ZERO and not any(data[0:_ZERO:2]) and all(data[1:_ZERO:2]):
            text = data[: len(data) // 2 * 2].decode("utf-16-be")
        else:
            text = data.decode()
    except UnicodeDecodeError:
        return None
    return text if text and _PLAIN.match(text) else None
