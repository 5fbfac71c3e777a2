"""`gateway eval retrieval`: how well documents are found."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from gateway.app.house import quiet
from gateway.cli import show
from gateway.cli.evaluate import grid
from gateway.cli.root import FAILED, AsJson, Config, configured, run
from gateway.errors import Invalid
from gateway.evaluate import retrieval as measuring
from gateway.evaluate.retrieval_data import read_set
from gateway.evaluate.retrieval_index import BOTH
from gateway.evaluate.retrieval_metrics import METRICS
from gateway.retrieval import Embedder
from gateway.settings import Retrieval


@run
async def retrieval(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="Holds corpus.jsonl, queries.jsonl and qrels/test.tsv, as BEIR's sets."),
    ],
    config: Config = None,
    ablate: Annotated[bool, typer.Option("--ablate", help="Also each arm alone: vectors, words.")] = False,
    precision: Annotated[str, typer.Option(help="Of the built-in embedder: int8 or fp32.")] = "int8",
    chunk_tokens: Annotated[
        int | None, typer.Option(min=32, max=512, help="Tokens in a passage. Default: as configured.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many questions.")] = None,
    min_ndcg: Annotated[float | None, typer.Option(min=0, max=1, help="Fail when nDCG@10 is lower.")] = None,
    as_json: AsJson = False,
) -> None:
    """Index a set of documents apart, ask its questions, and say how well the answers are ranked. Shows no text."""
    quiet()
    judged = read_set(folder, limit)
    found = configured(config)
    settings = Retrieval() if found is None else found.settings.retrieval
    tokens = chunk_tokens or settings.chunk_tokens
    overlap = settings.chunk_overlap
    if overlap >= tokens:
        raise Invalid("passages would share more than they hold", hint="give a larger --chunk-tokens")
    with models(None if found is None else found.settings.data_dir) as cache:
        embedder = Embedder(cache, threads=os.cpu_count() or 1, precision=precision)
        try:
            await embedder.start()
            with show.progress() as bar:
                step = bar.add_task("indexing and asking", total=len(judged.documents) + len(judged.questions))
                report = await measuring.measure(
                    judged,
                    embedder,
                    chunk_tokens=tokens,
                    chunk_overlap=overlap,
                    ablate=ablate,
                    advance=lambda done: bar.advance(step, done),
                )
        finally:
            embedder.close()
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


@contextlib.contextmanager
def models(data_dir: Path | None) -> Iterator[Path]:
    """Where the embedder's file is, or is built for this run only when nothing is configured."""
    if data_dir is not None:
        yield data_dir / "cache"
        return
    with tempfile.TemporaryDirectory(prefix="gateway-model-", ignore_cleanup_errors=True) as place:
        yield Path(place)
