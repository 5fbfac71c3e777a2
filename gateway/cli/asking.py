"""`gateway search`, `gateway ask`, `gateway redact`: one question or text, as one caller."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import orjson
import typer

from gateway.chat import Answer, split
from gateway.cli import show
from gateway.cli.root import AsJson, Config, caller, house, request_id, run
from gateway.errors import Broken, Invalid
from gateway.model import Json

As = Annotated[str | None, typer.Option("--as", help="A role (`hr`), or an API key (`gw_…`). Default: the operator.")]
Collections = Annotated[list[str], typer.Option("--collection", "-k", help="Collection to read; may be repeated.")]
BATCH = 32


@run
async def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    collection: Collections,
    as_: As = None,
    top_k: Annotated[int, typer.Option(min=1, max=50, help="Passages at most.")] = 6,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Find passages, as the caller may see them."""
    async with house(config) as rooms:
        principal = await caller(rooms, as_)
        found = await rooms.texts.search(request_id(), principal, query, tuple(collection), top_k)
    if as_json:
        show.json(found)
        return
    if not found["results"]:
        show.text("nothing found that this caller may read")
    for n, hit in enumerate(found["results"], 1):
        page = f", page {hit['page']}" if hit["page"] else ""
        show.text(f"[{n}] {hit['title']}{page}  ({hit['collection']}, {hit['label']}, score {hit['score']:.3f})")
        show.text(_indent(hit["text"]))
    if found["withheld"]:
        show.say("withheld: " + ", ".join(f"{kind} x{n}" for kind, n in found["withheld"].items()))


@run
async def ask(
    question: Annotated[str, typer.Argument(help="The question.")],
    collection: Annotated[
        list[str] | None, typer.Option("--collection", "-k", help="Collection to answer from.")
    ] = None,
    as_: As = None,
    model: Annotated[str, typer.Option(help="A model's name, or `auto`.")] = "auto",
    explain: Annotated[bool, typer.Option("--explain", help="Say what was decided at each stage.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Decide everything, send nothing.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Ask a question and get the answer with its sources."""
    body: Json = {
        "model": model,
        "messages": [{"role": "user", "content": question}],
        "gateway": {"collections": collection or [], "explain": explain, "dry_run": dry_run},
    }
    rest, options = split(body, {})
    async with house(config) as rooms:
        answer = await rooms.chat.ask(request_id(), await caller(rooms, as_), rest, options)
    if not isinstance(answer, Answer):
        raise Broken("a stream where a whole answer was asked for")
    if as_json:
        show.json(answer.body)
        return
    text = str(answer.body["choices"][0]["message"].get("content") or "")
    show.text(text)
    _show_note(answer.body["gateway"], text, explain=explain)


def _show_note(note: Json, text: str, *, explain: bool) -> None:
    """The sources the answer names (all that were found, where it names none); with `explain` each stage's decision."""
    named = [c for c in note["citations"] if f"[{c['n']}]" in text]
    for citation in named or note["citations"]:
        page = f", page {citation['page']}" if citation["page"] else ""
        show.text(f"  [{citation['n']}] {citation['title']}{page} ({citation['collection']})")
    if not explain:
        return
    route = note["route"]
    facts: dict[str, object] = {
        "model": f"{route['model']} ({route['zone']})",
        "why": route["reason"],
        "zones": ", ".join(route["zones"]),
        "redacted": _counts(note["redactions"]),
        "withheld": _counts(note["withheld"]),
        "policy": note["policy"],
        "record": f"{note['receipt']['stream']} #{note['receipt']['seq']}",
        "request": note["request_id"],
    }
    show.facts(facts)
    for c in route.get("candidates", []):
        verdict = c["refusal"] or f"score {c['score']:.3f}, ${c['cost_usd']:.6f}, {c['latency_ms']:.0f} ms"
        show.text(f"    {c['model']} ({c['zone']}): {verdict}")


@run
async def redact(
    file: Annotated[str, typer.Argument(help="A text file, or - for standard input.")] = "-",
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help='One {"id", "text"} a line in, one result a line out.')
    ] = False,
    as_: As = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Replace personal data by tokens. Plain text out; with --json or --jsonl also where what was found."""
    source = sys.stdin.buffer.read() if file == "-" else _read(Path(file))
    try:
        text = source.decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid("the input is not UTF-8 text") from None
    async with house(config) as rooms:
        principal = await caller(rooms, as_)
        if not jsonl:
            done = (await rooms.texts.redact(request_id(), principal, [text]))[0]
            if as_json:
                show.json(done)
            else:
                sys.stdout.write(done["redacted"])
            return
        rows = [_row(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        with show.progress() as bar:
            task = bar.add_task("redacting", total=len(rows))
            for batch in _batches(rows):
                done_rows = await rooms.texts.redact(request_id(), principal, [row["text"] for row in batch])
                for row, result in zip(batch, done_rows, strict=True):
                    sys.stdout.write(orjson.dumps({"id": row.get("id"), **result}).decode() + "\n")
                bar.advance(task, len(batch))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Invalid(f"cannot read {path}: {error.strerror}") from None


def _row(number: int, line: str) -> Json:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        row = None
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise Invalid(f'line {number} is not a JSON object with "text"')
    return row


def _batches(rows: list[Json]) -> Iterable[list[Json]]:
    return (rows[at : at + BATCH] for at in range(0, len(rows), BATCH))


def _indent(text: str) -> str:
    return "\n".join("    " + line for line in text.strip().splitlines())


def _counts(counts: Json) -> str:
    return ", ".join(f"{kind} x{n}" for kind, n in counts.items()) or "nothing"
