"""Every other provider, through LiteLLM's SDK, imported when such a model is first called.

The import takes seconds and 180 MB, so it happens in a thread and only for who needs it. LiteLLM steers itself by
keyword arguments (`api_base`, `mock_response`, ...): of a request only OpenAI's parameters pass, so that no caller can
send the operator's key elsewhere. It may fetch what an image URL points to, so that only `data:` URLs pass.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import orjson

from gateway.crypto.secret import Secret
from gateway.errors import GatewayError, Invalid
from gateway.model import Call, Json, Model, Outgoing
from gateway.routing import failures
from gateway.routing.providers.base import Timeouts, dump, wire_body
from gateway.routing.providers.http import Http, check_secret
from gateway.routing.providers.sse import ChatStream, check_completion

PASSED: Final = frozenset(
    """
    model messages stream stream_options temperature top_p n stop max_tokens max_completion_tokens presence_penalty
    frequency_penalty logit_bias seed logprobs top_logprobs user response_format tools tool_choice parallel_tool_calls
    functions function_call reasoning_effort verbosity modalities prediction audio safety_identifier service_tier
    prompt_cache_key store
    """.split()  # noqa: SIM905 - a list of quoted words does not read
)
"""Parameters of OpenAI's chat API; whatever else a request holds is dropped for these models."""
_LOGGERS: Final = ("LiteLLM", "LiteLLM Proxy", "LiteLLM Router", "openai")


class LiteLLM:
    """One `acompletion` a request, without retries, callbacks or proxies from the environment."""

    def __init__(self, http: Http, keys: Mapping[str, Secret]) -> None:
        for name, key in keys.items():
            check_secret(name, key)
        self._http = http
        self._keys = dict(keys)
        self._importing = asyncio.Lock()
        self._sdk: Any = None

    def prepare(self, model: Model, call: Call) -> Outgoing:
        """The JSON of the keyword arguments; see Provider. Raises Invalid for content LiteLLM would fetch itself."""
        body = {key: value for key, value in wire_body(model, call).items() if key in PASSED}
        if _fetches(body.get("messages")):
            raise Invalid(
                f"model {model.name!r} takes images and files only as data: URLs",
                hint="send the content itself, base64-encoded",
                param="messages",
            )
        return Outgoing(model, dump(body), call.stream, _endpoint(model), call)

    async def complete(self, outgoing: Outgoing, timeouts: Timeouts) -> Json:
        """One whole answer; see Provider."""
        model = outgoing.model
        answer = await self._call(outgoing, timeouts.whole_s, "an answer")
        checked = check_completion(model, orjson.dumps(answer.model_dump(mode="json", exclude_none=True)))
        for choice in checked["choices"]:
            choice["message"].setdefault("content", None)
        return checked

    async def stream(self, outgoing: Outgoing, timeouts: Timeouts) -> AsyncGenerator[Json, None]:
        """Chunks as they come; see Provider."""
        model = outgoing.model
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeouts.first_byte_s
        source = await self._call(outgoing, timeouts.first_byte_s, "the first token")
        judge = ChatStream(model)
        held: list[Json] = []
        try:
            while (part := await self._next(source, model, judge, deadline)) is not None:
                chunk = judge.check(part.model_dump(mode="json", exclude_none=True))
                if judge.complete and not _really_finished(source):
                    raise failures.broke_off(model)
                _as_on_the_wire(chunk)
                if not judge.has_content:
                    held.append(chunk)
                    continue
                for early in held:
                    yield early
                held.clear()
                yield chunk
                deadline = clock() + timeouts.idle_s
            if not judge.complete:
                raise failures.broke_off(model)
        finally:
            await _hang_up(source)

    async def close(self) -> None:
        """The session belongs to whoever made it."""

    async def _call(self, outgoing: Outgoing, within_s: float, waited_for: str) -> Any:
        model = outgoing.model
        sdk = await self._loaded()
        key = self._keys.get(model.name)
        try:
            async with asyncio.timeout(within_s):
                return await sdk.acompletion(
                    **orjson.loads(outgoing.body),
                    api_key=key.reveal() if key is not None else None,
                    base_url=model.base_url or None,
                    timeout=within_s,
                    num_retries=0,
                    max_retries=0,
                    drop_params=True,
                    shared_session=self._http.lent,
                )
        except TimeoutError:
            raise failures.too_slow(model, waited_for) from None
        except Exception as error:  # noqa: BLE001 - its tree is a union of three foreign trees; all of it ends here
            failure = _translated(model, error, waited_for)
        raise failure

    async def _next(self, source: Any, model: Model, judge: ChatStream, deadline: float) -> Any:
        try:
            async with asyncio.timeout_at(deadline):
                return await anext(source, None)
        except TimeoutError:
            raise failures.too_slow(model, "the next token" if judge.has_content else "the first token") from None
        except Exception as error:  # noqa: BLE001 - as above
            failure = failures.broke_off(model) if judge.has_content else _translated(model, error, "the first token")
        raise failure

    async def _loaded(self) -> Any:
        async with self._importing:
            if self._sdk is None:
                self._sdk = await asyncio.to_thread(load)
        return self._sdk


