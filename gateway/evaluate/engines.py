"""The two detectors that are measured, each behind a process of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final

import orjson

from gateway.errors import Broken, RedactionUnavailable
from gateway.model import Json, Span

_TRACEBACK: Final = "GATEWAY_TRACEBACK"
_ALONE: Final = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "ORT_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
}


class Engine:
    """A detector that is asked through pipes. Use it as a context manager; what it has cost stands in its fields."""

    def __init__(self, kind: str, *, policy: Path | None = None, entities: Sequence[str] = ()) -> None:
        """`kind` is `gateway` (by `policy`, or looking for `entities`) or `stock`."""
        self._asked: Json = {
            "engine": kind,
            "policy": None if policy is None else str(policy.resolve()),
            "entities": list(entities),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self.name = kind
        self.cpu_s = self.wall_s = self.peak_mb = 0.0
        self.bytes = 0

    def __enter__(self) -> Engine:
        """Start it and wait until it is warm (seconds). Raises what the detector says it cannot do."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gateway.evaluate.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get(_TRACEBACK) else subprocess.DEVNULL,
            env={**os.environ, **_ALONE},
        )
        try:
            self.name = str(self._ask(self._asked)["name"])
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            _close(process.stdin)
            try:
                process.wait(1 if kind else 10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            _close(process.stdout)

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        """What it finds in each text. Raises RedactionUnavailable."""
        answer = self._ask(list(texts))
        self.cpu_s += answer["cpu_s"]
        self.wall_s += answer["wall_s"]
        self.peak_mb = max(self.peak_mb, answer["peak_mb"])
        self.bytes += sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
        return [[Span(*span) for span in spans] for spans in answer["spans"]]

    def restart_clock(self) -> None:
        """Count costs from here on; the most memory held stays what it was."""
        self.cpu_s = self.wall_s = 0.0
        self.bytes = 0

    @property
    def cost(self) -> Json:
        """Processor time and time by the clock per KB of text, and the most memory the process has held."""
        kib = self.bytes / 1024
        return {
            "kb": round(kib, 1),
            "cpu_ms_per_kb": round(self.cpu_s * 1000 / kib, 3) if kib else None,
            "wall_ms_per_kb": round(self.wall_s * 1000 / kib, 3) if kib else None,
            "peak_mb": round(self.peak_mb),
        }

    def _ask(self, what: Any) -> Json:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise Broken("the detector to be measured is not running")
        try:
            process.stdin.write(orjson.dumps(what) + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise _ended() from None
        line = process.stdout.readline()
        if not line:
            raise _ended()
        answer: Json = orjson.loads(line)
        if "error" in answer:
            raise RedactionUnavailable(str(answer["error"]), hint=str(answer.get("hint", "")))
        return answer


def _ended() -> RedactionUnavailable:
    hint = f"run the command again with {_TRACEBACK}=1 to see why; what is shown may quote content"
    return RedactionUnavailable("the detector to be measured has ended", hint=hint)


def _close(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        with contextlib.suppress(BrokenPipeError):
            pipe.close()
