"""The room's door: catalogue, health and providers in one, for journeys."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Final

from gateway.crypto.secret import Secret
from gateway.errors import BadSettings, GatewayError, ModelNotFound
from gateway.model import Call, Json, Model, Outgoing, Preference, Route, RoutingPolicy, Zone
from gateway.routing.catalog import Catalog
from gateway.routing.choose import choose
from gateway.routing.health import Health, HealthView
from gateway.routing.providers.base import Provider, Timeouts
from gateway.routing.providers.extractive import Extractive
from gateway.routing.providers.http import Http
from gateway.routing.providers.litellm import LiteLLM
from gateway.routing.providers.ollama import Ollama, OllamaSite, OllamaWire, Pulled, Seen
from gateway.routing.providers.openai_wire import MAX_RESPONSE_BYTES, OpenAIWire

_LOG: Final = logging.getLogger(__name__)


class Router:
    """Owns the models of one process. Nothing is opened before `start` or the first call.

    `keys`: provider keys by model name. `ollama`: where to look for models, None for nowhere. `clock`: monotonic
    seconds. Raises BadSettings for entries or keys that could not be used safely.
    """

    def __init__(
        self,
        models: Sequence[Model],
        keys: Mapping[str, Secret],
        *,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        timeouts: Timeouts = Timeouts(),  # noqa: B008 - frozen
        max_response_bytes: int = MAX_RESPONSE_BYTES,
        ollama: OllamaSite | None = None,
        refresh_s: float = 30.0,
        extractive: bool = True,
    ) -> None:
        if unknown := sorted(set(keys) - {model.name for model in models}):
            raise BadSettings(f"api_key for an unknown model: {', '.join(unknown)}", hint="name a model of `models`")
        self.catalog = Catalog(models, extractive=extractive)
        self.health = Health(clock)
        self._clock = clock
        self._timeouts = timeouts
        self._refresh_s = refresh_s
        self._http = Http()
        self._ollama = Ollama(self._http, ollama) if ollama is not None else None
        self._sites = _sites(models, ollama)
        self._seen = Seen(up=False)
        self._remote: dict[str, frozenset[str]] = {}
        self._discovery: asyncio.Task[None] | None = None
        self._providers: dict[str, Provider] = {
            "openai": OpenAIWire(self._http, keys, max_response_bytes=max_response_bytes),
            "ollama": OllamaWire(self._http, keys, max_response_bytes=max_response_bytes),
            "litellm": LiteLLM(self._http, keys),
            "extractive": Extractive(now),
        }

    # -- life ------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Look for Ollama once, then again every `refresh_s` in the background. Never fails for its absence."""
        if self._sites and self._discovery is None:
            await self.refresh()
            self._discovery = asyncio.create_task(self._keep_looking(), name="ollama discovery")

    async def refresh(self) -> Seen:
        """Look at Ollama now; returns what the site to be discovered has."""
        others = [Ollama(self._http, site) for site in self._sites if site is not self._site]
        every = others if self._ollama is None else [*others, self._ollama]
        seen = await asyncio.gather(*(ollama.look() for ollama in every))
        for ollama, found in zip(every, seen, strict=True):
            # what an absent server last said about its models holds until it says otherwise
            if found.up:
                self._remote[ollama.site.base] = found.remote
        if self._ollama is not None:
            self._seen = seen[-1]
        remote = {(base, name) for base, names in self._remote.items() for name in names}
        self.catalog.discovered(self._seen.models, remote=frozenset(remote))
        return self._seen

    async def close(self) -> None:
        """Stop looking, and close every connection; calls under way break off."""
        if self._discovery is not None:
            self._discovery.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._discovery
            self._discovery = None
        for provider in self._providers.values():
            await provider.close()
        await self._http.close()

    # -- choosing --------------------------------------------------------------------------------------------------

    @property
    def models(self) -> tuple[Model, ...]:
        """Everything in the catalogue now."""
        return self.catalog.models

    @property
    def ollama_seen(self) -> Seen:
        """What the last look at Ollama found."""
        return self._seen

    def models_for(self, permitted: Callable[[Model], object]) -> tuple[Model, ...]:
        """What a caller may use."""
        return tuple(model for model in self.catalog.models if permitted(model))

    def choose(
        self,
        *,
        policy: RoutingPolicy,
        zones: frozenset[Zone],
        preference: Preference,
        permitted: Callable[[Model], object],
        tokens_in: int,
        tokens_out: int,
        needs_tools: bool,
        grounded: bool = False,
    ) -> Route:
        """The models to try, best first; see `gateway.routing.choose`."""
        return choose(
            self.catalog.models,
            policy,
            zones,
            preference,
            permitted,
            self.health.views(),
            tokens_in,
            tokens_out,
            needs_tools,
            grounded=grounded,
        )

    # -- calling ---------------------------------------------------------------------------------------------------

    def prepare(self, model: Model, call: Call) -> Outgoing:
        """The exact bytes that `complete` or `stream` will send; see Provider."""
        return self._providers[model.provider].prepare(model, call)

    async def complete(self, outgoing: Outgoing) -> Json:
        """One whole answer; see Provider for what is raised."""
        name = outgoing.model.name
        try:
            answer = await self._providers[outgoing.model.provider].complete(outgoing, self._timeouts)
        except GatewayError as error:
            self._failed(name, error)
            raise
        self.health.succeeded(name)
        return answer

    async def stream(self, outgoing: Outgoing) -> AsyncGenerator[Json, None]:
        """Chunks as they come. An error before the first one allows a fallback, a later one is final; see Provider.

        `aclose()` (or cancelling the task that waits for a chunk) hangs up upstream at once.
        """
        name = outgoing.model.name
        started: float | None = self._clock()
        try:
            async with aclosing(self._providers[outgoing.model.provider].stream(outgoing, self._timeouts)) as chunks:
                async for chunk in chunks:
                    if started is not None:
                        self.health.measured(name, (self._clock() - started) * 1000)
                        started = None
                    yield chunk
        except GatewayError as error:
            self._failed(name, error)
            raise
        self.health.succeeded(name)

    def _failed(self, name: str, error: GatewayError) -> None:
        before = self.health.view(name)
        self.health.failed(name, error)
        if before.ready and not self.health.view(name).ready:
            _LOG.warning("model %s rests after failures: %s", name, error.code)

    # -- Ollama ----------------------------------------------------------------------------------------------------

    async def show(self, name: str) -> tuple[Model, HealthView, Json]:
        """One entry, its health, and what Ollama tells of it. Raises ModelNotFound."""
        model = self.catalog.get(name)
        if model is None:
            raise ModelNotFound(f"no model named {name[:100]!r}", hint="gateway models list", param="model")
        told: Json = {}
        if model.provider == "ollama":
            told = await Ollama(self._http, OllamaSite(model.base_url) if model.base_url else OllamaSite()).show(
                model.target
            )
        return model, self.health.view(name), told

    async def pull(self, name: str) -> AsyncGenerator[Pulled, None]:
        """Have Ollama download a model, and offer it. Raises BadSettings (no Ollama), NotFound, UpstreamFailed."""
        if self._ollama is None:
            raise BadSettings("no ollama is configured", hint="set ollama.url and ollama.discover")
        async with aclosing(self._ollama.pull(name)) as steps:
            async for step in steps:
                yield step
        await self.refresh()

    @property
    def _site(self) -> OllamaSite | None:
        return self._ollama.site if self._ollama is not None else None

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(self._refresh_s)
            before = self._seen
            seen = await self.refresh()
            if seen.up != before.up:
                _LOG.info("ollama is %s", "up" if seen.up else "down")


def _sites(models: Sequence[Model], discovered: OllamaSite | None) -> tuple[OllamaSite, ...]:
    """Every Ollama whose models must be known: the one to discover, and those that configured entries name."""
    sites = [discovered] if discovered is not None else []
    for model in models:
        site = OllamaSite(model.base_url, model.zone) if model.base_url else OllamaSite(zone=model.zone)
        if model.provider == "ollama" and site.base not in {one.base for one in sites}:
            sites.append(site)
    return tuple(sites)
