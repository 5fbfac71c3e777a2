"""`gateway key …`: API keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from gateway.cli import show
from gateway.cli.root import OPERATOR, AsJson, Config, house, request_id, run
from gateway.crypto import Secret
from gateway.errors import Invalid
from gateway.identity import KeyInfo
from gateway.model import Json

app = typer.Typer(no_args_is_help=True, help="Create, list, revoke and rotate API keys.")
Which = Annotated[str, typer.Argument(help="The key's id or name.")]


@app.command("create")
@run
async def create(
    name: Annotated[str, typer.Option(help="Who or what will use it.")],
    role: Annotated[list[str] | None, typer.Option(help="A role of the policy; may be repeated.")] = None,
    group: Annotated[list[str] | None, typer.Option(help="A group; may be repeated.")] = None,
    expires: Annotated[str | None, typer.Option(help="A number of days (`30d`), or a time with zone.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make a key. Its secret is shown once, here."""
    until = _until(expires, datetime.now(UTC))
    async with house(config) as rooms:
        info, secret = await rooms.credentials.create(request_id(), OPERATOR, name, role or [], group or [], until)
    _once(info, secret, as_json=as_json)


@app.command("list")
@run
async def list_(config: Config = None, as_json: AsJson = False) -> None:
    """List keys, never their secrets."""
    async with house(config) as rooms:
        infos = await rooms.credentials.all(request_id(), OPERATOR)
    if as_json:
        show.json([_plain(info) for info in infos])
        return
    columns = ("id", "name", "roles", "groups", "created", "expires", "revoked")
    show.table(columns, [tuple(_plain(info)[column] for column in columns) for info in infos])


@app.command("revoke")
@run
async def revoke(key: Which, config: Config = None, as_json: AsJson = False) -> None:
    """End a key now."""
    async with house(config) as rooms:
        info = await rooms.credentials.revoke(request_id(), OPERATOR, key)
    if as_json:
        show.json(_plain(info))
    else:
        show.text(f"revoked {info.name} ({info.id})")


@app.command("rotate")
@run
async def rotate(key: Which, config: Config = None, as_json: AsJson = False) -> None:
    """Give a key a new secret; the old one ends now."""
    async with house(config) as rooms:
        info, secret = await rooms.credentials.rotate(request_id(), OPERATOR, key)
    _once(info, secret, as_json=as_json)


def _once(info: KeyInfo, secret: Secret, *, as_json: bool) -> None:
    if as_json:
        show.json({**_plain(info), "secret": secret.reveal()})
        return
    show.say(f"key {info.id} for {info.name}; the secret below is shown this once")
    show.text(secret.reveal())


def _plain(info: KeyInfo) -> Json:
    def when(value: datetime | None) -> str | None:
        return value.strftime("%Y-%m-%dT%H:%M:%SZ") if value else None

    return {
        "id": info.id,
        "name": info.name,
        "roles": ", ".join(sorted(info.roles)),
        "groups": ", ".join(sorted(info.groups)),
        "created": when(info.created_at),
        "expires": when(info.expires_at),
        "revoked": when(info.revoked_at),
    }


def _until(text: str | None, now: datetime) -> datetime | None:
    if text is None:
        return None
    try:
        if text.endswith("d") and text[:-1].isdecimal():
            return now + timedelta(days=int(text[:-1]))
        when = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise Invalid(f"--expires {text} is no time", hint="give days like 30d, or 2027-01-31T12:00:00Z") from None
    return when if when.tzinfo else when.replace(tzinfo=UTC)
