"""From grounding to sending: the last replacements, and the request as one model gets it."""

from __future__ import annotations

from dataclasses import replace

from gateway.chat.find import Found
from gateway.chat.prompt import with_passages
from gateway.chat.values import Grounded, Scanned
from gateway.model import Call, Json, Zone
from gateway.redaction import Original, Renderer, Rendering, cover, leaves, replace_leaves


def cover_all(scanned: Scanned, found: Found) -> tuple[Json, Found, dict[str, Original]]:
    """Replace values that became known only through other texts of this request.

    A name typed without a title is known for a name once a passage holds it; a passage may hold bare what another one
    marks. What stood in the caller's own words counts as typed by him.
    """
    typed = dict(scanned.typed)
    if not found.passages:
        return scanned.body, found, typed
    known = {**{token: Original(entry.value, entry.type) for token, entry in found.entries.items()}, **typed}
    own = leaves(scanned.body)
    texts: list[str] = []
    for leaf in own:
        text, used = cover(leaf.text, known)
        texts.append(text)
        typed.update({token: known[token] for token in used})
    passages = tuple(
        replace(p, text=cover(p.text, known)[0], title=cover(p.title, known)[0], heading=cover(p.heading, known)[0])
        for p in found.passages
    )
    return replace_leaves(scanned.body, own, texts), replace(found, passages=passages), typed


def call_of(grounded: Grounded, *, plain: bool) -> Call:
    """What a provider is given; `plain` where policy lets its zone have what the caller typed as he typed it."""
    body = grounded.body
    if plain:
        # policy lets this zone have what the caller typed; passages stay redacted, as they are in the index
        scanned = grounded.scanned
        body = with_passages(
            scanned.admitted.asked.body,
            grounded.found.passages,
            cite=scanned.admitted.options.cite,
            system=scanned.admitted.system,
        )
    return Call(body, bool(body.get("stream")), grounded.redacted_question, grounded.found.passages)


def rendering_of(call: Call, grounded: Grounded, renderer: Renderer, zone: Zone) -> Rendering | None:
    """What this zone receives for the tokens of a call; None when they go as they are. Raises ContentRefused."""
    texts = [leaf.text for leaf in leaves(call.body)]
    policy = grounded.scanned.admitted.asked.bundle.privacy
    return renderer.rendering(texts, grounded.sight.originals, policy, zone)


def rendered(call: Call, rendering: Rendering) -> Call:
    """The call as the zone receives it; question and passages, which the built-in answerer reads, stay."""
    found = leaves(call.body)
    # What is joined is only looked at; its parts are leaves of their own.
    texts = [leaf.text if leaf.path[-1] == "joined" else rendering.render(leaf.text) for leaf in found]
    return replace(call, body=replace_leaves(call.body, found, texts))
