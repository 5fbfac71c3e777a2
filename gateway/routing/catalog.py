"""Every model the gateway can call: configured, found at Ollama, and the built-in answerer."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from gateway.errors import BadSettings
from gateway.model import Model, Price, Zone
from gateway.routing.prices import listed

AUTO: Final = "auto"
PROVIDERS: Final = frozenset({"openai", "ollama", "litellm"})
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,199}")
_ELSEWHERE: Final = (
    ".openai.com", ".azure.com", ".anthropic.com", ".googleapis.com", ".amazonaws.com", ".mistral.ai", ".cohere.com",
    ".groq.com", ".x.ai", ".deepseek.com", ".openrouter.ai", ".together.xyz", ".fireworks.ai", ".perplexity.ai",
    ".ollama.com", ".huggingface.co", ".nvidia.com",
)  # fmt: skip
"""Hosts that are on nobody's own machine: a slip that would undo what the labels say."""
_QUERY_ALLOWED: Final = frozenset({"api-version"})

EXTRACTIVE: Final = Model(
    name="extractive",
    provider="extractive",
    target="extractive",
    zone=Zone.LOCAL,
    context=1_000_000,
    quality=0.0,
    latency_ms=5.0,
    tools=False,
    origin="built-in",
)
"""Answers with sentences of the passages found; needs no model and no network."""


class Catalog:
    """Models by name. What the configuration names wins over what is discovered under the same name."""

    def __init__(self, models: Sequence[Model], *, extractive: bool = True) -> None:
        """`models`: configured entries. Raises BadSettings for an entry that could not be called safely."""
        for model in models:
            check_model(model)
        names = [model.name for model in models]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise BadSettings(f"model named twice: {', '.join(twice)}", hint="give every entry its own name")
        self._configured = with_listed_prices(models)
        self._built_in = (EXTRACTIVE,) if extractive else ()
        self._all: tuple[Model, ...] = ()
        self._by_name: dict[str, Model] = {}
        self.discovered(())

    @property
    def models(self) -> tuple[Model, ...]:
        """Configured ones first, then discovered ones, then the built-in answerer."""
        return self._all

    @property
    def unpriced(self) -> tuple[str, ...]:
        """External models without a known price: routing counts them as free."""
        return tuple(
            m.name for m in self._configured if m.zone is Zone.EXTERNAL and not m.priced and m.price == Price()
        )

    def get(self, name: str) -> Model | None:
        """The entry of this name, if there is one."""
        return self._by_name.get(name)

    def discovered(self, models: Iterable[Model], *, remote: frozenset[tuple[str, str]] = frozenset()) -> None:
        """Replace what was discovered before.

        `remote`: (base URL, target) of models that a local server would forward to somebody's cloud. A configured
        entry for one of them is withdrawn unless its zone says external: the label rules must hold for where the
        data really goes.
        """
        kept = tuple(
            m for m in self._configured if m.zone is Zone.EXTERNAL or (m.base_url.rstrip("/"), m.target) not in remote
        )
        taken = {model.name for model in self._configured} | {EXTRACTIVE.name, AUTO}
        fresh = tuple(model for model in models if model.name not in taken)
        self._all = (*kept, *fresh, *self._built_in)
        self._by_name = {model.name: model for model in self._all}


def check_model(model: Model) -> None:
    """Refuse, with BadSettings, an entry whose name or address cannot be used safely."""
    label = f"model {model.name!r}"
    if not _NAME.fullmatch(model.name):
        raise BadSettings(f"{label}: not a usable name", hint="use letters, digits and . _ : / @ + -")
    if model.name in {AUTO, EXTRACTIVE.name}:
        raise BadSettings(f"{label}: the name is reserved", hint="choose another name")
    if model.provider not in PROVIDERS:
        raise BadSettings(f"{label}: unknown provider", hint=f"use one of {', '.join(sorted(PROVIDERS))}")
    if not model.target:
        raise BadSettings(f"{label}: target is empty", hint="give the provider's own name of the model")
    if not model.base_url:
        if (model.provider == "openai" and model.zone is not Zone.EXTERNAL) or (
            model.provider == "litellm" and model.zone is Zone.LOCAL
        ):
            hint = "give base_url, or set the zone to where the provider really is"
            raise BadSettings(f"{label}: no base_url in zone {model.zone}", hint=hint)
        return
    check_address(label, model)


def check_address(label: str, model: Model) -> None:
    """The part about `base_url`."""
    parts = urlsplit(model.base_url)
    host = parts.hostname
    if parts.scheme not in {"http", "https"} or not host:
        raise BadSettings(f"{label}: base_url is not an http(s) address", hint="like https://host:port/v1")
    if parts.username is not None or parts.password is not None:
        raise BadSettings(f"{label}: base_url holds credentials", hint="put the key into api_key")
    if parts.fragment or {key for key, _ in parse_qsl(parts.query, keep_blank_values=True)} - _QUERY_ALLOWED:
        raise BadSettings(f"{label}: base_url may carry no query but api-version", hint="put the key into api_key")
    if parts.scheme == "http" and model.zone is Zone.EXTERNAL and not is_loopback(host):
        raise BadSettings(f"{label}: zone external over plain http", hint="use https")
    if model.zone is Zone.LOCAL and f".{host}".endswith(_ELSEWHERE):
        raise BadSettings(f"{label}: zone local, but its address is a public provider's", hint="set zone to external")


def is_loopback(host: str) -> bool:
    """Whether the host is this machine, judged by its name alone, without asking DNS."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def with_listed_prices(models: Sequence[Model]) -> tuple[Model, ...]:
    """Fill in prices that the configuration leaves out, from LiteLLM's installed list."""
    wanted = {
        m.name: m
        for m in models
        if not m.priced and m.price == Price() and (m.provider == "litellm" or m.zone is Zone.EXTERNAL)
    }
    if not wanted:
        return tuple(models)
    prices = listed({model.target for model in wanted.values()})
    return tuple(
        replace(m, price=prices[m.target].price) if m.name in wanted and m.target in prices else m for m in models
    )
