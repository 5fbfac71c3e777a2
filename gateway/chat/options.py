"""What a caller may ask of the gateway beside the model: the `gateway` object, or `x-gateway-*` headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gateway.errors import Invalid
from gateway.model import Assistant, Json, Preference

MODES = ("answer", "passages")
PREFERENCES = ("cost", "latency", "quality")
KNOWN = ("collections", "top_k", "mode", "cite", "mark", "dry_run", "explain", "route")
KNOWN_ROUTE = ("prefer", "max_cost_usd", "max_latency_ms")
MAX_TOP_K = 50
MAX_COLLECTIONS = 32
MAX_COUNT = 10_000_000


@dataclass(frozen=True, slots=True)
class Options:
    """Checked options of one request; `collections` empty means no retrieval."""

    collections: tuple[str, ...] = ()
    top_k: int | None = None
    mode: str = "answer"
    cite: bool = True
    mark: bool = False
    """Put a mark behind sentences that no passage supports, where the answer comes whole."""
    dry_run: bool = False
    explain: bool = False
    preference: Preference = Preference()

    def bound_to(self, assistant: Assistant) -> Options:
        """The same options with what an assistant fixes: its collections and its model."""
        return replace(
            self,
            collections=assistant.collections,
            top_k=self.top_k or assistant.top_k,
            preference=replace(self.preference, model=assistant.model),
        )


def split(body: Json, headers: Mapping[str, str]) -> tuple[Json, Options]:
    """Take the gateway's own part off a chat request.

    Returns the body without `model` and `gateway`, and the options. The body's object wins over headers.
    Raises Invalid naming the parameter.
    """
    model = body.get("model", "auto")
    if not isinstance(model, str) or not model:
        raise Invalid("model must be a name", param="model", hint="use `auto` or a name from /v1/models")
    _check_messages(body)
    _check_limits(body)
    if not isinstance(body.get("stream"), bool | None):
        raise Invalid("stream must be true or false", param="stream")
    if not isinstance(body.get("stream_options"), dict | None):
        raise Invalid("stream_options must be an object", param="stream_options")
    given = body.get("gateway")
    if given is not None and not isinstance(given, dict):
        raise Invalid("gateway must be an object", param="gateway")
    merged = {**_from_headers(headers), **(given or {})}
    rest = {key: value for key, value in body.items() if key not in {"model", "gateway"}}
    return rest, _check(merged, model)


def _check_messages(body: Json) -> None:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Invalid("messages must be a list with at least one message", param="messages")
    for place, message in enumerate(messages):
        where = f"messages[{place}]"
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise Invalid(f"{where} must be an object with a role", param=where)
        content = message.get("content")
        if not isinstance(content, str | list | None):
            raise Invalid(f"{where}.content must be text or a list of parts", param=f"{where}.content")
        for part in content if isinstance(content, list) else ():
            if not isinstance(part, dict) or not isinstance(part.get("text"), str | None):
                raise Invalid(f"{where}.content must hold parts as objects", param=f"{where}.content")
        calls = message.get("tool_calls")
        if not isinstance(calls, list | None) or not all(isinstance(call, dict) for call in calls or ()):
            raise Invalid(f"{where}.tool_calls must be a list of objects", param=f"{where}.tool_calls")


def _check_limits(body: Json) -> None:
    """Limits that routing counts with; a model's server would refuse most of these too, and rest for it."""
    for key in ("max_tokens", "max_completion_tokens", "n"):
        value = body.get(key)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_COUNT):
            raise Invalid(f"{key} must be a whole number from 1 to {MAX_COUNT}", param=key)
    for key in ("tools", "functions"):
        value = body.get(key)
        if not isinstance(value, list | None) or not all(isinstance(tool, dict) for tool in value or ()):
            raise Invalid(f"{key} must be a list of objects", param=key)


def _from_headers(headers: Mapping[str, str]) -> Json:
    found: Json = {}
    route: Json = {}
    for key in KNOWN + KNOWN_ROUTE:
        value = headers.get("x-gateway-" + key.replace("_", "-"))
        if value is None or key == "route":
            continue
        target = route if key in KNOWN_ROUTE else found
        target[key] = _header_value(key, value)
    if route:
        found["route"] = route
    return found


def _header_value(key: str, value: str) -> object:
    if key == "collections":
        return [part.strip() for part in value.split(",") if part.strip()]
    if key in {"cite", "mark", "dry_run", "explain"}:
        return {"true": True, "1": True, "false": False, "0": False}.get(value.lower(), value)
    if key in {"top_k", "max_cost_usd", "max_latency_ms"}:
        try:
            return int(value) if key == "top_k" else float(value)
        except ValueError:
            return value
    return value


def _check(given: Json, model: str) -> Options:
    for key in given:
        if key not in KNOWN:
            raise Invalid(f"gateway.{_name(key)} is not an option", param="gateway", hint="known: " + ", ".join(KNOWN))
    collections = given.get("collections", [])
    if (
        not isinstance(collections, list)
        or len(collections) > MAX_COLLECTIONS
        or not all(isinstance(name, str) and name for name in collections)
    ):
        raise Invalid(
            f"gateway.collections must be a list of at most {MAX_COLLECTIONS} names", param="gateway.collections"
        )
    top_k = given.get("top_k")
    if top_k is not None and (not isinstance(top_k, int) or isinstance(top_k, bool) or not 1 <= top_k <= MAX_TOP_K):
        raise Invalid(f"gateway.top_k must be a number from 1 to {MAX_TOP_K}", param="gateway.top_k")
    mode = given.get("mode", "answer")
    if not isinstance(mode, str) or mode not in MODES:
        raise Invalid("gateway.mode must be answer or passages", param="gateway.mode")
    for key in ("cite", "mark", "dry_run", "explain"):
        if not isinstance(given.get(key, False), bool):
            raise Invalid(f"gateway.{key} must be true or false", param=f"gateway.{key}")
    return Options(
        collections=tuple(dict.fromkeys(collections)),
        top_k=top_k,
        mode=mode,
        cite=given.get("cite", True),
        mark=given.get("mark", False),
        dry_run=given.get("dry_run", False),
        explain=given.get("explain", False),
        preference=_preference(given.get("route", {}), model),
    )


def _preference(route: object, model: str) -> Preference:
    if not isinstance(route, dict):
        raise Invalid("gateway.route must be an object", param="gateway.route")
    for key in route:
        if key not in KNOWN_ROUTE:
            raise Invalid(
                f"gateway.route.{_name(key)} is not an option",
                param="gateway.route",
                hint="known: " + ", ".join(KNOWN_ROUTE),
            )
    if route.get("prefer") is not None and route["prefer"] not in PREFERENCES:
        raise Invalid("gateway.route.prefer must be cost, latency or quality", param="gateway.route.prefer")
    limits: dict[str, float | None] = {}
    for key in ("max_cost_usd", "max_latency_ms"):
        value = route.get(key)
        if value is not None and (not isinstance(value, int | float) or isinstance(value, bool) or not value >= 0):
            raise Invalid(f"gateway.route.{key} must be a number of at least 0", param=f"gateway.route.{key}")
        limits[key] = None if value is None else float(value)
    return Preference(model=model, prefer=route.get("prefer"), **limits)


def _name(key: object) -> str:
    """A key as an error may show it: short, and only if it is a plain word, since callers can write anything there."""
    text = str(key)
    return text if text.isidentifier() and len(text) <= 32 else "…"
