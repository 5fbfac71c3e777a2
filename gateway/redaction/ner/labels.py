"""What the name model tells apart, and how its labels become spans. Pure."""

from __future__ import annotations

from typing import Final

TYPES: Final = ("PERSON", "LOCATION", "ORGANIZATION", "STREET_ADDRESS", "NRP", "JOB_TITLE")
OUTSIDE: Final = 0
LABELS: Final = 1 + 2 * len(TYPES)
"""0 is outside; type number t begins with 1 + 2t and goes on with 2 + 2t."""


def begin(type_number: int) -> int:
    """The label of an entity's first word."""
    return 1 + 2 * type_number


def inside(type_number: int) -> int:
    """The label of its other words."""
    return 2 + 2 * type_number
