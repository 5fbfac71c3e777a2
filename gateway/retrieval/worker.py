"""The parser's child process: one document in, one answer out, over standard input and output.

    frame    = 4 bytes big-endian length, then that many bytes
    request  = frame of JSON {"kind", "max_pages", "max_chars", "max_expansion", "tokens", "overlap"}, frame of the file
    answer   = frame of JSON {"ok": {...}} or {"error": {"code", "message", "hint"}}

The first frame it sends is its greeting, once everything slow is imported. It has no network and ends when its input
does. The one thing it writes is its PDF library, which unpacks itself under TMPDIR before the first document.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO

import orjson

from gateway.errors import GatewayError, Invalid, TooLarge, UnsupportedMedia
from gateway.retrieval.extract import Extracted, extract
from gateway.retrieval.formats import check
from gateway.retrieval.graph import weights_dir
from gateway.retrieval.sandbox import confine, write_no_more
from gateway.retrieval.split import boundaries, splitter

HEADER = 4
PROTOCOL = 1
BLANK_PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj
trailer<</Root 1 0 R>>
"""


def read_frame(stream: BinaryIO) -> bytes | None:
    """One frame, or None at the end of input."""
    head = stream.read(HEADER)
    if len(head) < HEADER:
        return None
    length = int.from_bytes(head, "big")
    body = stream.read(length)
    return body if len(body) == length else None


def write_frame(stream: BinaryIO, body: bytes) -> None:
    """One frame, flushed."""
    stream.write(len(body).to_bytes(HEADER, "big") + body)
    stream.flush()


class Worker:
    """Holds what is slow to make: the tokenizer and one splitter per size."""

    def __init__(self) -> None:
        from tokenizers import Tokenizer  # noqa: PLC0415

        tokenizer = Tokenizer.from_file(str(weights_dir() / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._count: Callable[[str], Sequence[int]] = lambda text: tokenizer.encode(text, add_special_tokens=False).ids
        self._splitters: dict[tuple[int, int], Any] = {}

    def warm(self) -> None:
        """Loads what the first document would otherwise wait for, and what needs to write while that is allowed."""
        extract(BLANK_PDF, "pdf", 1, 1000, empty=True)
        self._splitter(200, 40)

    def answer(self, request: dict[str, Any], data: bytes) -> dict[str, Any]:
        """`{"ok": ...}` or `{"error": ...}`; whatever happens, without content."""
        kind = str(request["kind"])
        try:
            check(data, kind, request["max_expansion"])
            found = extract(data, kind, request["max_pages"], request["max_chars"])
            chunks = boundaries(
                found.text, found.headings, self._splitter(request["tokens"], request["overlap"]), found.pages
            )
        except MemoryError:
            return _error(TooLarge(f"reading this {kind} file takes more memory than allowed", hint="split it"))
        except (UnsupportedMedia, Invalid, TooLarge) as refused:
            return _error(refused)
        except Exception:  # noqa: BLE001 - a parser may raise anything, and its words may quote the document
            return _error(UnsupportedMedia(f"the file cannot be read as {kind}", hint="it may be damaged"))
        return {"ok": _shape(found, chunks)}

    def _splitter(self, tokens: int, overlap: int) -> Any:
        found = self._splitters.get((tokens, overlap))
        if found is None:
            found = self._splitters[tokens, overlap] = splitter(self._count, tokens, overlap)
        return found


def _shape(found: Extracted, chunks: list[tuple[int, int]]) -> dict[str, Any]:
    return {
        "text": found.text,
        "title": found.title,
        "pages": found.pages,
        "headings": found.headings,
        "chunks": chunks,
    }


def _error(error: GatewayError) -> dict[str, Any]:
    return {"error": {"code": error.code, "message": error.message, "hint": error.hint}}


def main() -> int:
    """Serves until input ends. The memory limit in bytes is the one argument."""
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not reach the protocol.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    filtered = confine(int(sys.argv[1]))
    worker = Worker()
    worker.warm()
    write_no_more()
    write_frame(sink, orjson.dumps({"protocol": PROTOCOL, "filtered": filtered}))
    while (head := read_frame(source)) is not None and (data := read_frame(source)) is not None:
        write_frame(sink, orjson.dumps(worker.answer(orjson.loads(head), data)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
