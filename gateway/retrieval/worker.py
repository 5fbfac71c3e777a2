"""The parser's child process: one document in, one answer out, over standard input and output.

    frame    = 4 bytes big-endian length, then that many bytes
    request  = frame of JSON {"kind", "max_pages", "max_chars", "max_expansion", "tokens", "overlap",
               "chunking", "window", "sizes"}, frame of the file
    answer   = frame of JSON {"ok": {...}} or {"error": {"code", "message", "hint"}}

With "scans": true in the request, a PDF of which pages are pictures is answered by {"scans": [page number, ..]}. Asked
for "picture": number, it answers {"picture": length} and a frame of that page's picture; with "recognised": {number:
text}, it reads the document with these texts in the pictures' place.

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
from gateway.retrieval.extract import extract
from gateway.retrieval.formats import check
from gateway.retrieval.graph import weights_dir
from gateway.retrieval.instructions import THRESHOLD, score
from gateway.retrieval.methods.cutting import SENTENCES, Cut, Way, cut
from gateway.retrieval.readers.draft import Extracted, Limits
from gateway.retrieval.readers.pdf import picture
from gateway.retrieval.readers.pdfium import library
from gateway.retrieval.report import Flag, Report
from gateway.retrieval.sandbox import confine, write_no_more
from gateway.retrieval.split import boundaries, splitter

HEADER = 4
PROTOCOL = 1


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
        library()
        self._splitter(200, 40)

    def answer(self, request: dict[str, Any], data: bytes) -> dict[str, Any]:
        """`{"ok": ...}` or `{"error": ...}`; whatever happens, without content."""
        kind = str(request["kind"])
        try:
            limits = Limits(request["max_pages"], request["max_chars"], request["max_expansion"])
            check(data, kind, limits.expansion)
            asks = bool(request.get("scans"))
            texts = {int(number): text for number, text in request.get("recognised", {}).items()}
            found = extract(data, kind, limits, recognised=texts, scans=asks)
            if asks and found.scans:
                return {"scans": found.scans}
            chunks = self._cut(found, request)
            report = report_on(found, chunks.chunks)
        except MemoryError:
            return _error(TooLarge(f"reading this {kind} file takes more memory than allowed", hint="split it"))
        except (UnsupportedMedia, Invalid, TooLarge) as refused:
            return _error(refused)
        except Exception:  # noqa: BLE001 - a parser may raise anything, and its words may quote the document
            return _error(UnsupportedMedia(f"the file cannot be read as {kind}", hint="it may be damaged"))
        return {"ok": _shape(found, chunks, report)}

    def picture(self, request: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
        """({"picture": length}, the picture of a page), or ({"error": ...}, nothing)."""
        try:
            drawn = picture(data, int(request["picture"]))
        except MemoryError:
            return _error(TooLarge("drawing a page of this pdf file takes more memory than allowed")), b""
        except Exception:  # noqa: BLE001 - as above
            return _error(UnsupportedMedia("a page of this pdf file cannot be drawn", hint="it may be damaged")), b""
        return {"picture": len(drawn)}, drawn

    def _cut(self, found: Extracted, request: dict[str, Any]) -> Cut:
        tokens, overlap, kind = request["tokens"], request["overlap"], request.get("chunking", SENTENCES)
        if kind == SENTENCES:
            split = self._splitter(tokens, overlap)
            return Cut(boundaries(found.text, found.headings, split, found.pages), [], [])
        way = Way(kind, tokens, overlap, request["window"], tuple(request["sizes"]))
        return cut(found.text, found.headings, found.pages, way, self._count)

    def _splitter(self, tokens: int, overlap: int) -> Any:
        found = self._splitters.get((tokens, overlap))
        if found is None:
            found = self._splitters[tokens, overlap] = splitter(self._count, tokens, overlap)
        return found


def report_on(found: Extracted, chunks: Sequence[tuple[int, int]]) -> Report:
    """What was left out, and which passages speak to a model; hidden text is looked at too."""
    flags: list[Flag] = []
    for passage, text in enumerate([found.secret, *(found.text[start:end] for start, end in chunks)], -1):
        looked = score(text)
        if looked.score >= THRESHOLD:
            flags.append(Flag(passage if passage >= 0 else None, looked.score, looked.signs))
    return Report(dict(found.hidden), dict(found.notes), tuple(flags))


def _shape(found: Extracted, chunks: Cut, report: Report) -> dict[str, Any]:
    return {
        "text": found.text,
        "title": found.title,
        "pages": found.pages,
        "headings": found.headings,
        "chunks": chunks.chunks,
        "focus": chunks.focus,
        "parents": chunks.parents,
        "report": report.shape(),
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
        request = orjson.loads(head)
        if "picture" not in request:
            write_frame(sink, orjson.dumps(worker.answer(request, data)))
            continue
        answer, drawn = worker.picture(request, data)
        write_frame(sink, orjson.dumps(answer))
        if drawn:
            write_frame(sink, drawn)
    return 0


if __name__ == "__main__":
    sys.exit(main())
