"""What single rooms cost, measured inside this process."""

from __future__ import annotations

import statistics
import time

from gateway.app.house import House
from gateway.app.sample import load_documents, read_sample
from gateway.cli.bench import audit
from gateway.cli.bench.load import percentile
from gateway.cli.root import OPERATOR, request_id
from gateway.model import Json, Principal

PROMPT = (
    "Please write to Ms Jane Roe (jane.roe@example.com, +49 30 901820) that the invoice of 12 March was paid to "
    "GB29 NWBK 6016 1331 9268 19 and that we expect the delivery of the second lot next week. Thanks!"
)
CLEAN = (
    "The second lot of sensors leaves the factory next week. The calibration bench was moved to the north hall, where "
    "the temperature is steadier, and the drift of the reference cell has since stayed within its limits. "
)
READER = Principal("bench", "bench", frozenset({"employee", "hr", "finance", "engineering", "legal"}))


async def measure(house: House, seconds: float) -> Json:
    """Ingest, search, redaction and audit, one after the other."""
    return {
        "ingest": await _ingest(house),
        "search": await _search(house, seconds),
        "redact": {
            "prompt_200": await _redact(house, PROMPT, seconds),
            "dense_10kb": await _redact(house, (PROMPT + "\n") * (10_240 // len(PROMPT)), seconds),
            "clean_10kb": await _redact(house, CLEAN * (10_240 // len(CLEAN)), seconds),
        },
        "audit": {
            "durable_commit": await audit.commit(house.store, seconds),
            "appends": [await audit.measure(house.audit, writers, seconds) for writers in (1, 32, 128)],
        },
    }


async def _ingest(house: House) -> Json:
    sample = read_sample()
    await house.embedder.start()
    began = time.perf_counter()
    documents = chunks = 0
    async for _ in load_documents(house, sample, request_id(), OPERATOR):
        documents += 1
    took = time.perf_counter() - began
    chunks = await house.store.fetchval("SELECT count(*) FROM chunks")
    return {"documents": documents, "chunks": chunks, "seconds": took, "documents_per_second": documents / took}


async def _search(house: House, seconds: float) -> Json:
    sample = read_sample()
    times: list[float] = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until or len(times) < len(sample.questions):
        question = sample.questions[len(times) % len(sample.questions)]
        began = time.perf_counter()
        await house.texts.search(request_id(), READER, question.ask, question.collections, 6)
        times.append(time.perf_counter() - began)
    return {"searches": len(times), "p50_ms": percentile(times, 50), "p99_ms": percentile(times, 99)}


async def _redact(house: House, text: str, seconds: float) -> Json:
    """Whole calls of the room: thread, scan and tokens. Each text differs, so that nothing comes from the cache."""
    privacy = house.current.bundle.privacy
    times: list[float] = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        fresh = f"{len(times)} {text}"
        began = time.perf_counter()
        await house.redactor.redact([fresh], privacy, "default")
        times.append(time.perf_counter() - began)
    median = statistics.median(times) * 1000
    return {"characters": len(text), "p50_ms": median, "ms_per_kb": median / (len(text.encode()) / 1024)}
