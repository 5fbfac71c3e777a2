"""Where the settings say that the key ring is, and how it changes over an open house."""

from __future__ import annotations

from gateway.app.house import House, now
from gateway.app.ring import ring_source
from gateway.govern import Guard, Rotation


def rotation(house: House) -> Rotation:
    """Nothing is started."""
    return Rotation(
        store=house.store,
        ring=house.ring,
        table=house.key_table,
        source=ring_source(house.settings),
        guard=Guard(house.current, house.audit, now),
        now=now,
    )
