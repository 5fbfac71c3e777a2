"""`gateway search` and `gateway ask`: one question, as one caller."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.chat import Answer, split
from gateway.cli import show
from gateway.cli.root import AsJson, Config, caller, house, request_id, run
from gateway.errors import Broken
from gateway.model import Json

As = Annotated[str | None, typer.Option("--as", help="A role (`hr`), or an API key (`gw_…`). Default: the operator.")]
Collections = Annotated[list[str], typer.Option("--collection", "-k", help="Collection to read; may be repeated.")]


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


def _indent(text: str) -> str:
    return "\n".join("    " + line for line in text.strip().splitlines())


def _counts(counts: Json) -> str:
    return ", ".join(f"{kind} x{n}" for kind, n in counts.items()) or "nothing"
