"""An S3-compatible bucket: the ETag of an object tells whether it must be read again. Keeper of obstore."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any, Final

from gateway.crypto import Secret
from gateway.errors import TooLarge, Unavailable
from gateway.ingest.sources.nouns import Fetched, Gone, Item

PAGE: Final = 1000
TIMEOUT_S: Final = 60


class Bucket:
    """The objects of a bucket below a prefix."""

    def __init__(
        self,
        bucket: str,
        *,
        prefix: str = "",
        endpoint: str = "",
        region: str = "us-east-1",
        access_key_id: str = "",
        secret_access_key: Secret | None = None,
        retries: int = 3,
    ) -> None:
        self._bucket = bucket
        self._prefix = prefix.strip("/")
        self._endpoint = endpoint
        self._region = region
        self._key = access_key_id
        self._secret = secret_access_key
        self._retries = retries
        self._store: Any = None

    async def items(self, _known: Mapping[str, str]) -> AsyncIterator[Item]:
        """Every object; keys are relative to the prefix."""
        store = self._opened()
        try:
            async for page in store.list(self._prefix or None, chunk_size=PAGE):
                for one in page:
                    key = self._relative(one["path"])
                    if key and not key.endswith("/"):
                        yield Item(key, one["e_tag"] or f"{one['last_modified']}:{one['size']}", one["size"])
        except Exception as fault:  # noqa: BLE001 - its classes are imported late, with it
            raise _failed(fault) from None

    async def fetch(self, item: Item, mark: str, limit: int) -> Fetched | None:
        """The object as it is now."""
        path = f"{self._prefix}/{item.key}" if self._prefix else item.key
        try:
            found = await self._opened().get_async(path)
            size, tag = found.meta["size"], found.meta["e_tag"]
            tag = tag or f"{found.meta['last_modified']}:{size}"
            data = bytes(await found.bytes_async()) if size <= limit and tag != mark else b""
        except Exception as fault:  # noqa: BLE001 - as above
            if _is_missing(fault):
                raise Gone from None
            raise _failed(fault) from None
        if size > limit:
            raise TooLarge(f"the object has more than {limit} bytes", hint="split it, or raise the limit")
        return None if tag == mark else Fetched(data, tag)

    async def close(self) -> None:
        """Connections end with the store."""
        self._store = None

    def _opened(self) -> Any:
        if self._store is None:
            from obstore.store import S3Store  # noqa: PLC0415

            named: dict[str, Any] = {"endpoint": self._endpoint} if self._endpoint else {}
            if self._secret is not None:
                named |= {"access_key_id": self._key, "secret_access_key": self._secret.reveal()}
            else:
                # Otherwise credentials would be looked for at the cloud's metadata address.
                named["skip_signature"] = True
            self._store = S3Store(
                self._bucket,
                region=self._region,
                virtual_hosted_style_request=False,
                client_options={
                    "timeout": timedelta(seconds=TIMEOUT_S),
                    "connect_timeout": timedelta(seconds=10),
                    "allow_http": self._endpoint.startswith("http://"),
                },
                retry_config={"max_retries": self._retries, "retry_timeout": timedelta(seconds=TIMEOUT_S)},
                **named,
            )
        return self._store

    def _relative(self, path: str) -> str:
        return path[len(self._prefix) + 1 :] if self._prefix else path


def _is_missing(fault: Exception) -> bool:
    return isinstance(fault, FileNotFoundError) or type(fault).__name__ == "NotFoundError"


def _failed(fault: Exception) -> Unavailable:
    """Nothing of its words is told: they hold addresses and what the server said."""
    refused = type(fault).__name__ in ("PermissionDeniedError", "UnauthenticatedError")
    # Of a listing, the status stands in the words alone.
    if refused or re.search(r"\b(401 Unauthorized|403 Forbidden)\b", str(fault)):
        return Unavailable("the bucket refuses the source's credentials", hint="check its key and the bucket's policy")
    if _is_missing(fault):
        return Unavailable("the bucket is not there", hint="check bucket and endpoint of the source")
    return Unavailable("the bucket cannot be read", hint="check endpoint and network of the source")
