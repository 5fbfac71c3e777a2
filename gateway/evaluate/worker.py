"""One detector in a process of its own, so that its memory and its processor time are its own.

    python -m gateway.evaluate.worker

reads JSON lines: first `{"engine": "gateway"|"stock", "policy": path or null, "entities": [...]}`, then lists of texts.
For the first it writes `{"name"}`, for each list `{"spans", "cpu_s", "wall_s", "peak_mb"}`; for a failure `{"error"}`,
with a sentence and a hint that hold no content.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import orjson

from gateway import __version__
from gateway.crypto.keyring import KeyRing
from gateway.errors import GatewayError
from gateway.evaluate.policy import policy_at
from gateway.model import Json, PrivacyPolicy, Span
from gateway.redaction import Redactor
from gateway.redaction.stock import Stock

_PATIENCE_S: Final = 120.0
"""A machine that is busy with something else is slow to load; what is measured has no limit."""
Find = Callable[[str], list[Span]]
_WARM_UP: Final = (
    "Dear Ms Jane Roe of Roe Ltd, 12 High Street, Leeds: jane@example.org, https://example.org, +44 20 7946 0000, born "
    "1 May 1970; passport, licence, account, tax number AB123456C, 123-45-6789012345678, GB00 0000, 10.0.0.1.\n"
)
"""Passes most gates once, so that patterns are compiled before the clock runs."""


def main() -> None:
    """Serve standard input until it ends."""
    find: Find | None = None
    for line in sys.stdin.buffer:
        try:
            asked = orjson.loads(line)
            if find is None:
                name, find = _open(asked)
                find(_WARM_UP)
                _say({"name": name})
            else:
                _say(_work(find, asked))
        except GatewayError as error:
            _say({"error": error.message, "hint": error.hint})
        except Exception as fault:  # noqa: BLE001  its words may quote what was being read
            _say({"error": f"the detector failed ({type(fault).__name__})", "hint": ""})


def _open(asked: Json) -> tuple[str, Find]:
    if asked["engine"] == "stock":
        stock = Stock.open()
        return stock.name, stock.find
    policy = policy_at(Path(asked["policy"])) if asked["policy"] else PrivacyPolicy(entities=tuple(asked["entities"]))
    with tempfile.TemporaryDirectory() as folder:
        redactor = Redactor(KeyRing.create(Path(folder) / "keyring.json"), timeout_s=_PATIENCE_S)
    asyncio.run(redactor.start())
    redactor.close()
    return f"gateway {__version__}", lambda text: redactor.spans_in(text, policy)


def _work(find: Find, texts: list[str]) -> Json:
    wall, cpu = time.perf_counter(), time.process_time()
    found = [find(text) for text in texts]
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {
        "spans": [[(span.start, span.end, span.type, span.score) for span in spans] for spans in found],
        "cpu_s": cpu,
        "wall_s": wall,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _say(answer: Json) -> None:
    sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
