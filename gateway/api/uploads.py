"""Files in requests: one as the body, or several in a form, held in memory and never written to disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Final

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from gateway.api import body
from gateway.api.doors import Limits
from gateway.errors import Invalid, TooLarge

FORM_SLACK: Final = 65_536
"""Bytes of a form beside its files."""
FIELDS: Final = ("name", "label", "allow", "deny", "expires")


@dataclass(frozen=True, slots=True)
class Upload:
    """What was sent: files with the names they are to have, and fields that count for all of them."""

    files: Sequence[tuple[str, bytes]] = field(repr=False)
    fields: Mapping[str, Sequence[str]] = field(repr=False)

    def one(self, name: str) -> str | None:
        """The first value of a field; None without one."""
        return next(iter(self.fields[name]), None)

    def all(self, name: str) -> tuple[str, ...] | None:
        """Every value of a field; None without any."""
        return tuple(self.fields[name]) or None


async def read_upload(request: Request, limits: Limits) -> Upload:
    """The files of a request, each with a name. Raises Invalid, TooLarge."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        found = await _form(request, limits)
    else:
        query = request.query_params
        data = await body.read(request, limits.max_upload_bytes, "server.max_upload_bytes")
        fields = {key: query.getlist(key) for key in FIELDS}
        found = Upload([(next(iter(fields["name"]), ""), data)], fields)
    if not all(name for name, _ in found.files):
        raise Invalid("the document needs a name with a suffix, e.g. handbook.pdf", param="name")
    return found


async def _form(request: Request, limits: Limits) -> Upload:
    declared = request.headers.get("content-length", "")
    if not declared.isdigit():
        raise Invalid("a form needs a content-length", hint="or send the file itself as the body with ?name=")
    most = max(limits.max_upload_bytes, limits.max_batch_bytes)
    slack = FORM_SLACK + 1024 * limits.max_batch_files
    if int(declared) > most + slack:
        await body.read(request, most, "ingest.max_batch_bytes")
        raise TooLarge(f"the form is larger than {most} bytes", hint="send less, or raise ingest.max_batch_bytes")
    parser = MultiPartParser(
        request.headers,
        request.stream(),
        max_files=limits.max_batch_files,
        max_fields=64,
        max_part_size=FORM_SLACK,
    )
    # Larger files would otherwise go to a temporary file, in clear.
    parser.spool_max_size = int(declared) + 1
    try:
        form = await parser.parse()
    except (MultiPartException, HTTPException, ClientDisconnect):
        raise Invalid("the form cannot be read", param="file") from None
    try:
        return await _taken(form, limits)
    finally:
        await form.close()


async def _taken(form: FormData, limits: Limits) -> Upload:
    files = [one for one in form.getlist("file") if isinstance(one, UploadFile)]
    if not files:
        raise Invalid("the form has no file", param="file", hint="send it as the field `file`")
    fields = {key: [value for value in form.getlist(key) if isinstance(value, str) and value] for key in FIELDS}
    if fields["name"] and len(fields["name"]) != len(files):
        raise Invalid("a form has as many names as files, or none", param="name")
    named = fields["name"] or [PurePath(file.filename or "").name for file in files]
    if len(set(named)) != len(named):
        raise Invalid("two files of the form have the same name", param="name", hint="give each a `name`")
    held = []
    for name, file in zip(named, files, strict=True):
        data = await file.read()
        if len(data) > limits.max_upload_bytes:
            raise TooLarge(
                f"a file is larger than {limits.max_upload_bytes} bytes",
                hint="send less, or raise server.max_upload_bytes",
            )
        held.append((name, data))
    if len(held) > 1 and sum(len(data) for _, data in held) > limits.max_batch_bytes:
        raise TooLarge(
            f"the files have more than {limits.max_batch_bytes} bytes together",
            hint="send them in several requests, or raise ingest.max_batch_bytes",
        )
    return Upload(held, fields)
