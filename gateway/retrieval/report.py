"""What reading found out about a document beside its text. Kinds and counts only, never a word of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

HIDING: Final = frozenset({"style", "colour", "tiny", "outside", "covered", "tag"})
"""Kinds of hidden text that somebody took care to hide; the others are usual in honest files."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A passage that speaks to a model rather than to a reader."""

    passage: int | None
    """Its ordinal; None: text that nobody sees."""
    score: float
    """0..1"""
    signs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What was left out of a document, and what in it looks like an instruction."""

    hidden: Mapping[str, int] = field(default_factory=dict)
    """Characters by kind."""
    notes: Mapping[str, int] = field(default_factory=dict)
    """Pages not read, attachments read and not read, embedded files."""
    flags: tuple[Flag, ...] = ()

    @property
    def concealed(self) -> int:
        """Characters that were hidden on purpose, as far as the kind tells."""
        return sum(count for kind, count in self.hidden.items() if kind in HIDING)

    @property
    def doubtful(self) -> bool:
        """Whether something in it speaks to a model."""
        return bool(self.flags)

    def shape(self) -> dict[str, Any]:
        """As JSON."""
        flags = [{"passage": one.passage, "score": one.score, "signs": list(one.signs)} for one in self.flags]
        return {"hidden": dict(self.hidden), "notes": dict(self.notes), "instructions": flags}


def report_of(shape: Mapping[str, Any]) -> Report:
    """The report that `shape` was made of."""
    flags: Sequence[Mapping[str, Any]] = shape.get("instructions", ())
    return Report(
        dict(shape.get("hidden", {})),
        dict(shape.get("notes", {})),
        tuple(Flag(one["passage"], one["score"], tuple(one["signs"])) for one in flags),
    )
