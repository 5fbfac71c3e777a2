"""`gateway audit erase`: a person or a value out of everything the gateway keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import show
from gateway.cli.root import OPERATOR, AsJson, Config, house, request_id, run
from gateway.crypto import keysource
from gateway.errors import Invalid


@run
async def erase(
    reason: Annotated[str, typer.Option(help="Why, on one line; it goes into the record.")],
    subject: Annotated[str | None, typer.Option(help="A principal's id, or a key's name: what he asked.")] = None,
    value: Annotated[str | None, typer.Option(help="A personal value; `-` reads it from standard input.")] = None,
    type_: Annotated[str | None, typer.Option("--type", help="Only as this entity type. Default: every type.")] = None,
    documents: Annotated[str, typer.Option(help="keep: write over the value; delete: delete what holds it.")] = "keep",
    revoke: Annotated[bool, typer.Option("--revoke", help="End the subject's keys too.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    certificate: Annotated[Path | None, typer.Option(help="Write the signed certificate to a new file.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Forget a person or a value for good, on record. Backups made before hold it still: see docs/audit.md."""
    if (subject is None) == (value is None):
        raise Invalid("name a subject or a value", hint="give --subject or --value", param="subject")
    if certificate is not None and certificate.exists():
        raise Invalid(f"{certificate} exists already", param="certificate")
    given = typer.get_text_stream("stdin").readline().strip() if value == "-" else value
    async with house(config) as rooms:
        if subject is not None:
            done = await rooms.erasure.subject(request_id(), OPERATOR, subject, reason, revoke=revoke, dry_run=dry_run)
        else:
            with show.progress() as bar:
                task = bar.add_task("looking at documents", total=None)
                done = await rooms.erasure.value(
                    request_id(),
                    OPERATOR,
                    given or "",
                    reason,
                    type_=type_,
                    documents=documents,
                    dry_run=dry_run,
                    progress=lambda number: bar.update(task, completed=number),
                )
    if certificate is not None and done.certificate is not None:
        keysource.write_new(certificate, done.certificate)
    if as_json:
        told = done.certificate.decode() if done.certificate else None
        show.json({"dry_run": done.dry_run, "counts": dict(done.counts), "covered": done.covered, "certificate": told})
        return
    show.table(("place", "would be erased" if dry_run else "erased"), [(k, str(n)) for k, n in done.counts.items()])
    if done.certificate is not None and certificate is None:
        show.text(done.certificate.decode().rstrip("\n"))
    if not dry_run and not done.covered:
        show.say("no signed checkpoint covers the record of it yet: the certificate names none")
