"""Names, places, organisations and addresses in a text, by the model beside this file. Linear in the text's length."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from gateway.errors import Broken
from gateway.model import Span
from gateway.redaction.ner.graph import INPUTS, OUTPUT
from gateway.redaction.ner.labels import TYPES
from gateway.redaction.ner.spans import spans
from gateway.redaction.ner.words import Read, Reader

WINDOW: Final = 1024
"""Pieces in one run."""
REACH: Final = 9
"""A label depends on so many pieces to each side: with them beside a window its labels are those of the whole text."""
_PART: Final = 32_768
"""Characters read at once: bounds memory. Parts overlap by more than `REACH` pieces can span."""
_OVERLAP: Final = 2_048

Check = Callable[[], None]


class NameFinder:
    """The model, loaded at first use from two files; for several threads at once."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or Path(__file__).parent
        self._lock = threading.Lock()
        self._loaded: tuple[Reader, Any] | None = None

    def find(self, text: str, types: Sequence[str] = TYPES, check: Check = lambda: None) -> list[Span]:
        """Spans of these types, in order, none overlapping, offsets in code points. Raises Broken without its files."""
        reader, session = self._load()
        out: list[Span] = []
        for start, first, end, last in _parts(text):
            read = reader.read(text[first:last])
            if not read.starts:
                continue
            scores = self._run(read, session, check)
            found = spans(text[first:last], read, scores, types)
            out += (
                Span(s.start + first, s.end + first, s.type, s.score) for s in found if start <= s.start + first < end
            )
        return out

    def _run(self, read: Read, session: Any, check: Check) -> Any:
        """Probabilities [words, labels]."""
        np: Any = importlib.import_module("numpy")
        rows = [getattr(read, name) for name in INPUTS]
        count = len(rows[0])
        if count <= WINDOW:
            check()
            return session.run([OUTPUT], dict(zip(INPUTS, rows, strict=True)))[0][read.firsts]
        parts = []
        for start in range(0, count, WINDOW):
            check()
            first, last = max(0, start - REACH), min(count, start + WINDOW + REACH)
            given = {name: row[first:last] for name, row in zip(INPUTS, rows, strict=True)}
            parts.append(session.run([OUTPUT], given)[0][start - first : start - first + WINDOW])
        return np.concatenate(parts)[read.firsts]

    def _load(self) -> tuple[Reader, Any]:
        if self._loaded is None:
            with self._lock:
                if self._loaded is None:
                    self._loaded = self._read_files()
        return self._loaded

    def _read_files(self) -> tuple[Reader, Any]:
        np: Any = importlib.import_module("numpy")
        runtime: Any = importlib.import_module("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            with np.load(self._folder / "names.npz") as kept:
                pieces = bytes(kept["pieces"]).decode().split("\n")
                known = dict(zip(kept["hashes"].tolist(), kept["flags"].tolist(), strict=True))
            session = runtime.InferenceSession(
                str(self._folder / "names.onnx"), options, providers=["CPUExecutionProvider"]
            )
        except Exception:  # noqa: BLE001  every library here has errors of its own for a file that is not there
            raise Broken("the name model cannot be read", hint="install the gateway again") from None
        return Reader({piece: number for number, piece in enumerate(pieces)}, known), session


def _parts(text: str) -> Iterator[tuple[int, int, int, int]]:
    """(start, first, end, last): what begins in [start, end) counts, read from [first, last)."""
    length = len(text)
    if length <= _PART + _OVERLAP:
        yield 0, 0, length, length
        return
    start = 0
    while start < length:
        end = min(start + _PART, length)
        if end < length:
            at = max(text.rfind(mark, end - _OVERLAP // 2, end) for mark in "\n .")
            end = at + 1 if at > 0 else end
        yield start, max(0, start - _OVERLAP), end, min(length, end + _OVERLAP)
        start = end
