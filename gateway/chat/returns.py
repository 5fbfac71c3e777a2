"""`/v1/restore`: tokens back to values, for one who may see them. Everything else stays a token, for whatever reason.

A token is restored when one of these holds; the caller is told only which types stayed:

- it was made by `/v1/redact` for this very key, and has not expired;
- it was made by `/v1/redact` for another key, and access.csv lets the caller reveal its type `@/v1/redact`;
- a document brought it in that the caller may read now, of a collection where he may reveal its type.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from gateway.audit import AuditLog
from gateway.chat.records import state
from gateway.errors import Broken, GatewayError, TooLarge
from gateway.model import Json, Principal, Record
from gateway.policy import Bundle, Current
from gateway.redaction import Kept, Known, Vault, VaultEntry, find_tokens, type_of
from gateway.redaction.possible_ids import ids_in
from gateway.redaction.tokens import id_of
from gateway.retrieval import Index

MADE_HERE: Final = "/v1/redact"
"""Stands for a collection in `entity:<TYPE>@/v1/redact`; none can have such a name."""
MOST: Final = 1000
"""Different tokens that one request may ask for."""
GUESSED: Final = 10_000
"""Words besides that might be the id of a token written wrongly, looked up at most."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one caller may see of the tokens that a request could mean."""

    values: Mapping[str, str] = field(repr=False)
    rules: Mapping[str, str]
    """Token -> object of access.csv that allowed it; what was the caller's own needs none."""
    owners: Mapping[str, str]
    """Token -> principal for whom it was made, where that is another."""


@dataclass(frozen=True, slots=True)
class _Restored:
    """One text, and the different tokens that turned back and that stayed."""

    text: str = field(repr=False)
    back: frozenset[str]
    stayed: frozenset[str]


class Returns:
    """The journey of `/v1/restore`."""

    def __init__(
        self,
        *,
        current: Current,
        kept: Kept,
        vault: Vault,
        index: Index,
        audit: AuditLog,
        now: Callable[[], datetime],
    ) -> None:
        self._current = current
        self._kept = kept
        self._vault = vault
        self._index = index
        self._audit = audit
        self._now = now

    async def restore(
        self,
        request: str,
        principal: Principal,
        texts: Sequence[str],
        *,
        everywhere: bool = False,
        most: int | None = MOST,
    ) -> list[Json]:
        """Each text with the tokens this caller may see turned back.

        Returns for each {"text", "restored", "counts": {type: n}, "withheld": {type: n}}: different tokens that turned
        back, and that stayed. A value is not put into a web address, an HTML attribute and the like, where its type is
        shown, unless `everywhere`. Raises TooLarge beyond `most` different tokens; None is any number.
        """
        bundle = self._current.bundle
        try:
            ids = await asyncio.to_thread(_ids, texts, most)
            seen = await self._see(bundle, principal, ids)
            # In a thread: a long text takes a while, and others are being served.
            done = await asyncio.to_thread(_restored, texts, seen.values, everywhere=everywhere)
        except Exception as fault:
            detail: Json = {"fault": type(fault).__name__}
            if isinstance(fault, GatewayError):
                detail = {"code": fault.code, "reason": fault.message}
            await self._record("refusal", request, principal, bundle, {"texts": len(texts), **detail})
            raise
        back = frozenset[str]().union(*(one.back for one in done))
        detail = {
            "texts": len(texts),
            "restored": _by_type(back),
            "withheld": _by_type(frozenset[str]().union(*(one.stayed for one in done))),
            "revealed": sorted({seen.rules[token] for token in back if token in seen.rules}),
            "of_others": dict(Counter(seen.owners[token] for token in back if token in seen.owners)),
            "everywhere": everywhere,
        }
        await self._record("outcome", request, principal, bundle, detail)
        return [
            {"text": text, "restored": one.text, "counts": _by_type(one.back), "withheld": _by_type(one.stayed)}
            for text, one in zip(texts, done, strict=True)
        ]

    async def _see(self, bundle: Bundle, principal: Principal, ids: Collection[str]) -> _Seen:
        values: dict[str, str] = {}
        rules: dict[str, str] = {}
        owners: dict[str, str] = {}
        kept = await self._kept.look_up(principal.tenant, ids)
        for token, one in kept.items():
            if one.principal != principal.id:
                decision = bundle.decide(principal, f"entity:{one.type}@{MADE_HERE}", "reveal")
                if not decision:
                    continue
                rules[token], owners[token] = decision.object, one.principal
            values[token] = one.value
        held = await self._vault.tokens(principal.tenant, ids)
        entries = await self._vault.look_up(principal.tenant, held)
        for token, collection in (await self._readable(bundle, principal, entries)).items():
            rules[token] = f"entity:{entries[token].type}@{collection}"
            values[token] = entries[token].value
        return _Seen(values, rules, owners)

    async def _readable(
        self, bundle: Bundle, principal: Principal, entries: Mapping[str, VaultEntry]
    ) -> dict[str, str]:
        """Token -> a collection where the caller may reveal it, brought in by a document there that he may read."""
        allowed = _allowed(bundle, principal, entries)
        places = {
            collection: await self._vault.places(principal.tenant, tokens, collection)
            for collection, tokens in sorted(allowed.items())
        }
        scope = bundle.plan(principal, (), sorted(allowed))
        documents = {one for held in places.values() for brought in held.values() for one in brought}
        admitted = await self._index.admitted(documents, scope)
        found: dict[str, str] = {}
        for collection, held in places.items():
            for token, brought in held.items():
                if brought & admitted:
                    found.setdefault(token, collection)
        return found

    async def _record(self, kind: str, request: str, principal: Principal, bundle: Bundle, detail: Json) -> None:
        who: Json = {**principal.who, "roles": sorted(principal.roles)}
        error = {"error": detail.get("code", Broken.code)} if kind == "refusal" else {}
        stated = state(request, bundle.digest, (), **error)
        told = {**who, **detail}
        record = Record(kind, request, self._now(), principal.id, "restore", bundle.digest, told, statement=stated)
        await self._audit.append(record)


