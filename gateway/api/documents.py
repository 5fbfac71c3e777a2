"""`/v1/collections` and the documents in them."""

from __future__ import annotations

from pathlib import PurePath

from fastapi import APIRouter, Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.responses import Response

from gateway.api import body
from gateway.api.doors import doors_of, request_id
from gateway.api.shape import json_response
from gateway.errors import Invalid, TooLarge
from gateway.ingest import Ingested

FORM_SLACK = 65_536
"""Bytes of a form beside its file."""

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
async def upload(request: Request, collection: str) -> Response:
    """Ingest one document.

    A form with `file`, and optionally `name`, `label`, `allow`, `deny` (repeated); or the file itself as the body with
    the same as query parameters, `name` required.
    """
    doors = doors_of(request)
    principal = await doors.caller(request)
    limit = doors.limits.max_upload_bytes
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        data, fields = await _form(request, limit)
    else:
        query = request.query_params
        data = await body.read(request, limit, "server.max_upload_bytes")
        fields = {key: query.getlist(key) for key in ("name", "label", "allow", "deny")}
    name = next(iter(fields["name"]), "")
    if not name:
        raise Invalid("the document needs a name with a suffix, e.g. handbook.pdf", param="name")
    done = await doors.ingest.ingest(
        principal,
        data,
        name=name,
        collection=collection,
        label=next(iter(fields["label"]), None),
        allow=fields["allow"] or None,
        deny=fields["deny"] or None,
        request=request_id(request),
    )
    return json_response(_ingested(done), status=201 if done.status == "new" else 200)


@router.get("/{collection}/documents/{document}", response_model=None)
async def document(request: Request, collection: str, document: str) -> Response:
    """One document's facts."""
    doors = doors_of(request)
    principal = await doors.caller(request)
    return json_response(await doors.library.document(request_id(request), principal, collection, document))


@router.delete("/{collection}/documents/{document}", response_model=None)
async def delete_document(request: Request, collection: str, document: str) -> Response:
    """Delete a document, its passages and vectors."""
    doors = doors_of(request)
    principal = await doors.caller(request)
    await doors.ingest.remove_document(principal, document, collection=collection, request=request_id(request))
    return json_response({"id": document, "deleted": True})


async def _form(request: Request, limit: int) -> tuple[bytes, dict[str, list[str]]]:
    declared = request.headers.get("content-length", "")
    if not declared.isdigit():
        raise Invalid("a form needs a content-length", hint="or send the file itself as the body with ?name=")
    if int(declared) > limit + FORM_SLACK:
        await body.read(request, limit, "server.max_upload_bytes")
        raise TooLarge(f"the form is larger than {limit} bytes", hint="send less, or raise server.max_upload_bytes")
    try:
        async with request.form(max_files=1, max_fields=64, max_part_size=FORM_SLACK) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise Invalid("the form has no file", param="file", hint="send it as the field `file`")
            fields = {
                key: [value for value in form.getlist(key) if isinstance(value, str) and value]
                for key in ("name", "label", "allow", "deny")
            }
            fields["name"] = fields["name"] or [PurePath(file.filename or "").name]
            data = await file.read()
    except (MultiPartException, HTTPException):
        raise Invalid("the form cannot be read", param="file") from None
    if len(data) > limit:
        raise TooLarge(f"the file is larger than {limit} bytes", hint="send less, or raise server.max_upload_bytes")
    return data, fields


def _ingested(done: Ingested) -> dict[str, object]:
    return {
        "id": done.document_id,
        "object": "document",
        "status": done.status,
        "collection": done.collection,
        "version": done.version,
        "chunks": done.chunks,
        "redactions": dict(done.counts),
    }
