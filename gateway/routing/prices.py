"""LiteLLM's price list, read from the installed package's file: nothing is imported and nothing is fetched."""

from __future__ import annotations

import importlib.util
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from gateway.model import Price

_FILE: Final = "model_prices_and_context_window_backup.json"


@dataclass(frozen=True, slots=True)
class Listed:
    """What the list says of one model."""

    price: Price
    context: int | None
    """Tokens of input, as listed; None when unknown."""
    tools: bool


def listed(targets: Collection[str]) -> dict[str, Listed]:
    """Prices of these provider model names, with or without their `provider/` prefix; unknown ones are left out.

    The list of about 2 MB is read, searched and dropped: some 20 ms, only where a configured model needs it.
    """
    path = price_file()
    if path is None or not targets:
        return {}
    prices: dict[str, dict[str, Any]] = orjson.loads(path.read_bytes())
    found: dict[str, Listed] = {}
    for target in targets:
        entry = prices.get(target) or prices.get(target.partition("/")[2])
        if entry and isinstance(entry.get("input_cost_per_token"), (int, float)):
            context = entry.get("max_input_tokens") or entry.get("max_tokens")
            found[target] = Listed(
                price=Price(_per_million(entry, "input"), _per_million(entry, "output")),
                context=context if isinstance(context, int) else None,
                tools=bool(entry.get("supports_function_calling")),
            )
    return found


def price_file() -> Path | None:
    """Where the installed list is; None when LiteLLM is not installed."""
    spec = importlib.util.find_spec("litellm")
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0]) / _FILE
    return path if path.is_file() else None


def _per_million(entry: dict[str, Any], side: str) -> float:
    cost = entry.get(f"{side}_cost_per_token")
    return round(float(cost) * 1_000_000, 6) if isinstance(cost, (int, float)) else 0.0
