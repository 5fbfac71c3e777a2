"""Texts that go to an embedder's server leave the house: where they may go is asked first. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from gateway.model import Zone
from gateway.retrieval.methods.base import SparseEncoder, TextEmbedder
from gateway.retrieval.methods.terms import Terms

Party: TypeAlias = TextEmbedder | SparseEncoder


def leaving(embedder: TextEmbedder, terms: Terms) -> tuple[Party, ...]:
    """Those of the two that send texts anywhere."""
    both: tuple[Party | None, ...] = (embedder, terms.learned)
    return tuple(one for one in both if one is not None and one.endpoint)


def forbidden(parties: Iterable[Party], zones: frozenset[Zone]) -> tuple[Party, ...]:
    """Those of them whose zone is not among `zones`."""
    return tuple(one for one in parties if one.zone not in zones)
