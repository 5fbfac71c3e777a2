"""What was said from labelled passages keeps their labels when it comes back.

A conversation carries earlier answers in its history, and programs paste what search returned into prompts of their
own. Each sentence that left here from passages is remembered by a keyed digest with the passages' labels, so that a
later request holding it is as sensitive as the passages were. Text that was reworded is not recognised.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from gateway.crypto import KeyRing, keyed
from gateway.store import Store

LEAST: Final = 20
"""Letters and digits that a sentence must have to be told from chance."""
REMEMBERED: Final = 200
LOOKED_UP: Final = 2_000
KEPT_FOR: Final = timedelta(days=90)
_END: Final = re.compile(r"(?<=[.!?])\s+|\n+|\s*\|\s*")
_TOKEN: Final = re.compile(r"\[([A-Z][A-Z_]*?)(?:_[0-9a-z]{12}(?:_[0-9a-z]{4})?)?\]")
_NOISE: Final = re.compile(r"[\W_]+|\[\d+\]")
_CITED: Final = re.compile(r"\s*\[\d{1,3}\]")

_KEEP: Final = """
INSERT INTO lineage (tenant, digest, label, at) SELECT $1, d, l, $4 FROM unnest($2::bytea[]) d, unnest($3::text[]) l
ON CONFLICT (tenant, digest, label) DO UPDATE SET at = excluded.at
"""


class Lineage:
    """Labels by sentence, for one database. Every method raises StoreUnavailable when it does not answer."""

    def __init__(self, store: Store, ring: KeyRing, now: Callable[[], datetime]) -> None:
        self._store = store
        self._ring = ring
        self._now = now

    async def start(self) -> None:
        """Forget what is older than `KEPT_FOR`."""
        await self._store.execute("DELETE FROM lineage WHERE at < $1", self._now() - KEPT_FOR)

    async def remember(self, tenant: str, texts: Iterable[str], labels: frozenset[str]) -> None:
        """The sentences of these texts were made from passages with these labels."""
        digests = self._digests(tenant, texts, REMEMBERED)
        if digests and labels:
            await self._store.execute(_KEEP, tenant, digests, sorted(labels), self._now())

    async def labels_of(self, tenant: str, texts: Iterable[str]) -> frozenset[str]:
        """Labels that any sentence of these texts carries."""
        digests = self._digests(tenant, texts, LOOKED_UP)
        if not digests:
            return frozenset()
        rows = await self._store.fetch(
            "SELECT DISTINCT label FROM lineage WHERE tenant = $1 AND digest = ANY($2::bytea[])", tenant, digests
        )
        return frozenset(row["label"] for row in rows)

    def _digests(self, tenant: str, texts: Iterable[str], most: int) -> list[bytes]:
        key = self._ring.stable("lineage", tenant.encode())
        found: dict[bytes, None] = {}
        for text in texts:
            for sentence in sentences(text):
                found[keyed(key, sentence.encode("utf-8", "surrogatepass"))[:16]] = None
                if len(found) >= most:
                    return list(found)
        return list(found)


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text as they are compared: lower case, letters and digits only, tokens and masks by type."""
    for piece in _END.split(text):
        plain = _TOKEN.sub(lambda match: match[1], _CITED.sub("", piece))
        bare = _NOISE.sub(" ", plain).casefold().strip()
        if sum(character.isalnum() for character in bare) >= LEAST:
            yield bare