def load() -> Any:
    """Import LiteLLM so that it fetches nothing, logs nothing and reports to nobody."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    if not TYPE_CHECKING:  # its types cost the checker minutes and are not relied on
        import litellm  # noqa: F401, PLC0415
    sdk: Any = sys.modules["litellm"]
    sdk.telemetry = False
    sdk.suppress_debug_info = True
    sdk.turn_off_message_logging = True
    sdk.disable_aiohttp_trust_env = True
    sdk.aiohttp_trust_env = False
    for callbacks in ("callbacks", "success_callback", "failure_callback", "input_callback", "service_callback"):
        setattr(sdk, callbacks, [])
    sdk._async_success_callback = []  # noqa: SLF001 - no public name
    sdk._async_failure_callback = []  # noqa: SLF001
    for name in _LOGGERS:
        # its records hold prompts and answers
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = False
        logger.setLevel(logging.CRITICAL + 1)
    return sdk


def _endpoint(model: Model) -> str:
    if not model.base_url:
        return f"litellm:{model.target.partition('/')[0]}"
    parts = urlsplit(model.base_url)
    return f"litellm:{parts.scheme}://{parts.netloc}{parts.path}"


def _translated(model: Model, error: Exception, waited_for: str) -> GatewayError:
    """LiteLLM's exceptions carry the HTTP status they stand for."""
    status = getattr(error, "status_code", None)
    if type(error).__name__ in {"Timeout", "APITimeoutError"} or status == 408:
        return failures.too_slow(model, waited_for)
    if not isinstance(status, int) or status < 300:
        return failures.unreachable(model)
    headers = getattr(error, "litellm_response_headers", None)
    if headers is None:
        headers = getattr(getattr(error, "response", None), "headers", None)
    try:
        failures.raise_for_status(model, status, (headers or {}).get("retry-after"))
    except GatewayError as failure:
        return failure


def _as_on_the_wire(chunk: Json) -> None:
    """Put back what the wire has: finish_reason always there, and no choice beside the usage."""
    for choice in chunk["choices"]:
        choice.setdefault("finish_reason", None)
    if chunk.get("usage") and not any(choice["delta"] or choice["finish_reason"] for choice in chunk["choices"]):
        chunk["choices"] = []


def _really_finished(source: Any) -> bool:
    """Whether the provider itself said why it ended; LiteLLM makes up a `stop` where a stream was cut."""
    return any(
        getattr(source, name, None) is not None for name in ("received_finish_reason", "intermittent_finish_reason")
    )


def _fetches(value: Any) -> bool:
    """Whether any content part names a place to fetch from."""
    if isinstance(value, list):
        return any(_fetches(item) for item in value)
    if not isinstance(value, dict):
        return False
    if value.get("type") in {"text", "input_text"}:
        return False
    for key, inner in value.items():
        if key in {"url", "image_url", "file_url", "file_id", "video_url"} and isinstance(inner, str):
            if not inner.startswith("data:"):
                return True
        elif key not in {"tool_calls", "function_call"} and _fetches(inner):
            return True
    return False


async def _hang_up(source: Any) -> None:
    close = getattr(source, "aclose", None)
    if close is not None:
        try:
            await close()
        except Exception:  # noqa: BLE001 - closing what is broken already must not hide why
            return
