"""What a reader fills: text that grows, with its headings, pages, and a count of what was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.errors import TooLarge, UnsupportedMedia
from gateway.retrieval.readers.tables import paragraphs
from gateway.retrieval.readers.text import tidy

GAP = "\n\n"
SECRET = 50_000
"""Characters of hidden text that are kept in the child, to be scored and then forgotten."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may come out of one document."""

    pages: int
    chars: int
    expansion: int = 209_715_200


@dataclass(slots=True)
class Extracted:
    """Text of one document; offsets are code points of `text`."""

    text: str
    title: str = ""
    pages: list[tuple[int, int, int]] = field(default_factory=list)
    headings: list[tuple[int, int, int]] = field(default_factory=list)
    """(start, end, level)"""
    hidden: Counter[str] = field(default_factory=Counter)
    """Characters left out, by kind."""
    secret: str = ""
    """The beginning of the hidden text; it never leaves the child."""
    notes: Counter[str] = field(default_factory=Counter)
    """What else a reader should know: pages not read, attachments read or not, files embedded."""
    scans: list[int] = field(default_factory=list)
    """Numbers of pages that are pictures without text."""


class Draft:
    """Collects one document. Every method that adds text raises TooLarge when it becomes too much."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.title = ""
        self.hidden: Counter[str] = Counter()
        self.notes: Counter[str] = Counter()
        self._secret: list[str] = []
        self._secret_size = 0
        self._parts: list[str] = []
        self._length = 0
        self._pages: list[tuple[int, int]] = []
        self._headings: list[tuple[int, int, int]] = []

    def clean(self, text: str) -> str:
        """The text without what nobody sees, which is counted."""
        return tidy(text, self.hidden, self._secret)

    def text(self, text: str) -> None:
        """A paragraph; nothing when it is blank."""
        text = self.clean(text).strip("\n")
        if text.strip():
            self._add(text)

    def heading(self, text: str, level: int) -> None:
        """A heading of level 1 to 6."""
        text = " ".join(self.clean(text).split())
        if text:
            marks = "#" * max(1, min(level, 6)) + " "
            start = self._length + len(marks)
            self._add(marks + text)
            self._headings.append((start, start + len(text), len(marks) - 1))

    def table(self, rows: Sequence[Sequence[str]], *, header: bool | None = None) -> None:
        """Each row as a paragraph of its own; see `tables.paragraphs`."""
        for row in paragraphs(rows, header=header, room=self.limits.chars - self._length):
            self.text(row)

    def page(self, number: int) -> None:
        """What follows stands on this page, slide or sheet."""
        if len(self._pages) >= self.limits.pages:
            raise TooLarge(
                f"the document has more than {self.limits.pages} pages", hint="split it, or raise ingest.max_pages"
            )
        self._pages.append((number, self._length))

    def hide(self, kind: str, text: str) -> None:
        """Text that is left out."""
        size = len(text.strip())
        if size:
            self.hidden[kind] += size
            if self._secret_size < SECRET and kind != "code":
                self._secret.append(text[:SECRET])
                self._secret_size += min(len(text), SECRET)

    def whisper(self, secret: str) -> None:
        """Hidden text that is counted already."""
        if secret:
            self._secret.append(secret[:SECRET])

    def take(self, other: Extracted) -> None:
        """A whole document read apart, without its pages."""
        base = self._length
        if other.text.strip():
            self._add(other.text.rstrip("\n"))
            self._headings += ((start + base, end + base, level) for start, end, level in other.headings)
        self.hidden.update(other.hidden)
        self.notes.update(other.notes)
        self.whisper(other.secret)

    def done(self) -> Extracted:
        """The document."""
        text = "".join(self._parts)
        body = text.rstrip("\n")
        text = body + "\n" if body else ""
        starts = [min(start, len(text)) for _, start in self._pages]
        ends = [*starts[1:], len(text)]
        pages = [
            (number, start, start + len(text[start:end].rstrip("\n")))
            for (number, _), start, end in zip(self._pages, starts, ends[: len(starts)], strict=True)
        ]
        return Extracted(
            text, self.title, pages, self._headings, +self.hidden, "\n".join(self._secret)[:SECRET], +self.notes
        )

    def _add(self, text: str) -> None:
        self._parts += (text, GAP)
        self._length += len(text) + len(GAP)
        if self._length > self.limits.chars + len(GAP):
            raise too_long(self.limits.chars)


def too_long(max_chars: int) -> TooLarge:
    """The error for too much text."""
    return TooLarge(f"the document holds more than {max_chars} characters", hint="split it, or raise the limit")


def damaged(kind: str) -> UnsupportedMedia:
    """The error for a file that its reader cannot follow."""
    return UnsupportedMedia(f"the file cannot be read as {kind}", hint="it may be damaged or protected by a password")
