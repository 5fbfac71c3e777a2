"""`gateway demo`: the whole journey on a fictional company's documents, with nothing but this package."""

from __future__ import annotations

import contextlib
import shlex
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import orjson
import typer

from gateway.app.house import House, open_house
from gateway.app.sample import Person, Question, Sample, append_lines, lay_policies, load_documents, read_sample
from gateway.chat import Answer, split
from gateway.cli import show
from gateway.cli.failing import FAILED
from gateway.cli.root import OPERATOR, request_id, run
from gateway.cli.setup import prepare
from gateway.errors import GatewayError, Refused
from gateway.model import Json
from gateway.policy import load_files
from gateway.redaction import find_tokens

WIDTH = 110
STRETCH = 160


@run
async def demo(
    keep: Annotated[
        Path | None, typer.Option(help="Keep the data in this new folder. Default: a temporary one.")
    ] = None,
) -> None:
    """Ingest sample documents, answer three questions as two people, change a policy, verify the log."""
    sample = read_sample()
    with _folder(keep) as folder:
        _title(f"A gateway for {sample.company}")
        show.text("Making a data directory: keys, policies, an embedded PostgreSQL.")
        settings = await prepare(folder, lay=lambda place: lay_policies(sample, place))
        async with open_house(settings) as house:
            ok = await _tell(house, sample, folder)
    if keep is not None:
        show.text(f"  see them: gateway audit show --config {shlex.quote(str(keep))} --reason demo")
    if not ok:
        raise typer.Exit(FAILED)


async def _tell(house: House, sample: Sample, folder: Path) -> bool:
    _title("1. Documents come in: personal data is replaced before anything is indexed")
    async for line in load_documents(house, sample, request_id(), OPERATOR):
        show.text("  " + line)
    ok = True
    asked = [question for question in sample.questions if question.demo]
    for number, question in enumerate(asked, 2):
        _title(f"{number}. {question.ask}")
        for name in question.people:
            ok &= await _ask(house, sample.people[name], question)
    number = len(asked) + 2
    _title(f"{number}. A policy changes: {sample.change_note}")
    append_lines(folder / "policies" / sample.change_file, (sample.change_line,))
    done = await house.policies.activate(request_id(), OPERATOR, load_files(folder / "policies"), sample.change_note)
    show.text(f"  added to {sample.change_file}:  {sample.change_line}")
    show.text(
        f"  in force as {done.digest[:19]}, acknowledged by {len(done.acknowledged)} of "
        f"{len(done.acknowledged) + len(done.missing)} workers; the same question again:"
    )
    again = next(question for question in sample.questions if question.id == sample.change_question)
    for name in again.people:
        ok &= await _ask(house, sample.people[name], again)
    _title(f"{number + 1}. Everything above is on record, and the record verifies")
    report = await house.log.verify(request_id(), OPERATOR)
    show.text(
        f"  {report.records} records, each sealed and chained to the one before: "
        + ("the log verifies" if report.ok else f"{report.faults_total} FAULTS")
    )
    return ok and report.ok


async def _ask(house: House, person: Person, question: Question) -> bool:
    """Ask as one person and print what happened; False when the gateway failed (a refusal is no failure)."""
    request = request_id()
    body: Json = {
        "model": "auto",
        "messages": [{"role": "user", "content": question.ask}],
        "gateway": {"collections": list(question.collections), "top_k": 4},
    }
    rest, options = split(body, {})
    show.text("")
    show.text(f"  {person.title}, asks in {', '.join(question.collections)}")
    try:
        answer = await house.chat.ask(request, person.principal, rest, options)
    except Refused as refusal:
        show.text(f"    refused    {refusal.message}")
        return True
    except GatewayError as error:
        show.text(f"    failed     {error}")
        return False
    if isinstance(answer, Answer):
        _show_answer(answer.body, await _sent(house, request))
    return True


def _show_answer(body: Json, sent: str) -> None:
    note = body["gateway"]
    route = note["route"]
    text = body["choices"][0]["message"]["content"]
    _field("what left", sent)
    _field("went to", f"{route['model']} ({route['zone']}): {route['reason']}")
    first, *rest = text.splitlines() or [""]
    _field("answer", first)
    for line in rest:
        _field("", line)
    if note["withheld"]:
        _field("withheld", ", ".join(f"{kind} x{n}" for kind, n in note["withheld"].items()))
    for citation in [c for c in note["citations"] if f"[{c['n']}]" in text]:
        page = f", page {citation['page']}" if citation["page"] else ""
        _field(f"source [{citation['n']}]", f"{citation['title']}{page} ({citation['collection']})")


async def _sent(house: House, request: str) -> str:
    """A stretch of what left, read back from the audit record of this request; one with a token in it if there is."""
    page = await house.log.about(request_id(), OPERATOR, request, reason="the demo shows what left", reveal=True)
    intent = next(record for record in page["records"] if record["kind"] == "intent")
    body = orjson.loads(intent["content"]["sent"])
    # The built-in answerer is handed passages; every other model finds them in the last system message.
    texts = [p["text"] for p in body.get("passages", [])] or [
        m["content"].partition("<passage")[2].partition(">\n")[2].partition("\n</passage>")[0]
        for m in body.get("messages", [])
        if m["role"] == "system"
    ]
    egress = intent["detail"]["egress"]
    return f"{egress['bytes']} bytes to {egress['endpoint']}, among them: {_stretch(texts)}"


def _stretch(texts: list[str]) -> str:
    for text in texts:
        token = next(iter(find_tokens(text)), None)
        if token is not None:
            at = text.index(token)
            start = text.rfind(" ", 0, max(0, at - STRETCH)) + 1
            end = text.find(" ", at + len(token) + STRETCH)
            return f"... {text[start : end if end > 0 else len(text)]} ..."
    return (texts[0][: 2 * STRETCH] + " ...") if texts else "nothing"


def _field(name: str, text: str) -> None:
    body = textwrap.wrap(" ".join(text.split()), WIDTH - 15)[:6] or [""]
    show.text(f"    {name:<10} {body[0]}")
    for line in body[1:]:
        show.text(" " * 15 + line)


def _title(text: str) -> None:
    show.text("")
    show.out().print(text, style="bold")


@contextlib.contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="gateway-demo-", ignore_cleanup_errors=True) as folder:
        yield Path(folder) / "data"
