"""Checks over whole rules: names that no other file knows, rules without effect, and locking everybody out."""

from __future__ import annotations

from gateway.model import EVERYONE
from gateway.policy.access_file import AccessFile, Rule
from gateway.policy.enforcer import Enforcement
from gateway.policy.findings import Findings, shown
from gateway.policy.names import ACCESS_FILE, MODEL_FILE, did_you_mean
from gateway.policy.routing_file import check_entity, is_typo

MAX_CHAIN = 8
"""The longest chain of `g` lines; stock Casbin stops at ten."""
MAX_RULES = 2000
"""Casbin looks at each rule for each new question: 2,000 take some 20 ms."""
MIN_TYPO = 4
"""Shorter names of collections are too easily alike."""


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


def check_collections(file: AccessFile, named: frozenset[str], found: Findings) -> None:
    """A collection that one rule alone names and that looks like another; `named` are those routing.yaml names.

    Collections are made at run time, so that no file can say which exist.
    """
    uses: dict[str, list[int]] = {}
    for rule in file.rules[:MAX_RULES]:
        kind, _, name = rule.object.partition(":")
        name = name.rpartition("@")[2] if kind == "entity" else name
        if kind in {"collection", "entity"} and "*" not in name:
            uses.setdefault(name, []).append(rule.line)
    shapes: dict[str, set[str]] = {}
    for name in {*uses, *named}:
        for shape in _shapes(name):
            shapes.setdefault(shape, set()).add(name)
    for name, lines in uses.items():
        if len(lines) > 1 or name in named or len(name) < MIN_TYPO:
            continue
        alike = {other for shape in _shapes(name) for other in shapes[shape]}
        near = sorted(other for other in alike if is_typo(name, other) and _letters(name) != _letters(other))
        if near:
            message = f"only this rule names the collection {shown(name)}"
            found.warn("odd-collection", ACCESS_FILE, lines[0], message, f"did you mean {near[0]}?")


def _shapes(name: str) -> set[str]:
    """The name, and the name with any one character left out: two that are a slip apart have one of these in common."""
    return {name, *(name[:at] + name[at + 1 :] for at in range(len(name)))}


def _letters(name: str) -> str:
    """A name without its digits: team1 and team2 are not typos of each other."""
    return "".join(char for char in name if not char.isdigit())


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
    """Rules that change nothing, and too many of them."""
    if len(file.rules) > MAX_RULES:
        hint = "permission on single documents belongs to the documents"
        found.error("too-many-rules", ACCESS_FILE, file.rules[MAX_RULES].line, f"more than {MAX_RULES} rules", hint)
        return
    wide = {rule.subject: file.names((rule.subject,)) | {EVERYONE} for rule in file.rules}
    by_subject: dict[str, list[Rule]] = {}
    for rule in file.rules:
        by_subject.setdefault(rule.subject, []).append(rule)
    for rule in file.rules:
        for other in (other for subject in wide[rule.subject] for other in by_subject.get(subject, ())):
            if other.line == rule.line or not other.covers(rule.object, rule.action):
                continue
            same = (other.subject, other.object, other.action) == (rule.subject, rule.object, rule.action)
            if same and other.effect == rule.effect:
                if other.line < rule.line:
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

    def may(mark: str) -> Rule | None:
        allowed, rule = enforcement.ask(file.names((EVERYONE, mark)), "admin:policy", "activate")
        return rule if allowed else None

    try:
        everyone = may(EVERYONE)
        someone = any(may(mark) for mark in sorted(marks) if mark.startswith(("role:", "group:")))
    except Exception:  # noqa: BLE001 - an engine that cannot evaluate the rules refuses the bundle
        found.error("bad-model", MODEL_FILE, 0, "the matcher cannot be evaluated over these rules")
        return
    if everyone is not None:
        found.warn("open-admin", ACCESS_FILE, everyone.line, "every caller may activate a policy")
    elif not someone:
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
        ("objects", names, "model:probed", "use"),
        ("objects", names, "model:prob", "use"),
        ("objects", names, "collection:probe", "use"),
        ("actions", names, "model:probe", "read"),
        ("actions", names, "model:probe", "used"),
    )
    try:
        if not enforcement.ask(names, "model:probe", "use")[0]:
            found.error("bad-model", MODEL_FILE, 0, "the matcher does not let even an exactly fitting rule apply")
        for what, who, obj, action in strangers:
            if enforcement.ask(who, obj, action)[0]:
                found.error("open-matcher", MODEL_FILE, 0, f"the matcher lets a rule reach {what} it does not name")
    except Exception:  # noqa: BLE001 - an engine that cannot evaluate the matcher refuses the bundle
        found.error("bad-model", MODEL_FILE, 0, "the matcher cannot be evaluated")
