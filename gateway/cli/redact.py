"""`gateway redact`: personal data in a text or in JSON lines replaced by tokens, in this process."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.app.files import shipped
from gateway.app.house import House, now, open_house
from gateway.chat import scope_of
from gateway.cli import show
from gateway.cli.failing import FAILED
from gateway.cli.lines import batches, put, source, text_blocks
from gateway.cli.many import Means, scan
from gateway.cli.root import OPERATOR, AsJson, Config, caller, configured, request_id, run
from gateway.cli.scan import Piece, joined, result_of
from gateway.crypto.keyring import fresh_ring
from gateway.errors import Invalid
from gateway.model import Json, Principal, PrivacyPolicy
from gateway.policy import build, load_files
from gateway.policy.names import ENTITY_TYPES, PRIVACY_FILE, REQUIRED_FILES, did_you_mean
from gateway.redaction import Original

BATCH: Final = 1 << 16
"""Bytes of lines scanned at once: little enough for a steady stream, enough that handing over costs nothing."""
REMEMBERED: Final = 100_000
"""Tokens known to be kept already."""


@run
async def redact(
    file: Annotated[str, typer.Argument(help="A text file, or - for standard input.")] = "-",
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help='One {"id", "text"} a line in, one result a line out.')
    ] = False,
    types: Annotated[
        str | None, typer.Option(help="Only these, e.g. PERSON,EMAIL_ADDRESS. Default: what the policy says.")
    ] = None,
    policy: Annotated[Path | None, typer.Option(help="A privacy.yaml instead of the one in force.")] = None,
    keep: Annotated[bool, typer.Option(help="Keep the values, sealed, for `gateway restore`.")] = True,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that scan, with --jsonl.")] = 1,
    as_: Annotated[
        str | None, typer.Option("--as", help="For a role, or an API key (`gw_…`). Default: the operator.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Replace personal data by tokens. Plain text out; with --json or --jsonl also where what was found.

    Works without a data directory too: with the shipped policy, and tokens that nobody can turn back.
    """
    async with _open(config, as_, policy, types, keep=keep) as job:
        if not job.means.policy.enabled:
            show.say("detection is switched off in privacy.yaml: the text comes out as it is")
        with source(file) as (stream, size), show.progress(in_bytes=True) as bar:
            task = bar.add_task("redacting", total=size)

            def advance(length: int) -> None:
                bar.advance(task, length)

            if jsonl:
                async with contextlib.aclosing(
                    scan(job.means, batches(stream, advance, size=BATCH), workers)
                ) as ordered:
                    async for done in ordered:
                        await job.took(done.texts, done.failed, done.spans, done.originals)
                        put(done.out)
            else:
                await _text(job, text_blocks(stream, advance), as_json=as_json)
    if job.failed:
        lines = job.texts + job.failed
        show.say(f"error: {job.failed} of {lines} lines could not be used; the line out says why")
        raise typer.Exit(FAILED)


class _Job:
    """One run: what it scans with, for whom, and what came of it."""

    def __init__(self, means: Means, principal: Principal, rooms: House | None, *, keep: bool) -> None:
        self.means = means
        self.texts = self.failed = 0
        self.until: datetime | None = None
        self._principal = principal
        self._rooms = rooms if keep else None
        self._spans: dict[str, int] = {}
        self._known: OrderedDict[str, None] = OrderedDict()

    async def took(self, texts: int, failed: int, spans: Mapping[str, int], originals: Mapping[str, Original]) -> None:
        """Count a part of the work, and keep its values before anybody sees their tokens."""
        self.texts += texts
        self.failed += failed
        for kind, count in spans.items():
            self._spans[kind] = self._spans.get(kind, 0) + count
        if self._rooms is None:
            return
        fresh = {token: original for token, original in originals.items() if token not in self._known}
        if fresh:
            self.until = await self._rooms.texts.keep(self._principal, fresh) or self.until
        self._known.update(dict.fromkeys(fresh))
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def facts(self, *, complete: bool) -> Json:
        """What the record says."""
        kept = None if self.until is None else self.until.isoformat(timespec="seconds")
        return {
            "texts": self.texts,
            "failed": self.failed,
            "spans": dict(sorted(self._spans.items())),
            "kept_until": kept,
            "complete": complete,
        }


