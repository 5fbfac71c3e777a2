"""The decision which model answers: pure, and with a reason for every model passed over.

Order: sensitivity (hard), the caller's permission, health, context and tools, cost and latency limits; what is left is
ordered by the objective. A caller who names a model gets that model, or another entry for the same target, or an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from gateway.errors import GatewayError, Invalid, ModelNotFound, NoRoute, RateLimited, UpstreamFailed
from gateway.model import Candidate, Model, Preference, Route, RoutingPolicy, Zone
from gateway.routing.health import HealthView

OBJECTIVES: Final = ("cost", "latency", "quality")
_SAFEST_FIRST: Final = {zone: place for place, zone in enumerate(Zone)}
_NEW: Final = HealthView()


@dataclass(frozen=True, slots=True)
class _Seen:
    """One model, measured against one request."""

    model: Model
    cost_usd: float
    latency_ms: float
    refusal: str | None
    permitted: bool
    resting: HealthView | None = None
    """Set when rest after failures is the only refusal."""


def choose(
    models: Sequence[Model],
    policy: RoutingPolicy,
    zones: frozenset[Zone],
    preference: Preference,
    permitted: Callable[[Model], object],
    health: Mapping[str, HealthView],
    tokens_in: int,
    tokens_out: int,
    needs_tools: bool,
    *,
    grounded: bool = False,
) -> Route:
    """Choose the models to try, best first.

    `zones`: where this request's data may go. `permitted`: truthy when the caller may use the model. `grounded`: the
    request carries passages, so that the extractive answerer may stand in as the last fallback.

    Raises ModelNotFound (named, and not there for this caller), NoRoute (nothing may take it, with why), RateLimited
    or UpstreamFailed (only resting models are left), Invalid (an unknown objective).
    """
    objective = preference.prefer or policy.objective
    if objective not in OBJECTIVES:
        raise Invalid(
            "unknown routing preference", hint=f"use one of {', '.join(OBJECTIVES)}", param="gateway.route.prefer"
        )
    seen = [_look(m, policy, zones, preference, permitted, health, tokens_in, tokens_out, needs_tools) for m in models]
    named = None
    if preference.model != "auto":
        named = next((one for one in seen if one.model.name == preference.model and one.permitted), None)
        if named is None:
            raise ModelNotFound(
                f"no model named {preference.model[:100]!r} for this caller",
                hint="list yours with GET /v1/models, or ask for auto",
                param="model",
            )
        seen = [one for one in seen if _same(one.model, named.model)]
    eligible = sorted((one for one in seen if one.refusal is None), key=lambda one: _order(one, objective, named))
    last_resort = [one for one in eligible if one.model.provider == "extractive"]
    able = [one for one in eligible if one.model.provider != "extractive"]
    if not able and not last_resort:
        raise _refusal(seen, zones, objective)
    picked = [*able, *(last_resort if grounded else ())][: 1 + max(0, policy.fallbacks)] if able else last_resort
    return Route(
        models=tuple(one.model for one in picked),
        reason=_reason(picked[0], len(able), len(seen), objective, named is not None),
        zones=tuple(zone for zone in Zone if zone in zones),
        candidates=tuple(_candidate(one, objective) for one in seen if one.permitted),
    )


def _look(
    model: Model,
    policy: RoutingPolicy,
    zones: frozenset[Zone],
    preference: Preference,
    permitted: Callable[[Model], object],
    health: Mapping[str, HealthView],
    tokens_in: int,
    tokens_out: int,
    needs_tools: bool,
) -> _Seen:
    view = health.get(model.name, _NEW)
    cost = (tokens_in * model.price.input + tokens_out * model.price.output) / 1_000_000
    latency = model.latency_ms if view.latency_ms is None else view.latency_ms
    allowed = bool(permitted(model))
    budgets = [limit for limit in (preference.max_cost_usd, policy.max_cost_usd) if limit is not None]
    checks = (
        (model.zone in zones, f"zone {model.zone} is not allowed for this request's labels and personal data"),
        (allowed, "the caller may not use it"),
        (view.ready, f"resting for {view.rest_s:.0f} s after failures"),
        (
            tokens_in + tokens_out <= model.context,
            f"needs {tokens_in + tokens_out} tokens of context, it has {model.context}",
        ),
        (model.tools or not needs_tools, "it takes no tools"),
        (not budgets or cost <= min(budgets), "over the cost limit"),
        (
            preference.max_latency_ms is None or latency <= preference.max_latency_ms,
            "slower than the latency limit",
        ),
    )
    refusals = [reason for passed, reason in checks if not passed]
    resting = view if len(refusals) == 1 and not view.ready else None
    return _Seen(model, cost, latency, refusals[0] if refusals else None, allowed, resting)


def _same(model: Model, named: Model) -> bool:
    return model.name == named.name or (model.provider == named.provider and model.target == named.target)


def _order(one: _Seen, objective: str, named: _Seen | None) -> tuple[object, ...]:
    model = one.model
    measures = {"cost": one.cost_usd, "latency": one.latency_ms, "quality": -model.quality}
    rest = [measures[key] for key in ("quality", "cost", "latency") if key != objective]
    return (
        named is None or model.name != named.model.name,
        measures[objective],
        *rest,
        _SAFEST_FIRST[model.zone],
        model.name,
    )


def _candidate(one: _Seen, objective: str) -> Candidate:
    score = {"cost": -one.cost_usd, "latency": -one.latency_ms, "quality": one.model.quality}[objective]
    return Candidate(one.model.name, one.model.zone, round(score, 6), one.cost_usd, one.latency_ms, one.refusal)


def _reason(best: _Seen, able: int, seen: int, objective: str, by_name: bool) -> str:
    if by_name:
        return f"{best.model.name} was asked for by name"
    if best.model.provider == "extractive":
        return "no language model was eligible; the extractive answerer quotes the passages found"
    return f"{best.model.name} is best by {objective} of {able} eligible among {seen} models"


def _refusal(seen: Sequence[_Seen], zones: frozenset[Zone], objective: str) -> GatewayError:
    """Why nothing is left. Models that the caller may not use are named to the log alone."""
    allowed = [zone.value for zone in Zone if zone in zones]
    facts = {"route": {"zones": allowed, "candidates": [asdict(_candidate(one, objective)) for one in seen]}}
    resting = [one.resting for one in seen if one.resting is not None]
    if resting:
        wait = min(view.rest_s for view in resting)
        kind: type[GatewayError] = RateLimited if all(view.limited for view in resting) else UpstreamFailed
        return kind(
            "every model that may answer is resting after failures", hint=f"try again in {wait:.0f} s", facts=facts
        )
    if not zones:
        return NoRoute(
            "no zone may receive this request: its labels and personal data leave none",
            hint="ask an administrator which zones routing.yaml allows",
            facts=facts,
        )
    why = "; ".join(f"{one.model.name}: {one.refusal}" for one in seen if one.permitted)
    return NoRoute(
        f"no model may receive this request; zones allowed: {', '.join(allowed)}" + (f"; {why}" if why else ""),
        hint="shorten it, relax its limits, or ask an administrator for a model in an allowed zone",
        facts=facts,
    )
