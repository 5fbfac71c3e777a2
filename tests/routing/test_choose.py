"""Choosing: sensitivity is a hard constraint; everything else only orders what it leaves."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError, Invalid, ModelNotFound, NoRoute, RateLimited, UpstreamFailed
from gateway.model import Model, Preference, Price, Route, RoutingPolicy, Zone
from gateway.routing import EXTRACTIVE, HealthView, choose
from tests.routing.helpers import EVERY_ZONE, POLICY, model

LOCAL = model("local", zone=Zone.LOCAL, quality=0.4, latency_ms=300, target="l")
PRIVATE = model("private", zone=Zone.PRIVATE, quality=0.6, latency_ms=200, price=Price(1, 1), target="p")
CLOUD = model(
    "cloud", zone=Zone.EXTERNAL, quality=0.9, latency_ms=600, price=Price(10, 30), context=128_000, target="c"
)
ALL = (LOCAL, PRIVATE, CLOUD, EXTRACTIVE)


def pick(
    models: tuple[Model, ...] = ALL,
    *,
    policy: RoutingPolicy = POLICY,
    zones: frozenset[Zone] = EVERY_ZONE,
    preference: Preference = Preference(),
    forbidden: frozenset[str] = frozenset(),
    health: dict[str, HealthView] | None = None,
    tokens_in: int = 1000,
    tokens_out: int = 500,
    needs_tools: bool = False,
    grounded: bool = False,
) -> Route:
    return choose(
        models,
        policy,
        zones,
        preference,
        lambda m: m.name not in forbidden,
        health or {},
        tokens_in,
        tokens_out,
        needs_tools,
        grounded=grounded,
    )


def names(route: Route) -> list[str]:
    return [entry.name for entry in route.models]


def refusals(route: Route) -> dict[str, str | None]:
    return {candidate.model: candidate.refusal for candidate in route.candidates}


@pytest.mark.parametrize(
    ("prefer", "first_two"),
    [("quality", ["cloud", "private"]), ("cost", ["local", "private"]), ("latency", ["private", "local"])],
)
def test_the_objective_orders_what_is_left(prefer: str, first_two: list[str]) -> None:
    route = pick(preference=Preference(prefer=prefer))
    assert names(route) == first_two
    assert prefer in route.reason
    by_policy = RoutingPolicy(labels=(), zones={}, objective=prefer)
    assert names(pick(policy=by_policy)) == first_two


def test_sensitivity_beats_quality_and_says_why() -> None:
    route = pick(zones=frozenset({Zone.LOCAL}))
    assert names(route) == ["local"]
    assert route.zones == (Zone.LOCAL,)
    assert "zone external" in (refusals(route)["cloud"] or "")


def test_a_forbidden_zone_is_not_reached_by_asking_for_the_model_by_name() -> None:
    with pytest.raises(NoRoute, match="zones allowed: local") as caught:
        pick(zones=frozenset({Zone.LOCAL}), preference=Preference(model="cloud"))
    assert caught.value.status == 403


def test_no_zone_means_no_model_not_even_the_built_in_one() -> None:
    with pytest.raises(NoRoute, match="no zone"):
        pick(zones=frozenset())


def test_models_not_permitted_are_neither_chosen_nor_named() -> None:
    route = pick(forbidden=frozenset({"cloud"}))
    assert names(route) == ["private", "local"]
    assert "cloud" not in refusals(route)
    with pytest.raises(NoRoute) as caught:
        pick((CLOUD, LOCAL), zones=frozenset({Zone.PRIVATE}), forbidden=frozenset({"cloud"}))
    assert "cloud" not in str(caught.value)
    assert "local: zone local" in str(caught.value)
    # The record of the refusal has them all, with what each would have scored.
    route = caught.value.facts["route"]
    assert route["zones"] == ["private"]
    assert [one["model"] for one in route["candidates"]] == ["cloud", "local"]
    assert all(one["refusal"] and isinstance(one["score"], float) for one in route["candidates"])


def test_unknown_and_forbidden_names_are_told_apart_by_nobody() -> None:
    errors = []
    for forbidden in (frozenset[str](), frozenset({"cloud"})):
        with pytest.raises(ModelNotFound) as caught:
            pick((LOCAL, CLOUD) if forbidden else (LOCAL,), forbidden=forbidden, preference=Preference(model="cloud"))
        errors.append(str(caught.value))
    assert errors[0] == errors[1]


def test_a_named_model_falls_back_only_to_another_entry_for_the_same_target() -> None:
    twin = model("twin", zone=Zone.PRIVATE, target="c", quality=0.1)
    assert names(pick((*ALL, twin), preference=Preference(model="cloud"))) == ["cloud", "twin"]
    assert names(pick(preference=Preference(model="cloud"))) == ["cloud"]


def test_context_tools_cost_and_latency_limits() -> None:
    assert names(pick(tokens_in=9000)) == ["cloud"]
    assert names(pick((LOCAL, model("bare", tools=False, quality=1.0)), needs_tools=True)) == ["local"]
    assert "cloud" not in names(pick(preference=Preference(max_cost_usd=0.01)))
    tight = RoutingPolicy(labels=(), zones={}, max_cost_usd=0.01)
    assert "cloud" not in names(pick(policy=tight, preference=Preference(max_cost_usd=5.0)))
    assert names(pick(preference=Preference(max_latency_ms=250))) == ["private"]
    measured = {"private": HealthView(latency_ms=900.0), "cloud": HealthView(latency_ms=100.0)}
    assert names(pick(preference=Preference(max_latency_ms=250), health=measured)) == ["cloud"]
    with pytest.raises(NoRoute, match="over the cost limit"):
        pick((CLOUD,), preference=Preference(max_cost_usd=0.0))


def test_resting_models_are_passed_over_and_alone_they_are_an_outage_not_a_refusal() -> None:
    rest = HealthView(failures=3, rest_s=12)
    assert names(pick(health={"cloud": rest})) == ["private", "local"]
    with pytest.raises(UpstreamFailed, match="resting") as caught:
        pick((CLOUD, LOCAL), health={"cloud": rest, "local": HealthView(failures=2, rest_s=4)})
    assert caught.value.retry
    assert "4 s" in caught.value.hint
    with pytest.raises(RateLimited):
        pick((CLOUD,), health={"cloud": HealthView(rest_s=3, limited=True)})
    with pytest.raises(NoRoute):
        pick((CLOUD,), zones=frozenset({Zone.LOCAL}), health={"cloud": rest})


def test_the_extractive_answerer_is_the_last_resort() -> None:
    rest = HealthView(failures=3, rest_s=12)
    assert names(pick((EXTRACTIVE,))) == ["extractive"]
    assert "no language model" in pick((LOCAL, EXTRACTIVE), health={"local": rest}).reason
    assert names(pick(preference=Preference(model="extractive"))) == ["extractive"]
    assert names(pick((LOCAL, EXTRACTIVE))) == ["local"]
    assert names(pick((LOCAL, EXTRACTIVE), grounded=True)) == ["local", "extractive"]
    assert names(pick(grounded=True)) == ["cloud", "private"]
    with pytest.raises(NoRoute):
        pick((EXTRACTIVE,), needs_tools=True)
    with pytest.raises(NoRoute):
        pick((EXTRACTIVE,), zones=frozenset({Zone.EXTERNAL}))


def test_fallbacks_are_as_many_as_policy_says() -> None:
    for count in range(4):
        policy = RoutingPolicy(labels=(), zones={}, fallbacks=count)
        assert len(pick(policy=policy).models) == min(1 + count, 3)


def test_unknown_preference() -> None:
    with pytest.raises(Invalid, match="preference"):
        pick(preference=Preference(prefer="vibes"))


ZONES = st.frozensets(st.sampled_from(list(Zone)))
MODELS = st.lists(
    st.builds(
        model,
        name=st.sampled_from(["a", "b", "c", "d", "e"]),
        zone=st.sampled_from(list(Zone)),
        target=st.sampled_from(["x", "y"]),
        quality=st.floats(0, 1),
        latency_ms=st.floats(1, 5000),
        context=st.sampled_from([1000, 4000, 100_000]),
        tools=st.booleans(),
        price=st.builds(Price, st.floats(0, 50), st.floats(0, 50)),
    ),
    max_size=5,
    unique_by=lambda m: m.name,
)
HEALTH = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d", "e", "extractive"]),
    st.builds(
        HealthView,
        latency_ms=st.none() | st.floats(1, 9000),
        failures=st.integers(0, 5),
        rest_s=st.sampled_from([0.0, 0.0, 9.0]),
        limited=st.booleans(),
    ),
)
PREFERENCES = st.builds(
    Preference,
    model=st.sampled_from(["auto", "auto", "a", "b", "extractive"]),
    prefer=st.sampled_from([None, "cost", "latency", "quality"]),
    max_cost_usd=st.none() | st.floats(0, 1),
    max_latency_ms=st.none() | st.floats(0, 5000),
)


@given(
    models=MODELS,
    built_in=st.booleans(),
    zones=ZONES,
    preference=PREFERENCES,
    allowed=st.frozensets(st.sampled_from(["a", "b", "c", "d", "e", "extractive"])),
    health=HEALTH,
    tokens=st.tuples(st.integers(0, 200_000), st.integers(0, 8000)),
    needs_tools=st.booleans(),
    fallbacks=st.integers(0, 5),
    grounded=st.booleans(),
    objective=st.sampled_from(["cost", "latency", "quality"]),
)
def test_no_model_of_a_forbidden_zone_is_ever_in_a_route(
    models: list[Model],
    built_in: bool,
    zones: frozenset[Zone],
    preference: Preference,
    allowed: frozenset[str],
    health: dict[str, HealthView],
    tokens: tuple[int, int],
    needs_tools: bool,
    fallbacks: int,
    grounded: bool,
    objective: str,
) -> None:
    policy = RoutingPolicy(labels=(), zones={}, fallbacks=fallbacks, objective=objective)
    everything = [*models, EXTRACTIVE] if built_in else models
    arguments: dict[str, Any] = {"grounded": grounded}

    def run() -> Route:
        return choose(
            everything,
            policy,
            zones,
            preference,
            lambda m: m.name in allowed,
            health,
            *tokens,
            needs_tools,
            **arguments,
        )

    try:
        route = run()
    except GatewayError:
        return
    assert route.models
    assert len(route.models) <= 1 + fallbacks
    assert len({entry.name for entry in route.models}) == len(route.models)
    for entry in route.models:
        assert entry.zone in zones
        assert entry.name in allowed
        assert sum(tokens) <= entry.context
        assert entry.tools or not needs_tools
        assert health.get(entry.name, HealthView()).ready
        cost = (tokens[0] * entry.price.input + tokens[1] * entry.price.output) / 1_000_000
        assert preference.max_cost_usd is None or cost <= preference.max_cost_usd
    assert {candidate.model for candidate in route.candidates} <= allowed
    assert run() == route
