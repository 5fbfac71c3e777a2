"""access.csv: lines into rules, role links and declared roles, each with its line number.

role, employee, Everyone who works here       a role that exists; with any such line, every role used must be declared
p, employee, model:*, use, allow              who, what, may do what, allow or deny
g, group:people-team, hr                      whoever is the first is also the second
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gateway.model import EVERYONE
from gateway.policy.findings import Findings, shown
from gateway.policy.names import ACCESS_FILE, ACTIONS, ADMIN_ACTIONS, did_you_mean, glob, is_entity_type

_NAME: Final = re.compile(r"[\w@+-][\w .@+-]{0,63}")
_EFFECTS: Final = ("allow", "deny")
_KINDS: Final = ("role", "group", "user")


@dataclass(frozen=True, slots=True)
class Rule:
    """One `p` line. `subject` is a caller's mark (`*`, `role:x`, `group:x`, `user:x`)."""

    line: int
    subject: str
    object: str
    action: str
    effect: str

    @property
    def where(self) -> str:
        """File and line."""
        return f"{ACCESS_FILE}:{self.line}"

    @property
    def text(self) -> str:
        """The rule as one would write it."""
        return f"p, {self.subject.removeprefix('role:')}, {self.object}, {self.action}, {self.effect}"

    def covers(self, obj: str, action: str) -> bool:
        """Whether the rule speaks about this object and action, or about every object of a narrower pattern."""
        return glob(obj, self.object) and glob(action, self.action)


@dataclass(frozen=True, slots=True)
class Link:
    """One `g` line: every caller who is `child` is also `parent`."""

    line: int
    child: str
    parent: str


@dataclass(frozen=True, slots=True)
class AccessFile:
    """Everything access.csv says."""

    rules: tuple[Rule, ...]
    links: tuple[Link, ...]
    roles: dict[str, str]
    """Declared role -> what it is for."""

    def names(self, marks: tuple[str, ...]) -> frozenset[str]:
        """A caller's marks and everything these inherit."""
        parents: dict[str, list[str]] = {}
        for link in self.links:
            parents.setdefault(link.child, []).append(link.parent)
        known, todo = set(marks), list(marks)
        while todo:
            for parent in parents.get(todo.pop(), ()):
                if parent not in known:
                    known.add(parent)
                    todo.append(parent)
        return frozenset(known)

    @property
    def used_roles(self) -> frozenset[str]:
        """Every role that a line declares or uses, without the `role:` in front."""
        marks = {rule.subject for rule in self.rules} | {m for link in self.links for m in (link.child, link.parent)}
        return frozenset(self.roles) | {mark[5:] for mark in marks if mark.startswith("role:")}


