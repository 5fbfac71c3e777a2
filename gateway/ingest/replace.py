"""Who may put something in the place of a document that is there. Pure."""

from __future__ import annotations

from datetime import datetime

from gateway.model import Passage, Principal
from gateway.policy import Bundle
from gateway.retrieval import Held


def needs_delete(bundle: Bundle, principal: Principal, collection: str, held: Held, label: str, at: datetime) -> bool:
    """Whether replacing `held`, to be labelled `label`, takes the right to delete in its collection.

    It does where the caller may not read the document, and where its label is lowered.
    """
    scope = bundle.plan(principal, [collection], [collection])
    return not scope.admits(_as_passage(principal.tenant, collection, held), at) or _lowers(
        bundle.routing.labels, held.label, label
    )


def _lowers(labels: tuple[str, ...], old: str, new: str) -> bool:
    # A label that policy no longer knows counts as the most careful one.
    return old != new and (old not in labels or labels.index(new) < labels.index(old))


def _as_passage(tenant: str, collection: str, held: Held) -> Passage:
    """So that the one rule of who may read is asked, not another like it."""
    return Passage(
        id="",
        document=held.id,
        title="",
        source="",
        collection=collection,
        label=held.label,
        tenant=tenant,
        allow=held.allow,
        deny=held.deny,
        ordinal=0,
        page=None,
        start=0,
        end=0,
        text="",
        score=0.0,
        expires_at=held.expires_at,
    )
