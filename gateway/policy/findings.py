"""Collecting what checks find, so that everything wrong is told at once and with its place."""

from __future__ import annotations

from typing import Final

from gateway.model import Finding

CODES: Final[dict[str, str]] = {
    "missing-file": "A file every bundle needs is not there.",
    "unknown-file": "A file the gateway does not read; most likely a misspelt name.",
    "file-too-large": "Over 1 MB.",
    "not-utf8": "The file is not UTF-8 text.",
    "bad-yaml": "The file is not YAML, or uses anchors and aliases.",
    "duplicate-key": "A key stands twice in one mapping; only one would count.",
    "unknown-key": "A key the gateway does not know here.",
    "missing-key": "A key that must be there is not.",
    "bad-value": "A value of the wrong kind or out of range.",
    "bad-model": "model.conf does not define the request, rule, role, effect and matcher the gateway works with.",
    "unknown-attribute": "The matcher names an attribute or function that does not exist.",
    "open-matcher": "The matcher lets a rule reach callers, objects or actions it was not written for.",
    "bad-rule": "A line of access.csv that cannot be read.",
    "empty-policy": "access.csv has no rule at all.",
    "unknown-object": "An object of no known kind, or badly formed.",
    "unknown-action": "An action that nobody ever asks about this kind of object.",
    "unknown-effect": "Neither allow nor deny.",
    "unknown-role": "A role that no `role` line declares.",
    "unknown-label": "A label that routing.yaml does not list.",
    "unknown-zone": "Not one of local, private, external.",
    "unknown-entity": "An entity type that no recognizer is known to find.",
    "role-cycle": "Roles that inherit from each other in a circle, or in too long a chain.",
    "too-many-rules": "More rules than can be looked through for every question.",
    "odd-collection": "A collection that a single rule names and that is spelt almost like another.",
    "duplicate-rule": "The same rule twice.",
    "redundant-rule": "An allow that a broader allow already gives.",
    "shadowed-rule": "An allow that a deny always overrides.",
    "lock-out": "No role could activate the next policy.",
    "open-admin": "A right to administer that every caller would have.",
    "label-without-zone": "A label whose data no model may receive.",
    "looser-label": "A more sensitive label may reach a zone that a less sensitive one may not.",
    "privacy-off": "Personal data would leave as it stands.",
    "not-looked-at": "Documents that speak to a model come in unmarked.",
    "one-way-method": "A value replaced in this way cannot return.",
    "bad-pattern": "A regular expression that does not compile, is too long or matches nothing.",
    "slow-pattern": "A regular expression that can take more than linear time on hostile text.",
    "broad-pattern": "A regular expression that matches nearly everything.",
    "unknown-recognizer": "A Presidio recognizer that does not exist.",
    "not-honoured": "Something in a Presidio file that has no effect here.",
    "bad-assistant": "An assistant whose name or model cannot work.",
}
"""Check code -> what it means. Every message starts with its code; docs/policies.md explains each."""


class Findings:
    """A growing list of findings. Give a code of `CODES`, the file, a line (1-based, 0 for the file as a whole)."""

    def __init__(self) -> None:
        self._all: dict[Finding, None] = {}

    def error(self, code: str, file: str, line: int, message: str, hint: str = "") -> None:
        """Something that keeps the bundle from being used."""
        self._add("error", code, file, line, message, hint)

    def warn(self, code: str, file: str, line: int, message: str, hint: str = "") -> None:
        """Something that is legal and probably not meant."""
        self._add("warning", code, file, line, message, hint)

    def _add(self, severity: str, code: str, file: str, line: int, message: str, hint: str) -> None:
        if code not in CODES:
            raise KeyError(code)
        where = f"{file}:{line}" if line else file
        self._all[Finding(severity, where, f"{code}: {message}", hint)] = None

    @property
    def errors(self) -> int:
        """How many errors so far."""
        return sum(finding.severity == "error" for finding in self._all)

    def sorted(self) -> tuple[Finding, ...]:
        """Everything found: errors first, then by file and line."""

        def key(finding: Finding) -> tuple[bool, str, int]:
            file, _, line = finding.where.partition(":")
            return finding.severity != "error", file, int(line or 0)

        return tuple(sorted(self._all, key=key))


def shown(text: str, limit: int = 60) -> str:
    """A piece of a policy file, shortened and printable, for a message."""
    flat = "".join(char if char.isprintable() else "?" for char in text)
    return flat if len(flat) <= limit else flat[:limit] + "..."
