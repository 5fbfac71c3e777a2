"""`gateway eval grounding`: how well unsupported answers are told from supported ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.app.house import quiet
from gateway.cli import show
from gateway.cli.evaluate_retrieval import models
from gateway.cli.root import AsJson, Config, configured, run
from gateway.evaluate import grounding as measuring
from gateway.retrieval import Embedder


@run
async def grounding(
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help="Rows of context, question, answer, and label 1 or 0; JSONL."),
    ],
    config: Config = None,
    vectors: Annotated[bool, typer.Option(help="Also compare meanings; else words and facts alone.")] = True,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many rows.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check answers against their contexts, as the gateway checks those of models. Shows no text."""
    quiet()
    rows = measuring.read(file, limit)
    found = configured(config)
    with models(None if found is None else found.settings.data_dir) as cache:
        embedder = Embedder(cache) if vectors else None
        try:
            with show.progress() as bar:
                step = bar.add_task("checking", total=len(rows))
                done = await measuring.measure(rows, embedder, lambda count: bar.advance(step, count))
        finally:
            if embedder is not None:
                embedder.close()
    told = measuring.report(done)
    if as_json:
        show.json(told)
    else:
        show.facts(told)