def _ids(texts: Sequence[str], most: int | None) -> list[str]:
    """What to look up: the ids of tokens rightly spelled first; of others that might be meant, only so many."""
    spelled = {token for text in texts for token in find_tokens(text)}
    if most is not None and len(spelled) > most:
        hint = "send fewer texts at a time"
        raise TooLarge(f"more than {most} different tokens in one request", hint=hint, param="text")
    ids = dict.fromkeys(id_of(token) for token in spelled)
    for text in texts:
        ids.update(ids_in(text))
    return list(ids)[: None if most is None else len(spelled) + GUESSED]


def _restored(texts: Sequence[str], values: Mapping[str, str], *, everywhere: bool) -> list[_Restored]:
    known = Known(values)
    done: list[_Restored] = []
    for text in texts:
        hits = list(known.written.find(text))
        shown = _put_back(text, hits, values) if everywhere else known.restore(text)
        done.append(_Restored(shown, frozenset(token for _, _, token in hits), _stayed(text, hits)))
    return done


def _allowed(bundle: Bundle, principal: Principal, entries: Mapping[str, VaultEntry]) -> dict[str, set[str]]:
    """Collection -> tokens that entered from it and whose type the caller may reveal there."""
    allowed: dict[str, set[str]] = {}
    for token, entry in entries.items():
        for collection in entry.collections:
            if bundle.reveals(principal, entry.type, collection):
                allowed.setdefault(collection, set()).add(token)
    return allowed


def _put_back(text: str, hits: Iterable[tuple[int, int, str]], values: Mapping[str, str]) -> str:
    """The text restored at every place alike: for what no model wrote."""
    out: list[str] = []
    at = 0
    for start, end, token in hits:
        out += (text[at:start], values[token])
        at = end
    return "".join((*out, text[at:]))


def _stayed(text: str, hits: Iterable[tuple[int, int, str]]) -> frozenset[str]:
    """Rightly spelled tokens of a text outside of what was found."""
    out: list[str] = []
    at = 0
    for start, end, _ in hits:
        out.append(text[at:start])
        at = end
    return frozenset(find_tokens("\n".join((*out, text[at:]))))


def _by_type(tokens: Collection[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for token in tokens:
        counts[type_of(token)] = counts.get(type_of(token), 0) + 1
    return dict(sorted(counts.items()))
