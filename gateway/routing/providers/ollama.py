"""Ollama: chat over its OpenAI wire; what it has, and more of it, over its own API.

What it has is asked for over aiohttp, because the `ollama` client's typed answer drops `remote_host`, which tells that
a model in fact runs in a cloud. The client is imported only for `show` and `pull`.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
import orjson
from yarl import URL

from gateway.crypto.secret import Secret
from gateway.errors import NotFound, UpstreamFailed
from gateway.model import Json, Model, Zone
from gateway.routing import failures
from gateway.routing.providers.base import Timeouts
from gateway.routing.providers.http import Http, raise_for, read_capped
from gateway.routing.providers.openai_wire import MAX_RESPONSE_BYTES, OpenAIWire, chat_url

USUAL_ADDRESS: Final = "http://127.0.0.1:11434"
SERVED_CONTEXT: Final = 4096
"""Ollama's own default window. It cuts longer prompts without a word, whatever the model could take."""
TRUSTED_S: Final = 60.0
_LOOK_S: Final = 3.0
_MAX_BYTES: Final = 8_388_608
_NUM_CTX: Final = re.compile(r"^num_ctx\s+(\d+)\s*$", re.MULTILINE)
_SIZE: Final = re.compile(r"([\d.]+)\s*([MB])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class OllamaSite:
    """One Ollama server to look at."""

    url: str = USUAL_ADDRESS
    zone: Zone = Zone.LOCAL
    context: int = SERVED_CONTEXT
    """Window that this server gives models which set none themselves (`OLLAMA_CONTEXT_LENGTH`)."""

    @property
    def base(self) -> str:
        """The address without a slash at its end."""
        return self.url.rstrip("/")


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look at a server found."""

    up: bool
    models: tuple[Model, ...] = ()
    remote: frozenset[str] = frozenset()
    """Names that the server forwards to a cloud: never offered by discovery."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """One step of a download. Bytes are 0 where a step has none."""

    status: str
    completed: int = 0
    total: int = 0


class OllamaWire(OpenAIWire):
    """Chat. `base_url` is the server's address without a path."""

    def __init__(self, http: Http, keys: Mapping[str, Secret], *, max_response_bytes: int = MAX_RESPONSE_BYTES) -> None:
        super().__init__(http, keys, max_response_bytes=max_response_bytes)
        self._trusted: dict[tuple[str, str], float] = {}
        """(server, model) -> until when it is known to run there."""

    def url(self, model: Model) -> URL:
        """Where this model's chat requests go."""
        return chat_url(f"{(model.base_url or USUAL_ADDRESS).rstrip('/')}/v1")

    async def before(self, model: Model, timeouts: Timeouts) -> None:
        """Ask whether the server would forward this model to a cloud, unless its zone says external.

        Discovery withdraws such entries, but a server can be replaced between two looks. The answer holds for
        TRUSTED_S. Raises UpstreamFailed when it would, or does not say.
        """
        if model.zone is Zone.EXTERNAL:
            return
        site = OllamaSite(model.base_url or USUAL_ADDRESS)
        key, now = (site.base, model.target), asyncio.get_running_loop().time()
        if now < self._trusted.get(key, 0.0):
            return
        try:
            async with asyncio.timeout(timeouts.connect_s):
                credentials = self._credentials(model, self.url(model))
                shown = await ask(self._http, site, "POST", "/api/show", {"model": model.target}, credentials)
        except aiohttp.ClientResponseError as error:
            failures.raise_for_status(model, error.status)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise_for(model, error, "an answer")
        if not isinstance(shown, dict) or shown.get("remote_host"):
            raise UpstreamFailed(
                f"model {model.name!r} runs in a cloud behind its ollama, and its zone says {model.zone}",
                hint="an operator must set its zone to external, or take another model",
            )
        self._trusted[key] = now + TRUSTED_S


@dataclass(slots=True)
class Ollama:
    """Manages one server: look, show, pull."""

    http: Http
    site: OllamaSite
    _shown: dict[str, Json] = field(default_factory=dict)
    """/api/show by model digest: it does not change."""

    async def look(self) -> Seen:
        """The chat models there now; `up=False` when nothing answers. Never raises for a server's fault."""
        try:
            async with asyncio.timeout(_LOOK_S):
                tags = (await self._ask("GET", "/api/tags"))["models"]
                loaded = {entry["name"]: entry for entry in (await self._ask("GET", "/api/ps"))["models"]}
                here = [tag for tag in tags if not tag.get("remote_host")]
                models = [await self._describe(tag, loaded.get(tag["name"], {})) for tag in here]
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError, LookupError, TypeError, AttributeError):
            return Seen(up=False)
        remote = frozenset(str(tag["name"]) for tag in tags if tag.get("remote_host"))
        self._shown = {tag["digest"]: self._shown[tag["digest"]] for tag in here}
        return Seen(True, tuple(model for model in models if model is not None), remote)

    async def show(self, name: str) -> Json:
        """What the server tells of one model: details, capabilities, parameters. Raises NotFound, UpstreamFailed."""
        import httpx  # noqa: PLC0415 - the client lets some of its errors through
        import ollama  # noqa: PLC0415

        async with self._client() as client:
            try:
                shown: Json = (await client.show(name)).model_dump(mode="json", exclude={"modelfile", "license"})
            except ollama.ResponseError as error:
                raise _refused(name, error.status_code) from None
            except (httpx.HTTPError, OSError, ValueError):
                raise _down(self.site) from None
        return shown

    async def pull(self, name: str) -> AsyncGenerator[Pulled, None]:
        """Download a model to the server, step by step. Raises NotFound, UpstreamFailed."""
        import httpx  # noqa: PLC0415 - the client lets some of its errors through
        import ollama  # noqa: PLC0415

        async with self._client() as client:
            try:
                async for step in await client.pull(name, stream=True):
                    yield Pulled(str(step.status or ""), step.completed or 0, step.total or 0)
            except ollama.ResponseError as error:
                raise _refused(name, error.status_code) from None
            except (httpx.HTTPError, OSError, ValueError):
                raise _down(self.site) from None

    def _client(self) -> Any:
        import ollama  # noqa: PLC0415

        return ollama.AsyncClient(host=self.site.base, follow_redirects=False, trust_env=False)

    async def _ask(self, method: str, path: str, body: Json | None = None) -> Any:
        return await ask(self.http, self.site, method, path, body)

    async def _describe(self, tag: Json, loaded: Json) -> Model | None:
        """One entry as a model of the catalogue; None when it does not chat."""
        if tag["digest"] not in self._shown:
            self._shown[tag["digest"]] = await self._ask("POST", "/api/show", {"model": tag["name"]})
        shown = self._shown[tag["digest"]]
        capabilities = shown.get("capabilities") or ["completion"]
        if "completion" not in capabilities or shown.get("remote_host"):
            return None
        trained = next((v for k, v in (shown.get("model_info") or {}).items() if k.endswith(".context_length")), None)
        own = _NUM_CTX.search(shown.get("parameters") or "")
        served = loaded.get("context_length") or (int(own[1]) if own else self.site.context)
        return Model(
            name=str(tag["name"]),
            provider="ollama",
            target=str(tag["name"]),
            zone=self.site.zone,
            base_url=self.site.base,
            context=min(int(served), int(trained)) if trained else int(served),
            quality=quality_of((tag.get("details") or {}).get("parameter_size")),
            tools="tools" in capabilities,
            origin="discovered",
        )


