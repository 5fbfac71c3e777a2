"""The journeys that make the index's vectors anew, and that learn how to, over an open house."""

from __future__ import annotations

from gateway.app.house import House, now
from gateway.govern import Guard, Reembedding, Tuning


def reembedding(house: House) -> Reembedding:
    """Nothing is started."""
    return Reembedding(
        store=house.store,
        guard=Guard(house.current, house.audit, now),
        current=house.current,
        embedder=house.embedder,
        now=now,
        engine=house.placed.engine,
    )


def tuning(house: House) -> Tuning:
    """Nothing is started."""
    return Tuning(
        store=house.store,
        guard=Guard(house.current, house.audit, now),
        current=house.current,
        embedder=house.embedder,
        now=now,
        engine=house.placed.engine,
    )
