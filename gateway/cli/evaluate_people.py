"""`gateway eval people`: what redaction costs a search."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from gateway.app.files import shipped
from gateway.app.house import now, quiet
from gateway.cli import show
from gateway.cli.evaluate import grid
from gateway.cli.evaluate_retrieval import models
from gateway.cli.failing import FAILED
from gateway.cli.root import AsJson, Config, configured, run
from gateway.crypto import KeyRing
from gateway.crypto.keyring import fresh_ring
from gateway.evaluate import people as measuring
from gateway.evaluate.policy import policy_at
from gateway.redaction import Redactor
from gateway.retrieval import Embedder


@run
async def people(
    config: Config = None,
    policy: Annotated[
        Path | None, typer.Option(help="A folder of policies or a privacy.yaml. Default: the shipped policies.")
    ] = None,
    documents: Annotated[int, typer.Option(min=20, help="How many documents to invent.")] = 300,
    seed: Annotated[int, typer.Option(help="Of the invented documents.")] = 1,
    max_loss: Annotated[
        float | None, typer.Option(min=0, max=1, help="Fail when redaction costs more nDCG@10 over all questions.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Index invented letters, contracts and tickets as written and redacted, and ask both by name and without."""
    quiet()
    rules = policy_at(policy or shipped("policies"))
    found = configured(config)
    redactor = Redactor(KeyRing.parse(fresh_ring(now()), "key ring of an evaluation"), timeout_s=120)
    with models(None if found is None else found.settings.data_dir) as cache:
        embedder = Embedder(cache, threads=os.cpu_count() or 1)
        try:
            await embedder.start()
            await redactor.start()
            with show.progress() as bar:
                step = bar.add_task("indexing twice and asking", total=measuring.size(documents, seed))
                cost = await measuring.measure(
                    embedder,
                    redactor,
                    rules,
                    documents=documents,
                    seed=seed,
                    advance=lambda done: bar.advance(step, done),
                )
        finally:
            embedder.close()
            redactor.close()
    loss = cost.loss(measuring.ALL)
    failed = max_loss is not None and loss.mean > max_loss
    if as_json:
        show.json({**cost.data(), "failed": failed})
    else:
        _tell(cost)
    if failed:
        show.say(f"failed: redaction costs {loss.mean:.4f} of nDCG@10, and at most {max_loss} is asked for")
        raise typer.Exit(FAILED)


def _tell(cost: measuring.Cost) -> None:
    show.text(f"{cost.documents:,} documents, {cost.replaced:,} values replaced in them")
    show.text("")
    rows = []
    for kind, ways in cost.values.items():
        loss = cost.loss(kind)
        figures = (cost.mean(kind, way, name) for way in ways for name in ("ndcg@10", "recall@100"))
        rows.append(
            (
                kind,
                len(ways[measuring.PLAINLY]["ndcg@10"]),
                *(f"{figure:.3f}" for figure in figures),
                f"{loss.mean:+.3f} ({loss.low:+.3f} to {loss.high:+.3f})",
            )
        )
    heads = ("questions by", "how many", "plain ndcg@10", "recall@100", "redacted ndcg@10", "recall@100", "loss")
    grid(heads, rows)