class _Line:
    """One line being read."""

    def __init__(self, number: int, fields: list[str], found: Findings) -> None:
        self.number, self.fields, self.found = number, fields, found

    def error(self, code: str, message: str, hint: str = "") -> None:
        self.found.error(code, ACCESS_FILE, self.number, message, hint)

    def subject(self, text: str) -> str | None:
        """A subject as a caller's mark; None when it cannot be one."""
        if text == EVERYONE:
            return EVERYONE
        kind, colon, name = text.partition(":")
        if not colon:
            kind, name = "role", text
        if kind not in _KINDS:
            self.error("bad-rule", f"{shown(text)} names no caller", did_you_mean(kind, _KINDS))
            return None
        if not _NAME.fullmatch(name):
            self.error("bad-rule", f"{shown(text) or 'an empty field'} is no name of a caller")
            return None
        return f"{kind}:{name}"

    def role(self) -> tuple[str, str] | None:
        if len(self.fields) < 2 or not _NAME.fullmatch(self.fields[1]):
            self.error("bad-rule", "a role line is `role, name, what it is for`")
            return None
        return self.fields[1], ", ".join(self.fields[2:])

    def link(self) -> Link | None:
        if len(self.fields) != 3:
            self.error("bad-rule", f"a g line has 2 values, not {len(self.fields) - 1}", "write `g, group:x, role`")
            return None
        child, parent = self.subject(self.fields[1]), self.subject(self.fields[2])
        if child is None or parent is None:
            return None
        if EVERYONE in (child, parent) or parent.startswith("user:"):
            self.error("bad-rule", "a g line leads from a user, group or role to a role or group", "use `p, *, ...`")
            return None
        return Link(self.number, child, parent)

    def rule(self) -> Rule | None:
        if len(self.fields) != 5:
            hint = "write `p, who, what, action, allow`"
            self.error("bad-rule", f"a p line has 4 values, not {len(self.fields) - 1}", hint)
            return None
        _, who, obj, action, effect = self.fields
        before = self.found.errors
        subject = self.subject(who)
        self._object(obj)
        self._action(*obj.partition(":")[::2], action)
        if effect not in _EFFECTS:
            self.error("unknown-effect", f"{shown(effect)} is neither allow nor deny", did_you_mean(effect, _EFFECTS))
        if subject is None or self.found.errors > before:
            return None
        return Rule(self.number, subject, obj, action, effect)

    def _object(self, obj: str) -> None:
        kind, colon, name = obj.partition(":")
        if kind not in ACTIONS or not colon:
            self.error("unknown-object", f"{shown(obj)} is of no known kind", did_you_mean(kind, ACTIONS))
        elif not name or not name.isprintable():
            self.error("unknown-object", f"{shown(obj)} names no {kind}", f"`{kind}:*` means every one")
        elif kind == "entity":
            self._entity(name)
        elif kind == "collection" and "@" in name:
            self.error("unknown-object", f"{shown(obj)}: a collection's name holds no @")
        elif kind == "admin" and "*" not in name and name not in ADMIN_ACTIONS:
            self.error(
                "unknown-object", f"there is no area {shown(name)} to administer", did_you_mean(name, ADMIN_ACTIONS)
            )

    def _entity(self, name: str) -> None:
        kind, at, collection = name.partition("@")
        if not at or not collection or "@" in collection:
            self.error("unknown-object", f"entity:{shown(name)} is badly formed", "write `entity:TYPE@collection`")
        elif not is_entity_type(kind.replace("*", "X")):
            hint = f"write {kind.upper()}" if is_entity_type(kind.upper()) else ""
            self.error("unknown-object", f"{shown(kind)} is no entity type", hint)

    def _action(self, kind: str, name: str, action: str) -> None:
        known = ADMIN_ACTIONS.get(name, ACTIONS["admin"]) if kind == "admin" else ACTIONS.get(kind, ())
        if known and action not in known and action != "*":
            what = f"admin:{shown(name)}" if kind == "admin" else f"a {kind}"
            self.error("unknown-action", f"nobody asks to {shown(action)} {what}", did_you_mean(action, (*known, "*")))


def read_access(text: str, found: Findings) -> AccessFile:
    """Parse access.csv; whatever cannot be read becomes a finding and is left out."""
    rules: list[Rule] = []
    links: list[Link] = []
    roles: dict[str, str] = {}
    for number, raw in enumerate(text.splitlines(), start=1):
        content = "" if raw.lstrip().startswith("#") else re.split(r"\s#", raw, maxsplit=1)[0].strip()
        if not content:
            continue
        line = _Line(number, [field.strip() for field in content.split(",")], found)
        match line.fields[0]:
            case "p":
                if (rule := line.rule()) is not None:
                    rules.append(rule)
            case "g":
                if (link := line.link()) is not None:
                    links.append(link)
            case "role":
                if (role := line.role()) is not None:
                    roles[role[0]] = role[1]
            case other:
                line.error(
                    "bad-rule", f"a line cannot start with {shown(other)}", did_you_mean(other, ("p", "g", "role"))
                )
    if not any(raw.strip() and not raw.lstrip().startswith("#") for raw in text.splitlines()):
        found.error("empty-policy", ACCESS_FILE, 0, "no rule at all, so nobody may do anything")
    return AccessFile(tuple(rules), tuple(links), roles)
