"""`gateway tune`: a map over the embedder's vectors, learned from one's own documents."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import orjson
import typer

from gateway.app.reembedding import tuning
from gateway.cli import show
from gateway.cli.root import OPERATOR, AsJson, Config, house, request_id, run
from gateway.errors import Invalid
from gateway.govern import Report


@run
async def tune(
    collection: Annotated[str, typer.Option("--collection", "-k", help="The collection to learn from.")],
    report: Annotated[Path | None, typer.Option(help="Write the figures to a new file, as JSON.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Learn a map over the embedder's vectors from a collection; it is kept only where it helps. Shows no text."""
    if report is not None and report.exists():
        raise Invalid(f"{report} exists already", param="report")
    async with house(config) as rooms:
        with show.progress() as bar:
            task = bar.add_task("reading", total=None)
            found = await tuning(rooms).run(
                request_id(),
                OPERATOR,
                collection,
                progress=lambda what, done, total: bar.update(task, description=what, completed=done, total=total),
            )
        path = _keep(rooms.settings.data_dir / "adapters", found)
    data = {**found.data(), "adapter": str(path) if path else None}
    if report is not None:
        report.write_bytes(orjson.dumps(data, option=orjson.OPT_INDENT_2))
    if as_json:
        show.json(data)
    else:
        _tell(found, path)


def _keep(folder: Path, found: Report) -> Path | None:
    if found.file is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder.resolve() / f"{hashlib.sha256(found.file).hexdigest()[:12]}.npz"
    path.write_bytes(found.file)
    return path


def _tell(found: Report, path: Path | None) -> None:
    tuned = found.tuned
    show.text(
        f"{found.questions:,} questions from {found.passages:,} passages of {found.documents:,} documents, "
        f"{tuned.judged:,} of them to judge by"
    )
    show.text(
        f"nDCG@10 by vectors: {tuned.before:.4f} before, {tuned.after:.4f} after; "
        f"gain {tuned.gain:+.4f} ({tuned.low:+.4f} to {tuned.high:+.4f})"
    )
    if path is None:
        show.text("not accepted: no sure gain on documents that it was not learned from")
        return
    show.text(f"accepted: {path}")
    show.say("set retrieval.embedder.adapter to this file, run `gateway reembed`, and start the gateway anew")
