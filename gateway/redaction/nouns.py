"""What redaction gives to its callers beside the nouns of `model`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.model import Redacted


@dataclass(frozen=True, slots=True)
class Original:
    """A value that a token stands for. Its representation does not show it."""

    value: str = field(repr=False)
    type: str


@dataclass(frozen=True, slots=True)
class Redaction:
    """One text redacted, and what its tokens stand for. A value written in several ways is kept as first seen."""

    redacted: Redacted
    originals: Mapping[str, Original]


@dataclass(frozen=True, slots=True)
class VaultEntry:
    """A value as the vault keeps it, and the collections whose documents brought it in."""

    value: str = field(repr=False)
    type: str
    collections: frozenset[str] = frozenset()
