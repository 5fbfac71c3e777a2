"""`gateway audit …`: read and verify the log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from gateway.audit import Compared, NotProven, Report, VerifierKey, check_bundle
from gateway.audit.record import moment
from gateway.audit.verdicts import Vouching
from gateway.cli import show
from gateway.cli.failing import FAILED
from gateway.cli.root import OPERATOR, AsJson, Config, house, request_id, run
from gateway.errors import Invalid, NotFound
from gateway.model import Json

Reason = Annotated[str, typer.Option("--reason", help="Why you read. It is on record.")]
PassphraseFile = Annotated[Path | None, typer.Option(help="A file with the passphrase of an export's keys.")]
KeyFile = Annotated[Path | None, typer.Option(help="A file with 32 bytes, which an export's keys are sealed under.")]

app = typer.Typer(no_args_is_help=True, help="Read, verify, export and prune the audit log.")


@app.command("show")
@run
async def show_(
    request: Annotated[str | None, typer.Argument(help="A request id. Default: the newest records.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Records at most.")] = 20,
    kind: Annotated[str | None, typer.Option(help="intent, outcome, refusal or event.")] = None,
    reason: Reason = "",
    reveal: Annotated[bool, typer.Option("--reveal", help="Show who asked and what was said, on record.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show records, masked unless revealed. Reading needs a reason and is itself recorded."""
    if reveal and request is None:
        raise Invalid("records are revealed one request at a time", hint="name the request", param="reveal")
    async with house(config) as rooms:
        if request:
            page = await rooms.log.about(request_id(), OPERATOR, request, reason=reason, reveal=reveal)
        else:
            page = await rooms.log.recent(request_id(), OPERATOR, limit, kind, reason=reason)
    if as_json:
        show.json(page)
        return
    for record in page["records"]:
        show.text(line(record))
        if request:
            show.json(record)
    if page["more"]:
        show.say("there are more; raise --limit")


