"""A witness across HTTP (C2SP tlog-witness): it checks the proof itself and answers with its cosignature."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING

from gateway.audit.tlog.check import Checkpoint, NotProven, VerifierKey, parse_note, signers
from gateway.audit.witness import Paths, Refused, Witnessed, proof

if TYPE_CHECKING:
    import aiohttp

MAX_BYTES = 64 << 10
_SIZE = "text/x.tlog.size"


class HttpWitness:
    """`url` is the submission prefix; `key` checks its cosignatures."""

    answers = False

    def __init__(self, url: str, key: VerifierKey, *, timeout_s: float = 10.0) -> None:
        self.name = key.name
        self._url = url.rstrip("/") + "/add-checkpoint"
        self.key = key
        self._timeout_s = timeout_s
        self._old = 0

    async def see(self, checkpoint: Checkpoint, note: bytes, paths: Paths) -> Witnessed:
        """Submit it. Raises Refused, TimeoutError, or what the network raises."""
        import aiohttp  # noqa: PLC0415

        async with (
            asyncio.timeout(self._timeout_s),
            aiohttp.ClientSession(auto_decompress=False) as session,
        ):
            status, body, kind = await self._post(session, checkpoint, note, paths)
            if status == 409 and kind == _SIZE:
                # It has seen another size than this process remembers; it says which.
                text = body.decode("ascii", "replace").strip()
                if not text.isdigit() or len(text) > 19 or int(text) > checkpoint.size:
                    raise Refused("the witness has seen a larger tree than there is")
                self._old = int(text)
                status, body, kind = await self._post(session, checkpoint, note, paths)
        if status != 200:
            raise Refused(f"the witness answered {status}")
        line = self._cosignature(note, body)
        self._old = checkpoint.size
        return Witnessed(line)

    async def last(self, origin: str) -> bytes | None:  # noqa: ARG002
        """Unknown: the protocol has no such question."""
        return None

    async def _post(
        self, session: aiohttp.ClientSession, checkpoint: Checkpoint, note: bytes, paths: Paths
    ) -> tuple[int, bytes, str]:
        hashes = await proof(self._old, checkpoint.size, paths)
        lines = [f"old {self._old}", *(base64.b64encode(one).decode() for one in hashes), "", ""]
        data = "\n".join(lines).encode() + note
        async with session.post(self._url, data=data, allow_redirects=False) as answer:
            body = await answer.content.read(MAX_BYTES)
            return answer.status, body, answer.content_type

    def _cosignature(self, note: bytes, body: bytes) -> str:
        """The witness's own line among those it answered with."""
        try:
            found = [
                line
                for line in body.decode().splitlines(keepends=True)
                if self.key in signers(parse_note(note + line.encode()), [self.key])
            ]
        except (NotProven, UnicodeDecodeError):
            raise Refused("the witness answered with something that is no cosignature") from None
        if not found:
            raise Refused("the witness did not cosign with its key")
        return found[0]
