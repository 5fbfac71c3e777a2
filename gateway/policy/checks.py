"""Checks over whole rules: names that no other file knows, rules without effect, and locking everybody out."""

from __future__ import annotations

from gateway.model import EVERYONE
from gateway.policy.access_file import AccessFile, Rule
from gateway.policy.enforcer import Enforcement
from gateway.policy.findings import Findings, shown
from gateway.policy.names import ACCESS_FILE, MODEL_FILE, did_you_mean
from gateway.policy.routing_file import check_entity

MAX_CHAIN = 8
"""The longest chain of `g` lines; stock Casbin stops at ten."""


def check_names(file: AccessFile, labels: tuple[str, ...], entities: tuple[str, ...], found: Findings) -> None:
    """Labels that routing.yaml lists (none: not known), entity types that can be found, roles that are declared."""
    for rule in file.rules:
        kind, _, name = rule.object.partition(":")
        if kind == "label" and labels and "*" not in name and name not in labels:
            found.error("unknown-label", ACCESS_FILE, rule.line, f"no label {shown(name)}", did_you_mean(name, labels))
        if kind == "entity" and "*" not in (entity := name.partition("@")[0]):
            check_entity(None, entity, entities, found, ACCESS_FILE, rule.line)
    if not file.roles:
        return
    uses = [(rule.line, rule.subject) for rule in file.rules]
    uses += [(link.line, mark) for link in file.links for mark in (link.child, link.parent)]
    for line, mark in uses:
        role = mark.removeprefix("role:")
        if mark.startswith("role:") and role not in file.roles:
            message = f"no role line declares {shown(role)}"
            found.error("unknown-role", ACCESS_FILE, line, message, did_you_mean(role, file.roles))


def check_links(file: AccessFile, found: Findings) -> None:
    """No circle and no endless chain among `g` lines."""
    parents: dict[str, list[str]] = {}
    for link in file.links:
        parents.setdefault(link.child, []).append(link.parent)
    for link in file.links:
        level, reached = {link.parent}, {link.parent}
        for _ in range(MAX_CHAIN):
            level = {parent for mark in level for parent in parents.get(mark, ())} - reached
            reached |= level
        if link.child in reached:
            found.error("role-cycle", ACCESS_FILE, link.line, f"{shown(link.child)} inherits from itself")
        elif level:
            found.error("role-cycle", ACCESS_FILE, link.line, f"a chain of more than {MAX_CHAIN} g lines starts here")


def check_effects(file: AccessFile, found: Findings) -> None:
    """Rules that change nothing."""
    wide = {rule.subject: file.names((rule.subject,)) | {EVERYONE} for rule in file.rules}
    for at, rule in enumerate(file.rules):
        for other_at, other in enumerate(file.rules):
            if other_at == at or other.subject not in wide[rule.subject] or not other.covers(rule.object, rule.action):
                continue
            same = (other.subject, other.object, other.action) == (rule.subject, rule.object, rule.action)
            if same and other.effect == rule.effect:
                if other_at < at:
                    found.warn("duplicate-rule", ACCESS_FILE, rule.line, f"line {other.line} says the same")
            elif rule.effect == "allow" and other.effect == "deny":
                message = f"line {other.line} denies all of this, so the allow has no effect"
                found.warn("shadowed-rule", ACCESS_FILE, rule.line, message)
            elif rule.effect == other.effect:
                verb = "allows" if rule.effect == "allow" else "denies"
                found.warn("redundant-rule", ACCESS_FILE, rule.line, f"line {other.line} already {verb} this")


def check_lock_out(file: AccessFile, enforcement: Enforcement, found: Findings) -> None:
    """Some role or group can still activate a policy, and not simply everyone."""
    marks = {rule.subject for rule in file.rules} | {link.child for link in file.links}

    def may(mark: str) -> bool:
        names = file.names((EVERYONE, mark))
        return enforcement.ask(names, "admin:policy", "activate")[0]

    if may(EVERYONE):
        line = next(r.line for r in file.rules if r.subject == EVERYONE and r.covers("admin:policy", "activate"))
        found.warn("open-admin", ACCESS_FILE, line, "every caller may activate a policy")
    elif not any(may(mark) for mark in sorted(marks) if mark.startswith(("role:", "group:"))):
        hint = "keep a line such as `p, admin, admin:policy, activate, allow`"
        found.error("lock-out", ACCESS_FILE, 0, "no role could activate the next policy", hint)


def check_matcher(model_text: str, found: Findings) -> None:
    """Ask the matcher what a rule must never reach: another caller, another object, another action."""
    probe = Rule(1, "role:probe", "model:probe", "use", "allow")
    enforcement = Enforcement(model_text, [probe])
    names = frozenset({EVERYONE, "role:probe"})
    strangers = (
        ("callers", frozenset({EVERYONE, "role:other"}), "model:probe", "use"),
        ("callers", frozenset[str](), "model:probe", "use"),
        ("objects", names, "model:other", "use"),
        ("objects", names, "collection:probe", "use"),
        ("actions", names, "model:probe", "read"),
    )
    try:
        if not enforcement.ask(names, "model:probe", "use")[0]:
            found.error("bad-model", MODEL_FILE, 0, "the matcher does not let even an exactly fitting rule apply")
        for what, who, obj, action in strangers:
            if enforcement.ask(who, obj, action)[0]:
                found.error("open-matcher", MODEL_FILE, 0, f"the matcher lets a rule reach {what} it does not name")
    except Exception:  # noqa: BLE001 - an engine that cannot evaluate the matcher refuses the bundle
        found.error("bad-model", MODEL_FILE, 0, "the matcher cannot be evaluated")
