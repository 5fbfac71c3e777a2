"""A server that speaks as much of S3 as reading a bucket takes: ListObjectsV2 in pages, GetObject, ETags, faults."""

from __future__ import annotations

import base64
import hashlib
from email.utils import formatdate
from types import TracebackType
from typing import Self
from urllib.parse import quote
from xml.sax.saxutils import escape

from aiohttp import web


class S3Simulator:
    """One bucket at `url`. Objects are in `objects`; `fail` answers so many requests with `status` first."""

    def __init__(self, *, bucket: str = "papers", page: int = 3, key_id: str = "AKSIM") -> None:
        self.bucket = bucket
        self.objects: dict[str, bytes] = {}
        self.fail = 0
        self.status = 503
        self.listings = 0
        self.gets: list[str] = []
        self.unsigned = 0
        self._page = page
        self._key_id = key_id
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def _serve(self, request: web.Request) -> web.Response:
        if self.fail:
            self.fail -= 1
            return web.Response(status=self.status, text="<Error><Code>SlowDown</Code></Error>")
        signed = request.headers.get("authorization", "")
        if not signed.startswith(f"AWS4-HMAC-SHA256 Credential={self._key_id}/") or "Signature=" not in signed:
            self.unsigned += 1
            return web.Response(status=403, text="<Error><Code>AccessDenied</Code></Error>")
        bucket, _, key = request.path.lstrip("/").partition("/")
        if bucket != self.bucket:
            return web.Response(status=404, text="<Error><Code>NoSuchBucket</Code></Error>")
        return self._object(key) if key else self._list(request)

    def _list(self, request: web.Request) -> web.Response:
        if request.query.get("list-type") != "2":
            return web.Response(status=400)
        self.listings += 1
        prefix = request.query.get("prefix", "")
        start = base64.b64decode(request.query.get("continuation-token", "")).decode()
        keys = sorted(key for key in self.objects if key.startswith(prefix) and key > start)
        page, more = keys[: self._page], len(keys) > self._page
        token = base64.b64encode(page[-1].encode()).decode() if more else ""
        rows = "".join(
            f"<Contents><Key>{escape(quote(key) if request.query.get('encoding-type') == 'url' else key)}</Key>"
            f"<LastModified>2026-05-01T10:00:00.000Z</LastModified><ETag>&quot;{_etag(self.objects[key])}&quot;</ETag>"
            f"<Size>{len(self.objects[key])}</Size><StorageClass>STANDARD</StorageClass></Contents>"
            for key in page
        )
        following = f"<NextContinuationToken>{token}</NextContinuationToken>" if more else ""
        text = (
            '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Name>{self.bucket}</Name><Prefix>{escape(prefix)}</Prefix><KeyCount>{len(page)}</KeyCount>"
            f"<MaxKeys>{self._page}</MaxKeys><IsTruncated>{str(more).lower()}</IsTruncated>{following}{rows}"
            "</ListBucketResult>"
        )
        return web.Response(text=text, content_type="application/xml")

    def _object(self, key: str) -> web.Response:
        data = self.objects.get(key)
        if data is None:
            return web.Response(status=404, text="<Error><Code>NoSuchKey</Code></Error>")
        self.gets.append(key)
        headers = {"etag": f'"{_etag(data)}"', "last-modified": formatdate(1777629600, usegmt=True)}
        return web.Response(body=data, headers=headers)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()


def _etag(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
