"""From a parsed document to what is embedded and what is returned, where these are not the same."""

from __future__ import annotations

from dataclasses import replace

from gateway.model import Redacted
from gateway.retrieval.methods.parents import Parent
from gateway.retrieval.nouns import Parsed, Piece
from gateway.retrieval.pieces import pieces


def read_pieces(parsed: Parsed, redacted: Redacted, returned: list[Piece]) -> list[Piece]:
    """What the embedder reads of each returned piece: the piece itself, or the sentence that its window is around."""
    return list(pieces(replace(parsed, chunks=parsed.focus), redacted)) if parsed.focus else returned


def parents_of(parsed: Parsed, redacted: Redacted) -> list[Parent]:
    """The longer passages of a document, cut from the redacted text like its chunks, so that no token is ever cut."""
    ranges = tuple((start, end) for start, end, *_ in parsed.parents)
    return [
        Parent(piece, level, first, last)
        for piece, (_, _, level, first, last) in zip(
            pieces(replace(parsed, chunks=ranges), redacted), parsed.parents, strict=True
        )
    ]