@app.command("verify")
@run
async def verify(
    file: Annotated[Path | None, typer.Argument(help="An export to verify offline. Default: the log itself.")] = None,
    without_keys: Annotated[bool, typer.Option("--without-keys", help="Check hashes only, open nothing.")] = False,
    checkpoint: Annotated[
        list[Path] | None, typer.Option(help="A checkpoint kept elsewhere, which the log must continue; repeatable.")
    ] = None,
    witness: Annotated[list[str] | None, typer.Option(help="A witness's verifier key; repeatable.")] = None,
    require: Annotated[
        bool, typer.Option("--require-witnesses", help="A configured witness that does not vouch is a fault.")
    ] = False,
    log_key: Annotated[str | None, typer.Option("--key", help="With FILE: the log's key, kept from before.")] = None,
    passphrase_file: PassphraseFile = None,
    key_file: KeyFile = None,
    index: Annotated[bool, typer.Option("--index", help="Hold the search index against the log too.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Check every stream and the tree over them, in the log or in an export. Exit code 1 when anything is wrong."""
    known = [_read(path) for path in checkpoint or ()]
    keys = [_key(text) for text in witness or ()]
    if index and (file is not None or without_keys):
        raise Invalid("the search index is compared over the log and with the key ring", param="index")
    if require and file is not None:
        raise Invalid("an export is checked offline, without the configured witnesses", param="require_witnesses")
    compared: Compared | None = None
    with show.progress() as bar:
        task = bar.add_task("verifying", total=None)

        def told(done: int) -> None:
            bar.update(task, completed=done)

        if file is not None:
            report = await _verify_file(file, log_key, known, keys, secret(passphrase_file, key_file), told)
        else:
            async with house(config) as rooms:
                report = await rooms.log.verify(
                    request_id(),
                    OPERATOR,
                    with_keys=not without_keys,
                    progress=told,
                    known=known,
                    witnesses=keys,
                    insist=require,
                )
                if index:
                    compared = await rooms.log.compare(told)
    if as_json:
        show.json(report.as_dict() | ({"index": compared.as_dict()} if compared else {}))
    else:
        _tell(report, compared)
    if not report.ok or (compared is not None and not compared.ok):
        raise typer.Exit(FAILED)


def _tell(report: Report, compared: Compared | None) -> None:
    for fault in report.faults:
        show.text(str(fault))
    for stream in report.streams:
        show.text(f"stream {stream.stream}  {stream.state:<8} {stream.records} records")
    if report.unfinished_total:
        show.text(f"{report.unfinished_total} requests have an intent and no outcome (in work, or cut by a crash)")
    if tree := report.tree:
        seen = f", cosigned by {', '.join(tree.witnesses)}" if tree.witnesses else ""
        show.text(f"tree of {tree.size} records, {tree.signed} of them under a signed checkpoint{seen}")
        if tree.outside:
            show.text(f"{tree.outside} records were written since")
    for vouched in report.witnesses:
        show.text(f"{'' if vouched.ok or vouched.what == Vouching.MUTE else 'warning: '}{vouched}")
    for one in report.prunings:
        when = moment(one.at).isoformat(timespec="seconds")
        show.text(f"prune {one.number}: {one.records} records of {one.streams} streams, {when}, request {one.request}")
    verdict = "the log verifies" if report.ok else f"the log does NOT verify: {report.faults_total} faults"
    opened = "opened with the keys" if report.with_keys else "hashes only"
    gone = f", {report.pruned} pruned" if report.pruned else ""
    show.text(f"{verdict}: {report.records} records in {len(report.streams)} streams{gone}, {opened}")
    if compared is not None:
        wrong = compared.missing + compared.different + compared.surplus
        show.text(
            "the search index fits the log"
            if compared.ok
            else f"the search index does NOT fit the log in {wrong} places: run `gateway audit reindex`"
        )


@app.command("receipt")
@run
async def receipt(
    request: Annotated[str, typer.Argument(help="The request's id, as in x-gateway-request-id.")],
    output: Annotated[Path | None, typer.Option(help="Write it to a file instead of standard output.")] = None,
    config: Config = None,
) -> None:
    """A proof that a request is in the signed log, to be checked offline with the log's key."""
    async with house(config) as rooms:
        made = await rooms.log.receipt(request_id(), OPERATOR, request)
    if output is None:
        show.text(made.decode().rstrip("\n"))
    else:
        output.write_bytes(made)


@app.command("key")
@run
async def key(config: Config = None) -> None:
    """The key that checkpoints and receipts are checked with. It is no secret: give it to whoever checks."""
    async with house(config) as rooms:
        show.text(str(rooms.log.key))


@app.command("checkpoint")
@run
async def checkpoint(config: Config = None) -> None:
    """The last signed checkpoint. An auditor who keeps it can tell later whether the log was rewritten or put back."""
    async with house(config) as rooms:
        note = await rooms.log.checkpoint()
    if note is None:
        raise NotFound("no checkpoint was signed yet", hint="start the gateway, or ask again in a few seconds")
    show.text(note.decode().rstrip("\n"))


async def _verify_file(
    file: Path,
    log_key: str | None,
    known: list[bytes],
    witnesses: list[VerifierKey],
    opens: str | bytes | None,
    told: Callable[[int], None],
) -> Report:
    if log_key is None:
        hint = "give --key with what `gateway audit key` printed, from where it was kept"
        raise Invalid("an export is checked with the log's key", hint=hint, param="key")
    key_ = _key(log_key)
    return await asyncio.to_thread(
        check_bundle, file, key_, known=known, witnesses=witnesses, secret=opens, progress=told
    )


def secret(passphrase_file: Path | None, key_file: Path | None) -> str | bytes | None:
    """What an export's keys are sealed under. Raises Invalid."""
    if passphrase_file is not None and key_file is not None:
        raise Invalid("give a passphrase or a key, not both", param="key_file")
    file = passphrase_file or key_file
    if file is None:
        return None
    try:
        data = file.read_bytes()
        found = data if key_file is not None else data.decode().strip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise Invalid(f"{file} cannot be read", hint="give a file with the passphrase, or with 32 bytes") from None
    if not found:
        raise Invalid(f"{file} is empty", hint="give a file with the passphrase, or with 32 bytes")
    return found


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise Invalid(f"{path} cannot be read", hint="give a file that `gateway audit checkpoint` wrote") from None


def _key(text: str) -> VerifierKey:
    try:
        return VerifierKey.parse(text)
    except NotProven as reason:
        raise Invalid(f"this is no verifier key: {reason}", param="witness") from None


def line(record: Json) -> str:
    """A record in one line."""
    detail = record.get("detail") or {}
    what = detail.get("code") or detail.get("error") or (detail.get("egress") or {}).get("model") or detail.get("model")
    who, act = detail.get("name", ""), record.get("action", "")
    problem = f"  {record['problem']}" if record.get("problem") else ""
    return f"{record['at']}  {record['kind']:<8} {act:<16} {who:<12} {what or '':<20} {record['request']}{problem}"
