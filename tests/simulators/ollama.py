"""An Ollama server: its management API beside the same /v1 chat wire."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web

from tests.simulators.behaviour import Behaviour
from tests.simulators.openai_wire import OpenAISimulator, completion


@dataclass(frozen=True, slots=True)
class LocalModel:
    """One model this Ollama has. With `remote_host` it is one that Ollama forwards to its cloud."""

    name: str
    parameter_size: str = "3.2B"
    context: int = 131072
    num_ctx: int | None = None
    """`PARAMETER num_ctx` of its Modelfile."""
    capabilities: tuple[str, ...] = ("completion", "tools")
    remote_host: str | None = None
    size: int = 2_019_393_189


class OllamaSimulator(OpenAISimulator):
    """Base address: `root`. `pullable` names can be pulled in three progress steps; others fail."""

    def __init__(
        self,
        *,
        local: tuple[LocalModel, ...] = (LocalModel("llama3.2:3b"),),
        pullable: tuple[str, ...] = ("qwen3:4b",),
        version: str = "0.13.5",
    ) -> None:
        super().__init__()
        self.local = list(local)
        self.pullable = pullable
        self.version = version
        self.loaded: dict[str, int] = {}
        """Model name -> context length it was loaded with."""

    def routes(self, router: web.UrlDispatcher) -> None:
        super().routes(router)
        router.add_get("/", self._alive)
        router.add_get("/api/version", self._version)
        router.add_get("/api/tags", self._tags)
        router.add_get("/api/ps", self._ps)
        router.add_post("/api/show", self._show)
        router.add_post("/api/pull", self._pull)
        router.add_post("/api/chat", self._chat)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        asked = orjson.loads(await request.read()).get("model")
        if self._find(asked) is None:
            await self.receive(request)
            text = f'model "{asked}" not found, try pulling it first'
            return web.json_response({"error": {"message": text, "type": "not_found_error"}}, status=404)
        return await super().chat(request)

    def _find(self, name: str) -> LocalModel | None:
        wanted = name if ":" in name else f"{name}:latest"
        return next((model for model in self.local if model.name == wanted), None)

    async def _alive(self, request: web.Request) -> web.Response:
        await self.receive(request)
        return web.Response(text="Ollama is running")

    async def _version(self, request: web.Request) -> web.Response:
        await self.receive(request)
        return web.json_response({"version": self.version})

    async def _tags(self, request: web.Request) -> web.Response:
        await self.receive(request)
        return web.json_response({"models": [tag(model) for model in self.local]})

    async def _ps(self, request: web.Request) -> web.Response:
        await self.receive(request)
        models = [tag(m) | {"context_length": self.loaded[m.name]} for m in self.local if m.name in self.loaded]
        return web.json_response({"models": models})

    async def _show(self, request: web.Request) -> web.Response:
        asked = (await self.receive(request)).json
        model = self._find(asked.get("model") or asked.get("name") or "")
        if model is None:
            return web.json_response({"error": "model not found"}, status=404)
        described: dict[str, Any] = {
            "license": "simulated",
            "modelfile": f"FROM {model.name}",
            "template": "{{ .Prompt }}",
            "details": details(model),
            "model_info": {"general.architecture": "llama", "llama.context_length": model.context},
            "capabilities": list(model.capabilities),
            "modified_at": "2026-01-01T00:00:00Z",
        }
        if model.num_ctx is not None:
            described["parameters"] = (
                f'stop                           "<|eot_id|>"\nnum_ctx                        {model.num_ctx}'
            )
        if model.remote_host is not None:
            described |= {"remote_host": model.remote_host, "remote_model": model.name.split("-cloud", maxsplit=1)[0]}
        return web.json_response(described)

    async def _pull(self, request: web.Request) -> web.StreamResponse:
        asked = (await self.receive(request)).json
        name = asked.get("model") or asked.get("name") or ""
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await response.prepare(request)
        if name not in self.pullable:
            await response.write(orjson.dumps({"error": "pull model manifest: file does not exist"}) + b"\n")
            return response
        digest = "sha256:" + hashlib.sha256(name.encode()).hexdigest()
        steps: list[dict[str, Any]] = [{"status": "pulling manifest"}]
        steps += [
            {"status": f"pulling {digest[7:19]}", "digest": digest, "total": 3000, "completed": done}
            for done in (0, 1000, 2000, 3000)
        ]
        steps += [{"status": "verifying sha256 digest"}, {"status": "writing manifest"}, {"status": "success"}]
        for step in steps:
            await response.write(orjson.dumps(step) + b"\n")
            await asyncio.sleep(0)
        self.local.append(LocalModel(name))
        return response

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        """The native chat, whole answers only."""
        received = (await self.receive(request)).json
        answer = completion(received, Behaviour(text=self.default.text))["choices"][0]["message"]
        return web.json_response({"model": received.get("model"), "message": answer, "done": True})


def details(model: LocalModel) -> dict[str, Any]:
    """Family, size and quantisation as Ollama tells them."""
    return {
        "parent_model": "",
        "format": "gguf",
        "family": "llama",
        "families": ["llama"],
        "parameter_size": model.parameter_size,
        "quantization_level": "Q4_K_M",
    }


def tag(model: LocalModel) -> dict[str, Any]:
    """One entry of /api/tags."""
    entry: dict[str, Any] = {
        "name": model.name,
        "model": model.name,
        "modified_at": "2026-01-01T00:00:00.000000Z",
        "size": model.size,
        "digest": hashlib.sha256(model.name.encode()).hexdigest(),
        "details": details(model),
    }
    if model.remote_host is not None:
        entry |= {"remote_host": model.remote_host, "remote_model": model.name.split("-cloud", maxsplit=1)[0]}
    return entry
