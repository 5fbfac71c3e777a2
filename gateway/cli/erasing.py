"""`gateway audit erase`: a person, values, or both, out of everything the gateway keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import show
from gateway.cli.root import OPERATOR, AsJson, Config, house, request_id, run
from gateway.crypto import keysource
from gateway.errors import Invalid

HINT = (
    "what the subject said is all of his that this reaches: values in documents, and in what others asked, are erased"
    " with --value, in the same run or another"
)


@run
async def erase(
    reason: Annotated[str, typer.Option(help="Why, on one line; it goes into the record.")],
    subject: Annotated[str | None, typer.Option(help="A principal's id, or a key's name: what he asked.")] = None,
    value: Annotated[
        list[str] | None,
        typer.Option(help="A personal value; `-` reads one a line from standard input; repeatable."),
    ] = None,
    type_: Annotated[str | None, typer.Option("--type", help="Only as this entity type. Default: every type.")] = None,
    documents: Annotated[str, typer.Option(help="keep: write over the value; delete: delete what holds it.")] = "keep",
    revoke: Annotated[bool, typer.Option("--revoke", help="End the subject's keys too.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    certificate: Annotated[Path | None, typer.Option(help="Write the signed certificate to a new file.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Forget a person, values, or both, for good, on record. Backups made before hold it still: see docs/audit.md."""
    if certificate is not None and certificate.exists():
        raise Invalid(f"{certificate} exists already", param="certificate")
    values = _values(value or [])
    if subject is None and not values:
        raise Invalid("name a subject or a value", hint="give --subject, --value or both", param="subject")
    async with house(config) as rooms:
        with show.progress() as bar:
            task = bar.add_task("looking at documents", total=None, visible=bool(values))
            done = await rooms.erasure.erase(
                request_id(),
                OPERATOR,
                reason,
                subject=subject,
                values=values,
                type_=type_,
                documents=documents,
                revoke=revoke,
                dry_run=dry_run,
                progress=lambda number: bar.update(task, completed=number),
            )
    if certificate is not None and done.certificate is not None:
        keysource.write_new(certificate, done.certificate)
    hint = HINT if not values else None
    if as_json:
        note = done.certificate.decode() if done.certificate else None
        told = {"dry_run": done.dry_run, "counts": dict(done.counts), "covered": done.covered, "certificate": note}
        show.json(told | ({"hint": hint} if hint else {}))
        return
    show.table(("place", "would be erased" if dry_run else "erased"), [(k, str(n)) for k, n in done.counts.items()])
    if done.certificate is not None and certificate is None:
        show.text(done.certificate.decode().rstrip("\n"))
    if hint:
        show.say(hint)
    if not dry_run and not done.covered:
        show.say("no signed checkpoint covers the record of it yet: the certificate names none")


def _values(given: list[str]) -> list[str]:
    """Each `-` stands for the lines of standard input, which can be read once."""
    lines = typer.get_text_stream("stdin").read().splitlines() if "-" in given else []
    values = [one for one in given if one != "-"] + [line for line in lines if line.strip()]
    if given and not values:
        raise Invalid("no value was given", hint="write one a line", param="value")
    return values
