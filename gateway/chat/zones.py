"""Which zones a request may reach, and what the caller is told when none is left."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from gateway.chat.values import Grounded
from gateway.errors import ContentRefused, NoRoute
from gateway.model import Zone


def zones_of(grounded: Grounded) -> frozenset[Zone]:
    """Zones that this request's sensitivity allows. Raises ContentRefused when its personal data leaves none."""
    bundle = grounded.scanned.admitted.asked.bundle
    zones = bundle.zones(grounded.sensitivity)
    if not zones and (kinds := bundle.refused_types(grounded.sensitivity)):
        raise ContentRefused(
            "content of this type may not reach any model that could answer: " + ", ".join(kinds),
            hint="take it out of the request, or ask an administrator about privacy.yaml",
        )
    return zones


@contextlib.contextmanager
def naming_unscannable(grounded: Grounded) -> Iterator[None]:
    """When no model is left, and something in the request cannot be scanned, the refusal says so."""
    try:
        yield
    except NoRoute as error:
        kinds = sorted(grounded.sensitivity.unscannable)
        if not kinds:
            raise
        raise NoRoute(
            f"{error.message}; the request holds what cannot be scanned: {', '.join(kinds)}",
            hint="leave it out, or ask an administrator about unscannable_zones in routing.yaml",
            facts=error.facts,
        ) from None
