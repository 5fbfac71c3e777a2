"""An upstream that costs next to nothing: it answers OpenAI's chat wire with fixed bytes.

    python -m gateway.cli.bench.upstream --port 0 --tokens 32 --gap-ms 0

Prints `listening on http://127.0.0.1:PORT/v1` when it is ready. A request whose body asks for a stream gets one of
`tokens` chunks, `gap` apart; any other gets one JSON answer. No parsing beyond finding where a request ends.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import signal
from dataclasses import dataclass
from typing import Final, cast

_LENGTH: Final = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)
_STREAM: Final = re.compile(rb'"stream"\s*:\s*true')
_CHUNKED: Final = re.compile(rb"transfer-encoding:\s*chunked", re.IGNORECASE)
WORD: Final = "token "


@dataclass(frozen=True, slots=True)
class Script:
    """The bytes of both kinds of answer, made once."""

    whole: bytes
    head: bytes
    chunks: tuple[bytes, ...]
    """One a token, the role in the first."""
    tail: bytes
    """finish_reason, usage, [DONE] and the end of the body."""
    gap_s: float

    @classmethod
    def build(cls, tokens: int, gap_s: float) -> Script:
        """Answers of `tokens` words."""
        base = {"id": "chatcmpl-bench", "created": 1, "model": "bench"}
        usage = {"prompt_tokens": 10, "completion_tokens": tokens, "total_tokens": tokens + 10}
        message = {"role": "assistant", "content": WORD * tokens}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        body = dump({**base, "object": "chat.completion", "choices": [choice], "usage": usage})

        def event(delta: dict[str, str] | None, finish: str | None = None, **more: object) -> bytes:
            choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
            return b"data: " + dump({**base, "object": "chat.completion.chunk", "choices": choices, **more}) + b"\n\n"

        first = event({"role": "assistant", "content": ""})
        chunks = [framed((first if n == 0 else b"") + event({"content": WORD})) for n in range(tokens)]
        tail = event({}, "stop") + event(None, usage=usage) + b"data: [DONE]\n\n"
        return cls(
            whole=b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body,
            head=b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
            chunks=tuple(chunks),
            tail=framed(tail) + b"0\r\n\r\n",
            gap_s=gap_s,
        )


class Upstream(asyncio.Protocol):
    """One connection; answers its requests in order."""

    def __init__(self, script: Script, connections: set[Upstream]) -> None:
        self._script = script
        self._connections = connections
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop has classes of its own
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Called by the loop."""
        self._transport = None
        self._connections.discard(self)
        if self._timer is not None:
            self._timer.cancel()

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        self._buffer += data
        self._advance()

    def _advance(self) -> None:
        while self._timer is None and self._transport is not None:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self._buffer[:end])
            if _CHUNKED.search(head):
                self._transport.write(b"HTTP/1.1 411 Length Required\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                self._transport.close()
                return
            length = _LENGTH.search(head)
            size = end + 4 + (int(length[1]) if length else 0)
            if len(self._buffer) < size:
                return
            body = bytes(self._buffer[end + 4 : size])
            del self._buffer[:size]
            if _STREAM.search(body):
                self._transport.write(self._script.head)
                self._token(0)
            else:
                self._transport.write(self._script.whole)

    def _token(self, number: int) -> None:
        self._timer = None
        script, transport = self._script, self._transport
        if transport is None:
            return
        if script.gap_s <= 0:
            for chunk in script.chunks:
                transport.write(chunk)
            transport.write(script.tail)
            return
        transport.write(script.chunks[number] if number < len(script.chunks) else script.tail)
        if number < len(script.chunks):
            loop = asyncio.get_running_loop()
            wait = script.gap_s if number + 1 < len(script.chunks) else 0
            self._timer = loop.call_later(wait, self._token, number + 1)
        else:
            self._advance()


class Running:
    """A server in this process; `url` is its base URL."""

    def __init__(self, server: asyncio.Server, connections: set[Upstream]) -> None:
        self._server = server
        self._connections = connections
        host, port = server.sockets[0].getsockname()[:2]
        self.url = f"http://{host}:{port}/v1"

    async def close(self) -> None:
        """Stop listening and hang up on everybody."""
        self._server.close()
        for connection in list(self._connections):
            connection.close()
        await asyncio.sleep(0)
        await self._server.wait_closed()


async def serve(*, host: str = "127.0.0.1", port: int = 0, tokens: int = 32, gap_s: float = 0.0) -> Running:
    """Listen; port 0 takes a free one."""
    script = Script.build(tokens, gap_s)
    connections: set[Upstream] = set()
    loop = asyncio.get_running_loop()
    return Running(await loop.create_server(lambda: Upstream(script, connections), host, port), connections)


def framed(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def dump(value: object) -> bytes:
    """Compact JSON."""
    return json.dumps(value, separators=(",", ":")).encode()


async def _main(arguments: argparse.Namespace) -> None:
    gap_s = arguments.gap_ms / 1000
    running = await serve(host=arguments.host, port=arguments.port, tokens=arguments.tokens, gap_s=gap_s)
    print(f"listening on {running.url}", flush=True)
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await stop.wait()
    await running.close()


def main() -> None:
    """Run until interrupted."""
    parser = argparse.ArgumentParser(description="A fixed, fast upstream for benchmarks.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tokens", type=int, default=32, help="words of an answer")
    parser.add_argument("--gap-ms", type=float, default=0.0, help="between the chunks of a stream")
    arguments = parser.parse_args()
    try:
        import uvloop  # noqa: PLC0415 - optional, and slow to import
    except ImportError:
        asyncio.run(_main(arguments))
    else:
        uvloop.run(_main(arguments))


if __name__ == "__main__":
    main()
