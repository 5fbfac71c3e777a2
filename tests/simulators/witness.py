"""A witness as C2SP tlog-witness describes it, over HTTP: it trusts one log, checks proofs, and cosigns."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from aiohttp import web

from gateway.audit.tlog.check import Checkpoint, VerifierKey, is_consistent, open_checkpoint
from gateway.audit.tlog.notes import cosign, witness_key
from gateway.crypto.sign import Signer


@dataclass
class WitnessServer:
    """`add-checkpoint` under /w. `break_next` makes the next answer wrong in a named way."""

    log: VerifierKey
    name: str = "witness.example/w1"
    signer: Signer = field(default_factory=Signer.generate)
    held: Checkpoint | None = None
    seen: list[int] = field(default_factory=list)
    break_next: str = ""

    @property
    def key(self) -> VerifierKey:
        return witness_key(self.name, self.signer.public)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/w/add-checkpoint", self._add)
        return app

    async def _add(self, request: web.Request) -> web.Response:
        broken, self.break_next = self.break_next, ""
        if broken == "down":
            return web.Response(status=503)
        if broken == "garbage":
            return web.Response(body=b"\xff\xfe nothing")
        above, _, note = (await request.read()).partition(b"\n\n")
        lines = above.decode().split("\n")
        old = int(lines[0].removeprefix("old "))
        proof = [base64.b64decode(line) for line in lines[1:]]
        checkpoint, _ = open_checkpoint(note, self.log)
        size = self.held.size if self.held else 0
        if old != size:
            return web.Response(status=409, text=f"{size}\n", content_type="text/x.tlog.size")
        if self.held and not is_consistent(old, checkpoint.size, self.held.root, checkpoint.root, proof):
            return web.Response(status=422)
        self.held = checkpoint
        self.seen.append(checkpoint.size)
        signer = Signer.generate() if broken == "forged" else self.signer
        return web.Response(text=cosign(checkpoint, self.name, signer, 1_700_000_000))