async def ask(
    http: Http,
    site: OllamaSite,
    method: str,
    path: str,
    body: Json | None = None,
    headers: Mapping[str, str] | None = None,
) -> Any:
    """One call of the server's own API. Raises aiohttp's errors, and ValueError for what is no JSON."""
    async with http.session.request(
        method,
        site.base + path,
        data=None if body is None else orjson.dumps(body),
        headers=headers,
        allow_redirects=False,
        raise_for_status=True,
    ) as response:
        data = await read_capped(response, _MAX_BYTES)
    return orjson.loads(data or b"null")


def quality_of(parameter_size: object) -> float:
    """A first guess from the size: 1B .30, 8B .48, 70B .67. An operator's entry of the same name replaces it."""
    match = _SIZE.search(str(parameter_size or ""))
    if match is None:
        return 0.3
    billions = float(match[1]) / (1000 if match[2].upper() == "M" else 1)
    return round(min(0.8, max(0.1, 0.3 + 0.2 * math.log10(max(billions, 0.01)))), 3)


def _refused(name: str, status: int) -> NotFound | UpstreamFailed:
    # a pull of an unknown name reports its error inside a 200 answer, which the client gives as -1
    if status in {404, -1}:
        return NotFound(f"ollama has no model {name[:100]!r}", hint="see https://ollama.com/library for names")
    return UpstreamFailed(f"ollama failed (HTTP {status})", hint="see its log")


def _down(site: OllamaSite) -> UpstreamFailed:
    return UpstreamFailed(f"no ollama at {site.base}", hint="start it with: ollama serve")
