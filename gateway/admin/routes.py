"""`/admin/api/policy`, `/admin/api/keys`: JSON over the governing journeys."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.admin.body import read_json
from gateway.admin.doors import doors_of, request_id
from gateway.admin.shape import answer, time_of
from gateway.errors import BadPolicy, Invalid
from gateway.identity import KeyInfo
from gateway.model import Json, Principal

router = APIRouter(prefix="/admin/api", tags=["admin"])


@router.get("/policy", response_model=None)
async def policy(request: Request) -> Response:
    """The bundle in force and its files."""
    doors = doors_of(request)
    return answer(await doors.policies.active(request_id(request), await doors.caller(request)))


@router.get("/policy/history", response_model=None)
async def history(request: Request) -> Response:
    """Every version, newest first."""
    doors = doors_of(request)
    versions = await doors.policies.history(request_id(request), await doors.caller(request))
    return answer({"versions": [asdict(version) for version in versions]})


@router.post("/policy/check", response_model=None)
async def check(request: Request) -> Response:
    """Findings for `{"files": {name: text}}`; nothing is stored."""
    doors = doors_of(request)
    principal = await doors.caller(request)
    files = _files(await _body(request))
    findings = await doors.policies.check(request_id(request), principal, files)
    return answer({"ok": not any(f.severity == "error" for f in findings), "findings": [asdict(f) for f in findings]})


@router.post("/policy/activate", response_model=None)
async def activate(request: Request) -> Response:
    """Put `{"files": {name: text}, "note"}` in force. Returns when every live worker has acknowledged."""
    doors = doors_of(request)
    principal = await doors.caller(request)
    body = await _body(request)
    note = body.get("note", "")
    if not isinstance(note, str):
        raise Invalid("note must be a text", param="note")
    done = await doors.policies.activate(request_id(request), principal, _files(body), note)
    return answer(asdict(done))


@router.post("/policy/rollback", response_model=None)
async def rollback(request: Request) -> Response:
    """Put an earlier version back: `{"to": digest or number}`, or the one before the current."""
    doors = doors_of(request)
    principal = await doors.caller(request)
    to = (await _body(request)).get("to")
    return answer(
        asdict(await doors.policies.rollback(request_id(request), principal, None if to is None else str(to)))
    )


@router.post("/policy/explain", response_model=None)
async def explain(request: Request) -> Response:
    """Why `{"roles", "groups", "object", "action"}` is allowed or not, with every rule that matched."""
    doors = doors_of(request)
    principal = await doors.caller(request)
    body = await _body(request)
    asked = Principal(
        "explain", str(body.get("name", "")), _names(body, "roles"), _names(body, "groups"), principal.tenant
    )
    obj, action = body.get("object"), body.get("action")
    if not isinstance(obj, str) or not isinstance(action, str):
        raise Invalid("object and action must be texts", param="object")
    return answer(asdict(await doors.policies.explain(request_id(request), principal, asked, obj, action)))


@router.get("/keys", response_model=None)
async def keys(request: Request) -> Response:
    """Every key, without secrets."""
    doors = doors_of(request)
    found = await doors.credentials.all(request_id(request), await doors.caller(request))
    return answer({"keys": [_key(info) for info in found]})


@router.post("/keys", response_model=None)
async def create_key(request: Request) -> Response:
    """A new key for `{"name", "roles", "groups", "expires_at"}`; its secret is in this answer and nowhere else."""
    doors = doors_of(request)
    principal = await doors.caller(request)
    body = await _body(request)
    name = body.get("name")
    if not isinstance(name, str) or not name:
        raise Invalid("name must be a text", param="name")
    info, secret = await doors.credentials.create(
        request_id(request),
        principal,
        name,
        sorted(_names(body, "roles")),
        sorted(_names(body, "groups")),
        time_of(body, "expires_at"),
    )
    return answer({**_key(info), "secret": secret.reveal()}, status=201)


@router.delete("/keys/{key}", response_model=None)
async def revoke_key(request: Request, key: str) -> Response:
    """End a key, by id or name."""
    doors = doors_of(request)
    info = await doors.credentials.revoke(request_id(request), await doors.caller(request), key)
    return answer(_key(info))


async def _body(request: Request) -> Json:
    return await read_json(request, doors_of(request).max_body_bytes)


def _files(body: Json) -> dict[str, bytes]:
    files = body.get("files")
    if not isinstance(files, dict) or not all(isinstance(text, str) for text in files.values()):
        raise BadPolicy("files must be an object of file names and texts", param="files")
    return {str(name): text.encode() for name, text in files.items()}


def _names(body: Json, key: str) -> frozenset[str]:
    names = body.get(key, [])
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise Invalid(f"{key} must be a list of names", param=key)
    return frozenset(names)


def _key(info: KeyInfo) -> Json:
    return {**asdict(info), "roles": sorted(info.roles), "groups": sorted(info.groups)}
