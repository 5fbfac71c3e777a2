"""Colours of office files, and whether text in one is seen on another. Pure."""

from __future__ import annotations

import re
from typing import Final

from gateway.retrieval.styles import Paint, alike

WHITE: Final[Paint] = (255, 255, 255)
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2})?([0-9A-Fa-f]{6})")


def hex_colour(value: str) -> Paint:
    """`RRGGBB` or `AARRGGBB`, with or without `#`; None when it is something else."""
    found = _HEX.fullmatch(value.removeprefix("#"))
    if found is None:
        return None
    number = int(found[1], 16)
    return number >> 16, number >> 8 & 255, number & 255


def unseen(ink: Paint, ground: Paint) -> bool:
    """Whether both are known and cannot be told apart."""
    return ink is not None and ground is not None and alike(ink, ground)
