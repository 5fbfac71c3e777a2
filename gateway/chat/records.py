"""What a chat request leaves behind: audit records, and the `gateway` object its answer carries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

import orjson

from gateway.chat.links import link
from gateway.chat.values import Admitted, Asked, Grounded, Routed, Scanned, Sending
from gateway.crypto import sha256
from gateway.errors import GatewayError
from gateway.model import Decision, Json, Model, Outgoing, Passage, Position, Price, Record
from gateway.redaction import Rendering
from gateway.routing import NOTHING_FOUND

CHARACTERS_PER_TOKEN = 4
"""A rough rule for English, used only to estimate before sending; what is billed is what the server reports."""


class Watch:
    """Milliseconds by stage. `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._start = self._last = clock()
        self.stages: dict[str, float] = {}
        self.reached: Admitted | Scanned | Grounded | Routed | None = None
        """What the last stage made that made something."""
        self.left: list[Json] = []
        """What left for servers until now, in order: of each body for what, where to, its length and digest."""

    def mark(self, stage: str, made: Admitted | Scanned | Grounded | Routed | None = None) -> None:
        """End a stage, which `made` this; a stage that comes twice adds up."""
        self.reached = made or self.reached
        now = self._clock()
        self.stages[stage] = round(self.stages.get(stage, 0.0) + (now - self._last) * 1000, 3)
        self._last = now

    @property
    def total(self) -> float:
        """Milliseconds since the start."""
        return round((self._clock() - self._start) * 1000, 3)


def estimate_tokens(body: Json) -> int:
    """Prompt tokens, estimated from the size of what would be sent."""
    return len(orjson.dumps(body.get("messages", []))) // CHARACTERS_PER_TOKEN + 1


def cost_usd(price: Price, usage: Json) -> float:
    """US dollars for a reported usage."""
    tokens_in, tokens_out = usage.get("prompt_tokens") or 0, usage.get("completion_tokens") or 0
    return round((tokens_in * price.input + tokens_out * price.output) / 1_000_000, 8)


def usage_of(value: object) -> Json:
    """A usage as servers should report it: counts only; anything else is left out."""
    if not isinstance(value, dict):
        return {}
    return {
        str(key): count
        for key, count in value.items()
        if isinstance(count, int) and not isinstance(count, bool) and count >= 0
    }


def intent(
    routed: Routed,
    outgoing: Outgoing,
    attempt: int,
    at: datetime,
    rendering: Rendering | None = None,
    shown: bytes | None = None,
) -> Record:
    """What is about to leave, for where, and why; written before it does.

    `shown`: the same with tokens, where `rendering` put something else in their place.
    """
    grounded = routed.grounded
    asked = grounded.scanned.admitted.asked
    methods = {kind: dict(used) for kind, used in rendering.used.items()} if rendering else {}
    return _record(
        "intent",
        asked,
        at,
        {
            **_who(asked),
            **_decided(grounded),
            "attempt": attempt,
            "route": _route(routed, explain=True),
            "egress": {**_egress(outgoing), "methods": methods},
        },
        {"sent": (outgoing.body if shown is None else shown).decode("utf-8", "replace")},
    )


def unsent(routed: Routed, watch: Watch, at: datetime) -> Record:
    """A request that was decided and not sent (`dry_run`, `mode: passages`)."""
    asked = routed.grounded.scanned.admitted.asked
    return _record(
        "outcome",
        asked,
        at,
        {
            **_who(asked),
            **_decided(routed.grounded),
            "sent": False,
            "route": _route(routed, explain=True),
            "stages_ms": dict(watch.stages),
        },
        {"question": routed.grounded.redacted_question},
        {**_stated(routed.grounded, watch), "route": _route(routed, explain=False), "sent": False},
    )


def outcome(
    sending: Sending,
    text: str,
    reported: object,
    finish: Sequence[str],
    watch: Watch,
    at: datetime,
    error: str | None = None,
    fault: str | None = None,
    masked: Mapping[str, int] | None = None,
    support: Sequence[Json] | None = None,
) -> Record:
    """What came back: the answer's text with tokens and masks, and the usage its server reported."""
    usage = usage_of(reported)
    asked = sending.routed.grounded.scanned.admitted.asked
    model = sending.outgoing.model
    return _record(
        "outcome",
        asked,
        at,
        {
            # Again what its intent says: a search for who asked and what it cost finds one record that says both.
            **_who(asked),
            **_decided(sending.routed.grounded),
            "intent": {"stream": sending.intent.stream, "seq": sending.intent.seq, "hash": sending.intent.hash},
            "attempt": sending.attempt,
            "model": model.name,
            "finish": list(finish),
            "usage": {key: usage.get(key) for key in ("prompt_tokens", "completion_tokens")},
            "cost_usd": cost_usd(model.price, usage),
            "withheld": dict(sending.routed.grounded.sight_of(model).withheld),
            "masked": dict(masked or {}),
            "support": dict(Counter(one["supported"] for one in support or ())),
            "error": error,
            "fault": fault,
            "stages_ms": dict(watch.stages),
            "total_ms": watch.total,
        },
        {"answer": text},
        {
            **_stated(sending.routed.grounded, watch),
            "route": _route(sending.routed, explain=False),
            "model": model.name,
            "answer_sha256": sha256(text.encode("utf-8", "surrogatepass")).hex(),
            "error": error,
        },
    )


def refusal(asked: Asked, error: GatewayError, watch: Watch, at: datetime, fault: str | None) -> Record:
    """A request that was not answered, and at which stage it stopped."""
    return _record(
        "refusal",
        asked,
        at,
        {
            **_who(asked),
            **_known(watch.reached),
            **error.facts,
            "code": error.code,
            "status": error.status,
            "reason": error.message,
            "fault": fault,
            "collections": list(asked.options.collections),
            "passed": list(watch.stages),
            "stages_ms": dict(watch.stages),
            "total_ms": watch.total,
        },
        statement=state(asked.id, asked.bundle.digest, watch.left, error=error.code),
    )


def left_for_answer(outgoing: Outgoing, attempt: int) -> Json:
    """What `Watch.left` holds of one sending to a model."""
    return {"for": "answer", "attempt": attempt, **_egress(outgoing)}


def state(request: str, policy: str, left: Sequence[Json], **facts: object) -> Json:
    """What a receipt shows of a request: which policy, and which bytes left for where; nothing of what was said."""
    return {"request": request, "policy": policy, "egress": list(left), **facts}


def note(
    routed: Routed,
    model: Model,
    position: Position,
    masked: Mapping[str, int] | None = None,
    support: Sequence[Json] | None = None,
) -> Json:
    """The `gateway` object of an answer. `support`: what became of each sentence, None where none was checked."""
    grounded = routed.grounded
    asked = grounded.scanned.admitted.asked
    return {
        "request_id": asked.id,
        "policy": asked.bundle.digest,
        "route": {"model": model.name, "zone": model.zone.value, **_route(routed, explain=asked.options.explain)},
        "redactions": dict(grounded.scanned.counts),
        "withheld": dict(grounded.sight_of(model).withheld),
        "masked": dict(masked or {}),
        "citations": [_citation(n, passage, grounded) for n, passage in enumerate(grounded.found.passages, 1)],
        **({} if support is None else {"support": list(support)}),
        **({"left_out": list(grounded.found.notes)} if grounded.found.notes else {}),
        "receipt": {"stream": position.stream, "seq": position.seq, "hash": position.hash},
    }


def quote_passages(grounded: Grounded) -> str:
    """The passages as text, for `mode: passages`."""
    if not grounded.found.passages:
        return NOTHING_FOUND
    return "\n\n".join(f"[{n}] {p.title}\n{p.text}" for n, p in enumerate(grounded.found.passages, 1))


def _record(
    kind: str, asked: Asked, at: datetime, detail: Json, content: Json | None = None, statement: Json | None = None
) -> Record:
    return Record(kind, asked.id, at, asked.principal.id, "chat", asked.bundle.digest, detail, content or {}, statement)


def _stated(grounded: Grounded, watch: Watch) -> Json:
    asked = grounded.scanned.admitted.asked
    passages = [passage.id for passage in grounded.found.passages]
    return state(asked.id, asked.bundle.digest, watch.left, passages=passages)


def _egress(outgoing: Outgoing) -> Json:
    return {
        "model": outgoing.model.name,
        "zone": outgoing.model.zone.value,
        "endpoint": outgoing.endpoint,
        "bytes": len(outgoing.body),
        "sha256": sha256(outgoing.body).hex(),
    }


def _who(asked: Asked) -> Json:
    return {
        **asked.principal.who,
        "roles": sorted(asked.principal.roles),
        "groups": sorted(asked.principal.groups),
        "model_asked": asked.options.preference.model,
    }


def _known(reached: Admitted | Scanned | Grounded | Routed | None) -> Json:
    """What was decided and found before a request was refused."""
    match reached:
        case Routed():
            return {**_decided(reached.grounded), "route": _route(reached, explain=True)}
        case Grounded():
            return _decided(reached)
        case Scanned():
            return {
                "decisions": _listed(reached.admitted.decisions),
                "detected": dict(reached.counts),
                "unscannable": sorted(reached.unscannable),
            }
        case Admitted():
            return {"decisions": _listed(reached.decisions)}
    return {}


def _listed(decisions: Sequence[Decision]) -> list[Json]:
    return [{"object": d.object, "action": d.action, "allowed": d.allowed, "rule": d.rule} for d in decisions]


def _decided(grounded: Grounded) -> Json:
    admitted = grounded.scanned.admitted
    return {
        "decisions": _listed((*admitted.decisions, *grounded.sight.decisions)),
        "collections": list(admitted.scope.collections) if admitted.scope else [],
        "detected": dict(grounded.scanned.counts),
        "unscannable": sorted(grounded.scanned.unscannable),
        "labels": sorted(grounded.sensitivity.labels),
        "entities": sorted(grounded.sensitivity.entities),
        "passages": [passage.id for passage in grounded.found.passages],
        "left_out": list(grounded.found.notes),
    }


def _route(routed: Routed, *, explain: bool) -> Json:
    route = routed.route
    told: Json = {
        "reason": route.reason,
        "zones": [zone.value for zone in route.zones],
        "order": [model.name for model in route.models],
    }
    if explain:
        told["candidates"] = [asdict(candidate) for candidate in route.candidates]
    return told


def _citation(number: int, passage: Passage, grounded: Grounded) -> Json:
    sight = grounded.quoting
    return {
        "n": number,
        "document": passage.document,
        "title": sight.show(passage.title),
        "collection": passage.collection,
        "passage": passage.id,
        "url": link(passage),
        "version": passage.version,
        "page": passage.page,
        "start": passage.start,
        "end": passage.end,
        "score": round(passage.score, 4),
    }
