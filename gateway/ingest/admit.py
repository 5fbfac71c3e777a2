"""Whether a file may come in, and what the index holds in its place: everything known before it is parsed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.crypto.digest import sha256
from gateway.errors import Conflict, Invalid, NotPermitted, TooLarge
from gateway.ingest.replace import needs_delete
from gateway.ingest.values import Asked, Delivery, Request, Rights, checked_name, marks, rights_of
from gateway.model import ANSWER, EVERYONE, Principal
from gateway.policy import Bundle
from gateway.retrieval import PLAIN, REDACTED, TERMS_VERSION, Held, Index
from gateway.store.store import Connection

RECIPE: Final = "ingest/2"


class Admission:
    """Decides and compares; writes nothing, neither documents nor records."""

    def __init__(self, index: Index, now: Callable[[], datetime], max_bytes: int) -> None:
        self._index = index
        self._now = now
        self._max_bytes = max_bytes

    def permit(self, bundle: Bundle, principal: Principal, collection: str, action: str) -> None:
        """Raises NotPermitted."""
        decision = bundle.decide(principal, f"collection:{collection}", action)
        if not decision:
            raise NotPermitted(
                decision.reason, param="collection", hint=f"ask an administrator for the right to {action} it"
            )

    def named(self, name: str, collection: str) -> None:
        """Raises Invalid for a name that no document, or no collection, can have."""
        checked_name(name)
        if collection == ANSWER:
            hint = "in access.csv this name stands for what models write"
            raise Invalid(f"no collection can be called {ANSWER}", param="collection", hint=hint)

    async def admit(self, asked: Request, one: Delivery, made_by: str) -> Asked:
        """The file in memory, compared with what the index holds under its name.

        made_by: names parser and embedder; with it, everything but the file that decides what the index holds.
        Raises NotPermitted, Invalid, TooLarge, Conflict.
        """
        name, collection, mode = one.name, one.collection, one.mode
        rights = Rights(one.label, marks(one.allow), marks(one.deny))
        self.permit(asked.bundle, asked.principal, collection, "write")
        tenant = asked.principal.tenant
        self.named(name, collection)
        known = await self._index.collection(tenant, collection)
        if known is not None and mode is not None and mode != known.mode:
            raise Conflict(
                f"collection {collection} is kept in mode {known.mode}", hint="a collection's mode cannot be changed"
            )
        rights.check(asked.bundle.routing.labels)
        data = await _read(one.source, self._max_bytes)
        settled = known.mode if known is not None else mode or REDACTED
        source_key = self._index.source_key(tenant, name)
        held = await self._index.held(tenant, collection, source_key)
        usual = known.label if known is not None else asked.bundle.routing.default_label
        label = rights.label or (held.label if held is not None else usual)
        self._may_replace(asked, collection, held, label)
        return Asked(
            request=asked,
            collection=collection,
            mode=settled,
            exists=known is not None,
            name=name,
            data=data,
            source_key=source_key,
            digest=await asyncio.to_thread(self._index.digest, tenant, data),
            recipe=_recipe(asked.bundle, settled, made_by),
            held=held,
            label=label,
            allow=rights.allow if rights.allow is not None else held.allow if held is not None else (EVERYONE,),
            deny=rights.deny if rights.deny is not None else held.deny if held is not None else (),
            expires_at=(held.expires_at if held is not None else None) if one.expires_at == "keep" else one.expires_at,
        )

    def _may_replace(self, asked: Request, collection: str, held: Held | None, label: str) -> None:
        """Raises NotPermitted, in the words for whoever may not delete: the right to write is not one to replace."""
        if held is not None and needs_delete(asked.bundle, asked.principal, collection, held, label, self._now()):
            self.permit(asked.bundle, asked.principal, collection, "delete")

    async def still(self, asked: Asked, conn: Connection) -> Held | None:
        """What the index holds now that nobody else writes: another may have been first while this file was read.

        Raises NotPermitted when the caller may not replace it, Conflict when its permissions are not those it had.
        """
        tenant = asked.request.principal.tenant
        held, before = await self._index.held(tenant, asked.collection, asked.source_key, conn), asked.held
        self._may_replace(asked.request, asked.collection, held, asked.label)
        if held and before and rights_of(held) != rights_of(before):
            raise Conflict("the document's permissions were changed meanwhile", hint="ingest it again")
        return held


async def _read(source: bytes | Path, max_bytes: int) -> bytes:
    if isinstance(source, bytes):
        return source
    try:
        size = (await asyncio.to_thread(source.stat)).st_size
        if size > max_bytes:
            raise TooLarge(f"the file has more than {max_bytes} bytes", hint="split it, or raise the limit")
        return await asyncio.to_thread(source.read_bytes)
    except OSError:
        raise Invalid("the file cannot be read", hint="look at its path and permissions", param="file") from None


def _recipe(bundle: Bundle, mode: str, made_by: str) -> str:
    """Everything but the file that decides what the index holds; another recipe means building it again."""
    privacy = sha256(bundle.privacy_source()).hex()[:16] if mode == REDACTED else PLAIN
    return f"{RECIPE} {made_by} {TERMS_VERSION} {privacy}"
