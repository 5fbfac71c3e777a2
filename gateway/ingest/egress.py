"""What of a document goes to an embedder's server, and whether its label and its personal data let it."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.errors import NoRoute
from gateway.ingest.values import Asked, Clean
from gateway.model import Json, Sensitivity
from gateway.retrieval import PLAIN, Party, egress_of, forbidden


def may_leave(asked: Asked, clean: Clean, parties: Sequence[Party]) -> None:
    """Raises NoRoute when the sensitivity rule keeps the document from the zone of an embedder that it would go to.

    The rule is that of chat: what every label and every type of personal data in it allows. A plain collection's text
    is not redacted, so that it goes only where privacy.yaml lets original text go.
    """
    bundle = asked.request.bundle
    types = frozenset((*clean.body.counts, *clean.title.counts))
    zones = bundle.zones(Sensitivity(frozenset({asked.label}), types))
    if asked.mode == PLAIN:
        zones &= bundle.privacy.plain_zones
    if refused := forbidden(parties, zones):
        zone = refused[0].zone.value
        why = "a plain collection's text" if asked.mode == PLAIN else f"what is labelled {asked.label}, or holds this,"
        raise NoRoute(
            f"{why} may not reach the zone {zone}, where an embedder of this gateway runs",
            hint="choose an embedder in a zone that routing.yaml and privacy.yaml allow, or another collection",
            param="label",
        )


def going(parties: Sequence[Party], clean: Clean) -> Json:
    """What an intent says of it: nothing where nothing leaves."""
    if not parties:
        return {}
    texts, characters = len(clean.parsed.focus or clean.parsed.chunks), len(clean.body.text)
    return {"egress": [egress_of(party, texts, characters) for party in parties]}
