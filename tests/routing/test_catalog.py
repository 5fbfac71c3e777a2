"""The catalogue refuses what could not be called safely, and knows where a model really runs."""

from __future__ import annotations

import pytest

from gateway.errors import BadSettings
from gateway.model import Model, Price, Zone
from gateway.routing import EXTRACTIVE, Catalog
from tests.routing.helpers import SECRET, model


def test_configured_wins_over_discovered_and_the_built_in_comes_last() -> None:
    catalog = Catalog([model("llama3.2:3b", provider="ollama", quality=0.9)])
    catalog.discovered([model("llama3.2:3b", provider="ollama"), model("qwen3:4b", provider="ollama")])
    assert [entry.name for entry in catalog.models] == ["llama3.2:3b", "qwen3:4b", "extractive"]
    entry = catalog.get("llama3.2:3b")
    assert entry is not None
    assert entry.quality == 0.9
    catalog.discovered([])
    assert catalog.get("qwen3:4b") is None
    assert catalog.get("extractive") is EXTRACTIVE
    assert Catalog([], extractive=False).models == ()


@pytest.mark.parametrize("name", ["auto", "extractive"])
def test_discovery_cannot_take_a_reserved_name(name: str) -> None:
    catalog = Catalog([])
    catalog.discovered([model(name, provider="ollama", zone=Zone.LOCAL)])
    assert [entry.provider for entry in catalog.models] == ["extractive"]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"name": "auto"}, "reserved"),
        ({"name": "extractive"}, "reserved"),
        ({"name": "bad name"}, "not a usable name"),
        ({"name": "x\r\ny"}, "not a usable name"),
        ({"provider": "carrier-pigeon"}, "unknown provider"),
        ({"target": ""}, "target is empty"),
        ({"base_url": ""}, "no base_url"),
        ({"base_url": "ftp://127.0.0.1"}, "http"),
        ({"base_url": f"https://user:{SECRET}@example.org/v1"}, "credentials"),
        ({"base_url": f"https://example.org/v1?key={SECRET}"}, "api-version"),
        ({"zone": Zone.EXTERNAL, "base_url": "http://example.org/v1"}, "plain http"),
        ({"provider": "litellm", "target": "openai/gpt-4o", "base_url": ""}, "no base_url in zone local"),
        ({"base_url": "https://api.openai.com/v1"}, "public provider"),
        ({"base_url": "https://mine.openai.azure.com/openai/v1"}, "public provider"),
        ({"zone": Zone.EXTERNAL, "base_url": "http://localhost.example.org/v1"}, "plain http"),
    ],
)
def test_unsafe_entries_are_refused_without_telling_secrets(changes: dict[str, object], what: str) -> None:
    with pytest.raises(BadSettings, match=what) as caught:
        Catalog([model(**changes)])  # type: ignore[arg-type]
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"zone": Zone.EXTERNAL, "base_url": ""},
        {"zone": Zone.EXTERNAL, "base_url": "http://127.0.0.1:8000/v1"},
        {"zone": Zone.EXTERNAL, "base_url": "http://[::1]:8000/v1"},
        {"zone": Zone.PRIVATE, "base_url": "http://vllm:8000/v1"},
        {"zone": Zone.EXTERNAL, "base_url": "https://x.openai.azure.com/openai/deployments/d?api-version=2024-10-21"},
        {"zone": Zone.PRIVATE, "base_url": "https://mine.openai.azure.com/openai/v1"},
        {"provider": "litellm", "target": "bedrock/x", "zone": Zone.PRIVATE, "base_url": ""},
        {"provider": "ollama", "base_url": ""},
        {"base_url": "http://ollama:11434/v1"},
    ],
)
def test_ordinary_entries_are_taken(changes: dict[str, object]) -> None:
    Catalog([model(**changes)])  # type: ignore[arg-type]


def test_names_are_unique() -> None:
    with pytest.raises(BadSettings, match="named twice: small"):
        Catalog([model(), model()])


def test_a_local_entry_that_a_cloud_would_serve_is_withdrawn() -> None:
    base = "http://127.0.0.1:11434"
    local = model("big", provider="ollama", target="gpt-oss:120b-cloud", base_url=base + "/")
    honest = model("honest", provider="ollama", target="gpt-oss:120b-cloud", base_url=base, zone=Zone.EXTERNAL)
    catalog = Catalog([local, honest])
    catalog.discovered([], remote=frozenset({(base, "gpt-oss:120b-cloud")}))
    assert [entry.name for entry in catalog.models] == ["honest", "extractive"]


def test_prices_left_out_are_filled_in_for_external_models_only() -> None:
    catalog = Catalog(
        [
            model("gpt", target="gpt-4o-mini", zone=Zone.EXTERNAL, base_url=""),
            model("mine", target="gpt-4o-mini", zone=Zone.LOCAL),
            model("set", target="gpt-4o-mini", zone=Zone.EXTERNAL, base_url="", price=Price(1, 2)),
            model("odd", target="nobody-lists-this", zone=Zone.EXTERNAL, base_url=""),
        ]
    )
    prices = {entry.name: entry.price for entry in catalog.models}
    assert prices["gpt"] == Price(0.15, 0.6)
    assert prices["mine"] == Price()
    assert prices["set"] == Price(1, 2)
    assert catalog.unpriced == ("odd",)


def test_a_price_stated_as_zero_stays_zero() -> None:
    stated = Model("gpt-4o", "litellm", "openai/gpt-4o", Zone.EXTERNAL, priced=True)
    assert Catalog([stated]).models[0].price == Price()
    assert Catalog([stated]).unpriced == ()
