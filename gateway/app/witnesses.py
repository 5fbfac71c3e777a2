"""Witnesses of the audit log, as configured."""

from __future__ import annotations

from gateway.audit import NotProven, VerifierKey
from gateway.audit.witness import Witness
from gateway.audit.witnesses.command import CommandWitness
from gateway.audit.witnesses.database import DatabaseWitness
from gateway.audit.witnesses.file import FileWitness
from gateway.audit.witnesses.http import HttpWitness
from gateway.errors import BadSettings
from gateway.settings import Settings, WitnessEntry


def witnesses(settings: Settings) -> list[Witness]:
    """Those of `audit.witnesses`. Raises BadSettings, naming the entry."""
    return [_witness(settings, number, entry) for number, entry in enumerate(settings.audit.witnesses)]


def _witness(settings: Settings, number: int, entry: WitnessEntry) -> Witness:
    def lacks(what: str) -> BadSettings:
        return BadSettings(f"audit.witnesses[{number}] of kind {entry.kind} needs {what}")

    if entry.kind == "file":
        if entry.path is None:
            raise lacks("path")
        return FileWitness(settings.data_dir / entry.path)
    if entry.kind == "command":
        if not entry.command:
            raise lacks("command")
        return CommandWitness(entry.command, timeout_s=entry.timeout_s)
    if entry.kind == "database":
        if entry.dsn is None:
            raise lacks("dsn")
        return DatabaseWitness(entry.dsn.get_secret_value(), timeout_s=entry.timeout_s)
    if not entry.url:
        raise lacks("url")
    try:
        key = VerifierKey.parse(entry.key)
    except NotProven as reason:
        raise BadSettings(f"audit.witnesses[{number}].key cannot be used: {reason}") from None
    return HttpWitness(entry.url, key, timeout_s=entry.timeout_s)
