"""`/v1/search`, `/v1/redact` and `/v1/restore`: the rooms without a model."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.api.body import only, read_json
from gateway.api.doors import doors_of, request_id
from gateway.api.shape import json_response
from gateway.errors import Invalid
from gateway.model import Json

MAX_TOP_K = 50
MAX_TEXTS = 256

router = APIRouter(prefix="/v1", tags=["texts"])


@router.post("/search", response_model=None)
async def search(request: Request) -> Response:
    """Passages for `{"query", "collections": [..], "top_k"}`, as this caller may see them."""
    doors = doors_of(request)
    principal = await doors.caller(request)
    body = await read_json(request, doors.limits.max_body_bytes)
    only(body, {"query", "collections", "top_k"})
    query, collections, top_k = body.get("query"), body.get("collections"), body.get("top_k")
    if not isinstance(query, str) or not query.strip():
        raise Invalid("query must be a text", param="query")
    if not isinstance(collections, list) or not collections or not all(isinstance(c, str) for c in collections):
        raise Invalid("collections must be a list of names", param="collections", hint="GET /v1/collections lists them")
    if top_k is not None and (not isinstance(top_k, int) or isinstance(top_k, bool) or not 1 <= top_k <= MAX_TOP_K):
        raise Invalid(f"top_k must be a number from 1 to {MAX_TOP_K}", param="top_k")
    found = await doors.texts.search(request_id(request), principal, query, tuple(dict.fromkeys(collections)), top_k)
    return json_response({"object": "search", **found})


@router.post("/redact", response_model=None)
async def redact(request: Request) -> Response:
    """`{"text"}` or `{"texts": [..]}`, and `"keep"`, with personal data replaced by tokens."""
    doors = doors_of(request)
    principal = await doors.caller(request)
    body = await read_json(request, doors.limits.max_body_bytes)
    texts = _texts(body, {"keep"})
    keep = _flag(body, "keep", default=True)
    done = await doors.texts.redact(request_id(request), principal, texts, keep=keep)
    if "texts" not in body:
        return json_response({**done["results"][0], "kept_until": done["kept_until"]})
    return json_response(done)


@router.post("/restore", response_model=None)
async def restore(request: Request) -> Response:
    """`{"text"}` or `{"texts": [..]}`, and `"everywhere"`, with the tokens turned back that this caller may see."""
    doors = doors_of(request)
    principal = await doors.caller(request)
    body = await read_json(request, doors.limits.max_body_bytes)
    texts = _texts(body, {"everywhere"})
    everywhere = _flag(body, "everywhere", default=False)
    done = await doors.returns.restore(request_id(request), principal, texts, everywhere=everywhere)
    return json_response(done[0] if "texts" not in body else {"results": done})


def _texts(body: Json, options: set[str]) -> list[str]:
    """The text or texts of a body that may hold these options besides. Raises Invalid."""
    only(body, {"text", "texts", *options})
    if "text" in body and "texts" in body:
        raise Invalid("give text or texts, not both", param="texts")
    texts = body.get("texts") if "texts" in body else [body.get("text")]
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise Invalid("give text, or texts as a list of texts", param="text")
    if len(texts) > MAX_TEXTS:
        raise Invalid(f"at most {MAX_TEXTS} texts at a time", param="texts")
    return texts


def _flag(body: Json, name: str, *, default: bool) -> bool:
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise Invalid(f"{name} must be true or false", param=name)
    return value
