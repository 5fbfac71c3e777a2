"""`/v1/collections` and the documents in them."""

from __future__ import annotations

import re
from dataclasses import replace

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.api.doors import doors_of, request_id
from gateway.api.shape import json_response
from gateway.api.uploads import read_upload
from gateway.errors import GatewayError, Invalid
from gateway.ingest import Delivery, Ingested, read_until

_HIGHLIGHT = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?", re.ASCII)

router = APIRouter(prefix="/v1/collections", tags=["documents"])


@router.get("", response_model=None)
async def collections(request: Request) -> Response:
    """Collections this caller may read."""
    doors = doors_of(request)
    found = await doors.library.collections(await doors.caller(request))
    return json_response({"object": "list", "data": found})


@router.get("/{collection}", response_model=None)
async def collection(request: Request, collection: str) -> Response:
    """One collection."""
    doors = doors_of(request)
    return json_response(await doors.library.collection(await doors.caller(request), collection))


@router.delete("/{collection}", response_model=None)
async def delete_collection(request: Request, collection: str) -> Response:
    """Delete a collection and everything in it."""
    doors = doors_of(request)
    principal = await doors.caller(request)
    count = await doors.ingest.remove_collection(principal, collection, request=request_id(request))
    return json_response({"id": collection, "deleted": True, "documents": count})


@router.get("/{collection}/documents", response_model=None)
async def documents(request: Request, collection: str, after: str = "", limit: int = 100) -> Response:
    """Documents of a collection that this caller may read, a page at a time."""
    doors = doors_of(request)
    principal = await doors.caller(request)
    if limit < 1:
        raise Invalid("limit must be at least 1", param="limit")
    page = await doors.library.documents(request_id(request), principal, collection, after=after, limit=limit)
    return json_response({"object": "list", "data": page["documents"], "next": page["next"]})


@router.post("/{collection}/documents", response_model=None)
async def upload(request: Request, collection: str, wait: bool = True) -> Response:
    """Ingest documents: one now, or with `wait=false` (or `Prefer: respond-async`) any number later, as a job.

    A form with `file` (repeated for a job), and optionally `name` (one for each file), `label`, `allow`, `deny`
    (repeated) and `expires`; or the file itself as the body with the same as query parameters, `name` required.
    """
    doors = doors_of(request)
    principal = await doors.caller(request)
    sent = await read_upload(request, doors.limits)
    until = read_until(sent.one("expires"))
    later = not wait or _prefers_later(request)
    deliveries = [
        Delivery(data, name, collection, sent.one("label"), sent.all("allow"), sent.all("deny"), expires_at=until)
        for name, data in sent.files
    ]
    if later:
        made = await doors.jobs.create(principal, deliveries, request=request_id(request))
        answer = json_response(made, status=202)
        answer.headers["location"] = f"/v1/jobs/{made['id']}"
        return answer
    if len(deliveries) > 1:
        raise Invalid("several files are a job", param="wait", hint="send them with ?wait=false")
    (done,) = await doors.ingest.ingest_many(principal, [replace(deliveries[0], request=request_id(request))])
    if isinstance(done, GatewayError):
        raise done
    return json_response(_ingested(done), status=201 if done.status == "new" else 200)


@router.get("/{collection}/documents/{document}", response_model=None)
async def document(request: Request, collection: str, document: str) -> Response:
    """One document's facts."""
    doors = doors_of(request)
    principal = await doors.caller(request)
    return json_response(await doors.library.document(request_id(request), principal, collection, document))


@router.get("/{collection}/documents/{document}/passages/{passage}", response_model=None)
async def passage(
    request: Request, collection: str, document: str, passage: str, version: int | None = None, highlight: str = ""
) -> Response:
    """What a citation points to; `highlight`: the first and last sentence cited (`2-3`, or `2`)."""
    doors = doors_of(request)
    principal = await doors.caller(request)
    chosen = _HIGHLIGHT.fullmatch(highlight)
    if highlight and chosen is None:
        raise Invalid("highlight must be a number or two", param="highlight", hint="as in ?highlight=2-3")
    span = None if chosen is None else (int(chosen[1]), int(chosen[2] or chosen[1]))
    found = await doors.library.passage(
        request_id(request), principal, collection, document, passage, version=version, highlight=span
    )
    return json_response(found)


@router.delete("/{collection}/documents/{document}", response_model=None)
async def delete_document(request: Request, collection: str, document: str) -> Response:
    """Delete a document, its passages and vectors."""
    doors = doors_of(request)
    principal = await doors.caller(request)
    await doors.ingest.remove_document(principal, document, collection=collection, request=request_id(request))
    return json_response({"id": document, "deleted": True})


def _prefers_later(request: Request) -> bool:
    wishes = (part.strip().lower() for part in request.headers.get("prefer", "").split(","))
    return "respond-async" in wishes


def _ingested(done: Ingested) -> dict[str, object]:
    return {
        "id": done.document_id,
        "object": "document",
        "status": done.status,
        "collection": done.collection,
        "version": done.version,
        "chunks": done.chunks,
        "redactions": dict(done.counts),
        "state": done.state,
        "report": done.report.shape() if done.report is not None else None,
    }
