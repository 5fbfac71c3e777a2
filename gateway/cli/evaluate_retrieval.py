"""`gateway eval retrieval`: how well documents are found."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.app.house import quiet
from gateway.app.methods import open_methods
from gateway.cli import show
from gateway.cli.evaluate import grid
from gateway.cli.failing import FAILED
from gateway.cli.root import AsJson, Config, configured, run
from gateway.errors import Invalid
from gateway.evaluate import retrieval as measuring
from gateway.evaluate.retrieval_data import read_set
from gateway.evaluate.retrieval_index import BOTH, Means
from gateway.evaluate.retrieval_metrics import METRICS
from gateway.retrieval import Embedder, Ranking
from gateway.settings import Retrieval, Settings

PATIENCE_S: Final = 600.0
"""For one question's reranking; nobody waits for an answer here."""


@run
async def retrieval(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="Holds corpus.jsonl, queries.jsonl and qrels/test.tsv, as BEIR's sets."),
    ],
    config: Config = None,
    ablate: Annotated[bool, typer.Option("--ablate", help="Also each arm alone: vectors, words.")] = False,
    built_in: Annotated[
        bool, typer.Option("--built-in", help="The built-in embedder and words, whatever is configured.")
    ] = False,
    precision: Annotated[
        str | None, typer.Option(help="The built-in embedder in int8 or fp32, whatever is configured.")
    ] = None,
    chunk_tokens: Annotated[
        int | None, typer.Option(min=32, max=512, help="Tokens in a passage. Default: as configured.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many questions.")] = None,
    min_ndcg: Annotated[float | None, typer.Option(min=0, max=1, help="Fail when nDCG@10 is lower.")] = None,
    as_json: AsJson = False,
) -> None:
    """Index a set of documents apart, ask its questions, and say how well the answers are ranked. Shows no text.

    With a configuration: by the embedder, the term weights and the reranker it chooses. A server among them is sent
    the set's texts.
    """
    quiet()
    judged = read_set(folder, limit)
    found = configured(config)
    settings = Retrieval() if found is None else found.settings.retrieval
    tokens = chunk_tokens or settings.chunk_tokens
    overlap = settings.chunk_overlap
    if overlap >= tokens:
        raise Invalid("passages would share more than they hold", hint="give a larger --chunk-tokens")
    async with contextlib.AsyncExitStack() as stack:
        if found is None or built_in or precision is not None:
            means = await _built_in(None if found is None else found.settings.data_dir, precision or "int8", stack)
        else:
            means = await _configured(found.settings, stack)
        with show.progress() as bar:
            step = bar.add_task("indexing and asking", total=len(judged.documents) + len(judged.questions))
            report = await measuring.measure(
                judged,
                means,
                chunk_tokens=tokens,
                chunk_overlap=overlap,
                ablate=ablate,
                advance=lambda done: bar.advance(step, done),
            )
    data = report.data()
    low = min_ndcg is not None and report.figure("ndcg@10", BOTH).mean < min_ndcg
    if as_json:
        show.json({"set": str(folder), **data, "chunk_tokens": tokens, "failed": low})
    else:
        _tell(report)
    if low:
        show.say(f"failed: nDCG@10 is {report.figure('ndcg@10').mean:.4f}, and {min_ndcg} is asked for")
        raise typer.Exit(FAILED)


def _tell(report: measuring.Report) -> None:
    data = report.data()
    show.text(
        f"{report.documents:,} documents in {report.passages:,} passages, {report.questions:,} questions, "
        f"{report.embedder}, indexed in {report.index_s:,.0f} s"
    )
    show.text("")
    rows = []
    for arm in report.values:
        figures = [report.figure(metric, arm) for metric in METRICS]
        rows.append((arm, *(f"{figure.mean:.4f} ({figure.low:.3f} to {figure.high:.3f})" for figure in figures)))
    grid(("ranked by", *METRICS), rows)
    show.text("")
    show.text(f"{data['ms_per_query_p50']:.1f} ms a question (median), {data['ms_per_query']:.1f} on average")


async def _built_in(data_dir: Path | None, precision: str, stack: contextlib.AsyncExitStack) -> Means:
    cache = stack.enter_context(models(data_dir))
    embedder = Embedder(cache, threads=os.cpu_count() or 1, precision=precision)
    stack.callback(embedder.close)
    await embedder.start()
    return Means(embedder)


async def _configured(settings: Settings, stack: contextlib.AsyncExitStack) -> Means:
    """What the gateway itself would search with. Raises BadSettings, Broken, or Unavailable for a server."""
    methods = open_methods(settings, stack)
    await methods.start()
    if methods.embedder.dimension is None:
        # A server that did not answer: `start` lets a gateway begin without it, a measurement cannot.
        await methods.embedder.start()
    reranker = settings.retrieval.reranker
    ranking = Ranking(methods.reranker, reranker.top_n, PATIENCE_S) if methods.reranker else None
    return Means(methods.embedder, methods.terms, ranking)


@contextlib.contextmanager
def models(data_dir: Path | None) -> Iterator[Path]:
    """Where the embedder's file is, or is built for this run only when nothing is configured."""
    if data_dir is not None:
        yield data_dir / "cache"
        return
    with tempfile.TemporaryDirectory(prefix="gateway-model-", ignore_cleanup_errors=True) as place:
        yield Path(place)
