"""Which values were erased, and when, so that records from before are not found by them again.

The index can be made anew from the log, where tokens of erased values still stand in the texts. What is listed is a
keyed digest of a token's id, and no term of the index: terms are short, and a value that happens to share one with an
erased value must still be found. Without the key ring a row says that some value was erased, and when.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from hmac import compare_digest
from typing import Final

from gateway.audit.record import micros
from gateway.audit.terms import Terms
from gateway.crypto import SecretBytes, keyed
from gateway.store import Store

DIGEST: Final = 16
_PUT: Final = """
INSERT INTO audit_erased_values (value, until, proof) SELECT value, $2, proof
FROM unnest($1::bytea[], $3::bytea[]) n(value, proof)
ON CONFLICT (value) DO UPDATE SET until = excluded.until, proof = excluded.proof
"""


class ErasedValues:
    """The list. Values are ids of tokens. Every method raises StoreUnavailable."""

    def __init__(self, store: Store, terms: Terms) -> None:
        self._store = store
        self._key = terms.erased

    async def add(self, values: Collection[str], until: datetime) -> None:
        """No record from before `until` is found by one of these any more, once it is indexed anew."""
        digests = sorted(_digest(self._key, value) for value in set(values))
        await self._store.execute(_PUT, digests, until, [_proof(self._key, one, until) for one in digests])

    async def of(self, values: Collection[str]) -> dict[str, int]:
        """Those of the values that were erased, and until when: microseconds since 1970 UTC.

        A row that somebody else wrote or changed counts for nothing: it would hide records.
        """
        wanted = {_digest(self._key, value): value for value in values}
        if not wanted:
            return {}
        rows = await self._store.fetch(
            "SELECT value, until, proof FROM audit_erased_values WHERE value = ANY($1::bytea[])", sorted(wanted)
        )
        return {
            wanted[row["value"]]: micros(row["until"])
            for row in rows
            if compare_digest(row["proof"], _proof(self._key, row["value"], row["until"]))
        }


def _digest(key: SecretBytes, value: str) -> bytes:
    return keyed(key, b"value\0" + value.encode("utf-8", "surrogatepass"))[:DIGEST]


def _proof(key: SecretBytes, digest: bytes, until: datetime) -> bytes:
    return keyed(key, b"until\0" + digest + micros(until).to_bytes(8, "big", signed=True))[:DIGEST]
