"""`gateway audit search|tail|export|reindex`: finding records, watching them come, and taking them along."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import orjson
import typer

from gateway.app.house import House
from gateway.audit import Filters, Lock, key_lock, passphrase_lock
from gateway.cli import lines, show
from gateway.cli.audit import KeyFile, PassphraseFile, Reason, line, secret
from gateway.cli.root import OPERATOR, AsJson, Config, house, request_id, run
from gateway.errors import Invalid

PAUSE_S = 1.0

Since = Annotated[str | None, typer.Option(help="From this time on, e.g. 2026-01-31 or 2026-01-31T12:00:00Z.")]
Until = Annotated[str | None, typer.Option(help="Before this time.")]


@run
async def search(
    user: Annotated[str | None, typer.Option(help="Who asked: an id or a name.")] = None,
    role: Annotated[str | None, typer.Option(help="A role of who asked.")] = None,
    model: Annotated[str | None, typer.Option(help="The model asked for, or that it went to.")] = None,
    zone: Annotated[str | None, typer.Option(help="The zone that it went to.")] = None,
    decision: Annotated[str | None, typer.Option(help="allow or deny: what a policy decided.")] = None,
    entity: Annotated[str | None, typer.Option(help="A type of personal data that was met.")] = None,
    document: Annotated[str | None, typer.Option(help="A document, by its id.")] = None,
    collection: Annotated[str | None, typer.Option(help="A collection.")] = None,
    error: Annotated[str | None, typer.Option(help="An error's code.")] = None,
    cost_min: Annotated[float | None, typer.Option(help="US dollars at least.")] = None,
    cost_max: Annotated[float | None, typer.Option(help="US dollars at most.")] = None,
    kind: Annotated[str | None, typer.Option(help="intent, outcome, refusal or event.")] = None,
    action: Annotated[str | None, typer.Option(help="What was done, e.g. chat, ingest, policy.activate.")] = None,
    policy: Annotated[str | None, typer.Option(help="The digest of the policy in force.")] = None,
    request: Annotated[str | None, typer.Option(help="A request's id.")] = None,
    value: Annotated[str | None, typer.Option(help="A personal value that stood in a text.")] = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Records on a page.")] = 50,
    after: Annotated[str | None, typer.Option(help="The `next` of the page before.")] = None,
    reason: Reason = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Find records, newest first, masked. Exit code 0 also when there are none."""
    filters = Filters(
        since=moment(since, "since"),
        until=moment(until, "until"),
        user=user,
        role=role,
        model=model,
        zone=zone,
        decision=decision,
        entity=entity,
        document=document,
        collection=collection,
        error=error,
        cost_min=cost_min,
        cost_max=cost_max,
        kind=kind,
        action=action,
        policy=policy,
        request=request,
    )
    async with house(config) as rooms:
        page = await rooms.log.search(request_id(), OPERATOR, filters, limit, after, reason=reason, value=value)
    if as_json:
        show.json(page)
    else:
        for record in page["records"]:
            show.text(f"{line(record)}  {record['stream']}/{record['seq']}")
    if page["unindexed"]:
        show.say("records from before the index was made cannot be found: run `gateway audit reindex`")
    if gone := page["pruned"]:
        show.say(f"{gone['records']} records, the last of them from {gone['until']}, were pruned and cannot be found")
    if page["more"]:
        show.say(f"there are more: --after {page['next']}")


@run
async def tail(reason: Reason = "", config: Config = None, as_json: AsJson = False) -> None:
    """Show records as they are written, masked, until it is stopped."""
    async with house(config) as rooms:
        async for page in rooms.log.tail(request_id(), OPERATOR, reason=reason, pause=_pause):
            for record in page:
                lines.put((orjson.dumps(record, default=str) if as_json else line(record).encode()) + b"\n")


async def _pause() -> None:
    await asyncio.sleep(PAUSE_S)


@run
async def export(
    output: Annotated[str, typer.Option(help="The file; - writes lines to standard output.")] = "-",
    format_: Annotated[str, typer.Option("--format", help="bundle, jsonl or ocsf.")] = "bundle",
    since: Since = None,
    until: Until = None,
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="Rows verify, and nobody can open them.")
    ] = False,
    without_people: Annotated[
        bool, typer.Option("--without-people", help="Leave out the keys to who it was and what was said.")
    ] = False,
    passphrase_file: PassphraseFile = None,
    key_file: KeyFile = None,
    reveal: Annotated[bool, typer.Option("--reveal", help="Lines show who asked and what was said.")] = False,
    reason: Reason = "",
    config: Config = None,
) -> None:
    """Take a span of time along: as a signed file that verifies by itself, or as lines for a SIEM."""
    begin, end = moment(since, "since"), moment(until, "until")
    async with house(config) as rooms:
        if format_ != "bundle":
            made = rooms.log.exports.lines(
                request_id(), OPERATOR, reason=reason, format_=format_, since=begin, until=end, reveal=reveal
            )
            if output == "-":
                async for some in made:
                    lines.put(some)
                return
            with _fresh(output) as file:
                async for some in made:
                    await asyncio.to_thread(file.write, some)
            return
        if output == "-":
            raise Invalid("a bundle is written to a file", hint="give --output FILE", param="output")
        lock = _lock(without_keys, passphrase_file, key_file)
        await _bundle(rooms, output, begin, end, lock, not without_people, reason)


async def _bundle(
    rooms: House,
    output: str,
    since: datetime | None,
    until: datetime | None,
    lock: Lock | None,
    people: bool,
    reason: str,
) -> None:
    with show.progress() as bar, _fresh(output) as file:
        task = bar.add_task("exporting", total=None)
        done = await rooms.log.exports.bundle(
            request_id(),
            OPERATOR,
            file,
            reason=reason,
            since=since,
            until=until,
            lock=lock,
            people=people,
            progress=lambda n: bar.update(task, completed=n),
        )
    show.say(f"{done.rows} records of {done.streams} streams, {done.bytes} bytes, manifest sha256:{done.sha256}")
    show.say(f"to verify it: gateway audit verify {output} --key {rooms.log.key}")


@run
async def reindex(config: Config = None) -> None:
    """Make the search index anew from the log, as after an update or where `verify --index` found it wrong."""
    async with house(config) as rooms:
        with show.progress() as bar:
            task = bar.add_task("indexing", total=None)
            done = await rooms.log.reindex(request_id(), OPERATOR, lambda n: bar.update(task, completed=n))
    show.text(f"{done} records indexed")


def moment(text: str | None, name: str) -> datetime | None:
    """A time as people write it; UTC where it says nothing else. Raises Invalid."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(f"--{name} must be a time like 2026-01-31T12:00:00Z", param=name) from None


def _lock(without_keys: bool, passphrase_file: Path | None, key_file: Path | None) -> Lock | None:
    opens = secret(passphrase_file, key_file)
    if without_keys:
        if opens is not None:
            raise Invalid("without keys there is nothing to seal", hint="leave one of the options out")
        return None
    if opens is None:
        opens = typer.prompt("passphrase for the export's keys", hide_input=True, confirmation_prompt=True, err=True)
    return passphrase_lock(opens) if isinstance(opens, str) else key_lock(opens)


@contextlib.contextmanager
def _fresh(output: str) -> Iterator[BinaryIO]:
    """A new file for nobody else's eyes; what was not finished is taken away again. Raises Invalid."""
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Invalid(f"{output} is there already", hint="give another name, or take it away first") from None
    except OSError as error:
        raise Invalid(f"cannot write {output}: {error.strerror}") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
    except BaseException:
        Path(output).unlink(missing_ok=True)
        raise
