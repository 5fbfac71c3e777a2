"""The key ring, from where the settings say that it is."""

from __future__ import annotations

from gateway.crypto import KeyRing, Secret
from gateway.crypto.ringfile import KekLock, Lock, RingCommand, RingFile, RingSource, TransitLock
from gateway.crypto.transit import Transit
from gateway.settings import Settings


def ring_source(settings: Settings) -> RingSource:
    """Where the ring is kept. Raises BadKeyRing, BadSettings for a key or an address that cannot be one."""
    keys = settings.keys
    if keys.command:
        return RingCommand(keys.command, keys.store_command)
    lock: Lock | None = None
    if keys.kek is not None:
        lock = KekLock(Secret(keys.kek.get_secret_value()))
    elif keys.transit.url and keys.transit.token is not None:
        far = keys.transit
        lock = TransitLock(
            Transit(
                far.url,
                far.key,
                Secret(keys.transit.token.get_secret_value()),
                mount=far.mount,
                namespace=far.namespace,
                ca_file=settings.path(far.ca_file) if far.ca_file else None,
                timeout_s=far.timeout_s,
            )
        )
    return RingFile(settings.path(keys.file), lock)


def key_ring(settings: Settings) -> KeyRing:
    """The ring, read and checked. Raises BadKeyRing, and what asking for it elsewhere raises."""
    source = ring_source(settings)
    return KeyRing.parse(source.read(), str(source))