@contextlib.asynccontextmanager
async def _open(
    config: Path | None, as_: str | None, policy: Path | None, types: str | None, *, keep: bool
) -> AsyncIterator[_Job]:
    """What is needed to scan: the house, its policy and keys; or, where there is none, what ships and fresh keys."""
    found = configured(config)
    if found is None:
        if as_ is not None:
            raise Invalid("--as needs a data directory", hint="run `gateway init DIR` and `cd DIR`, or give --config")
        chosen = _only(_privacy(policy), types)
        show.say("no gateway.yaml here: these tokens cannot be restored, and the next run makes others")
        yield _Job(Means(None, fresh_ring(now()), chosen, scope_of(OPERATOR)), OPERATOR, None, keep=False)
        return
    async with open_house(found.settings, warm=False) as rooms:
        principal = await caller(rooms, as_)
        bundle = rooms.current.bundle
        chosen = _only(bundle.privacy if policy is None else _privacy(policy), types)
        job = _Job(Means(found.settings, b"", chosen, scope_of(principal)), principal, rooms, keep=keep)
        complete = False
        try:
            yield job
            complete = True
        finally:
            # One record for the run, also when it was broken off.
            await rooms.texts.redacted(request_id(), principal, bundle, job.facts(complete=complete))


async def _text(job: _Job, blocks: Iterator[str], *, as_json: bool) -> None:
    scanner = job.means.scanner()
    given: list[str] = []
    pieces: list[Piece] = []
    try:
        async for piece in scanner.windows(_noted(blocks, given if as_json else None)):
            spans: dict[str, int] = {}
            for span in piece.spans:
                spans[span.type] = spans.get(span.type, 0) + 1
            await job.took(0, 0, spans, piece.originals)
            if as_json:
                pieces.append(piece)
            else:
                put(piece.redacted.encode("utf-8"))
    finally:
        scanner.close()
    job.texts += 1
    if as_json:
        show.json({"text": "".join(given), **result_of(joined(pieces))})


def _noted(blocks: Iterator[str], given: list[str] | None) -> Iterator[str]:
    for block in blocks:
        if given is not None:
            given.append(block)
        yield block


def _privacy(file: Path | None) -> PrivacyPolicy:
    """A privacy.yaml checked beside the shipped policy, or the shipped one. Raises Invalid, BadPolicy."""
    files = {name: data for name, data in load_files(shipped("policies")).items() if name in REQUIRED_FILES}
    if file is not None:
        try:
            files[PRIVACY_FILE] = file.read_bytes()
        except OSError as error:
            raise Invalid(f"cannot read {file}: {error.strerror}") from None
    return build(files).privacy


def _only(policy: PrivacyPolicy, types: str | None) -> PrivacyPolicy:
    """The policy held to these types. Raises Invalid for one that nothing finds."""
    # Where values may go is not asked here, and these maps need not travel to other processes.
    policy = replace(policy, methods={}, refuse={})
    if types is None:
        return policy
    known = dict.fromkeys((*ENTITY_TYPES, *(one.type for one in policy.recognizers)))
    wanted = tuple(dict.fromkeys(name.strip().upper() for name in types.split(",") if name.strip()))
    for name in wanted:
        if name not in known:
            raise Invalid("--types names a type that nothing finds", hint=did_you_mean(name, known))
    if not wanted:
        raise Invalid("--types names no type", hint="for example --types PERSON,EMAIL_ADDRESS")
    own = tuple(one for one in policy.recognizers if one.type in wanted)
    return replace(policy, entities=wanted, without=(), recognizers=own)
