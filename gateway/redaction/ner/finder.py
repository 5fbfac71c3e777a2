"""Names, places, organisations and addresses in a text, by the model beside this file. Linear in the text's length."""

from __future__ import annotations

import importlib
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

from gateway.errors import Broken
from gateway.model import Span
from gateway.redaction.ner.alone import says_nobody
from gateway.redaction.ner.graph import INPUTS, OUTPUT, WITHIN
from gateway.redaction.ner.labels import TYPES
from gateway.redaction.ner.spans import spans
from gateway.redaction.ner.words import BETWEEN, JOINT, Read, Reader

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
        return self.find_all((text,), types, check)[0]

    def find_all(
        self, texts: Sequence[str], types: Sequence[str] = TYPES, check: Check = lambda: None
    ) -> list[list[Span]]:
        """What `find` finds in each text, in less time: short texts share a run, with a gap no label reaches over."""
        reader, session = self._load()
        out: list[list[Span]] = [[] for _ in texts]
        for group in _groups(texts):
            given = [texts[part.text][part.first : part.last] for part in group]
            read = reader.read_all(given)
            if not read.starts:
                continue
            begins = [0, *accumulate(len(each) + len(JOINT) for each in given)]
            for span in spans(JOINT.join(given), read, self._run(read, session, check), types, begins[:-1]):
                at = bisect_right(begins, span.start) - 1
                part, back = group[at], group[at].first - begins[at]
                if part.start <= span.start + back < part.end:
                    out[part.text].append(Span(span.start + back, span.end + back, span.type, span.score))
        for at, text in enumerate(texts):
            if out[at] and says_nobody(text):
                out[at] = []
        return out

    def _run(self, read: Read, session: Any, check: Check) -> Any:
        """Probabilities [words, labels]."""
        np: Any = importlib.import_module("numpy")
        rows = {name: getattr(read, name)[None] for name in INPUTS}
        rows[WITHIN] = read.within[None, :, None]
        count = len(read.within)
        if count <= WINDOW:
            check()
            return session.run([OUTPUT], rows)[0][0][read.firsts]
        parts = []
        for start in range(0, count, WINDOW):
            check()
            first = max(0, start - REACH)
            given = {name: row[:, first : start + WINDOW + REACH] for name, row in rows.items()}
            parts.append(session.run([OUTPUT], given)[0][0][start - first : start - first + WINDOW])
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
        # Runs differ in length: plans for each length and an arena of the longest would only be kept.
        options.enable_mem_pattern = options.enable_cpu_mem_arena = False
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


@dataclass(frozen=True, slots=True)
class _Part:
    """What begins in [start, end) of a text counts, read from [first, last)."""

    text: int
    start: int
    first: int
    end: int
    last: int


def _groups(texts: Sequence[str]) -> Iterator[list[_Part]]:
    """All parts of all texts, in order, as many together as are read at once."""
    group: list[_Part] = []
    size = 0
    for part in (part for number, text in enumerate(texts) for part in _parts(number, text)):
        length = part.last - part.first + BETWEEN
        if group and size + length > _PART:
            yield group
            group, size = [], 0
        group.append(part)
        size += length
    if group:
        yield group


def _parts(number: int, text: str) -> Iterator[_Part]:
    length = len(text)
    if length <= _PART + _OVERLAP:
        yield _Part(number, 0, 0, length, length)
        return
    start = 0
    while start < length:
        end = min(start + _PART, length)
        if end < length:
            at = max(text.rfind(mark, end - _OVERLAP // 2, end) for mark in "\n .")
            end = at + 1 if at > 0 else end
        yield _Part(number, start, max(0, start - _OVERLAP), end, min(length, end + _OVERLAP))
        start = end
