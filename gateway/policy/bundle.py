"""Policy files, read and checked as a whole, into one frozen Bundle; or refused as a whole, with every finding."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from gateway.errors import BadPolicy
from gateway.model import (
    Decision,
    Filter,
    Finding,
    Principal,
    PrivacyPolicy,
    RoutingPolicy,
    Sensitivity,
    Zone,
    join_findings,
)
from gateway.policy import checks, names
from gateway.policy.access import Access, Explanation
from gateway.policy.access_file import AccessFile, read_access
from gateway.policy.enforcer import Enforcement
from gateway.policy.findings import Findings, shown
from gateway.policy.matcher import read_model
from gateway.policy.privacy_file import read_privacy
from gateway.policy.reader import decode
from gateway.policy.routing_file import read_routing
from gateway.policy.tests_file import (
    AccessCase,
    PrivacyCase,
    RoutingCase,
    read_access_tests,
    read_privacy_tests,
    read_routing_tests,
)


@dataclass(frozen=True, slots=True)
class Cases:
    """The rows of the test files."""

    access: tuple[AccessCase, ...] = ()
    routing: tuple[RoutingCase, ...] = ()
    privacy: tuple[PrivacyCase, ...] = ()


@dataclass(frozen=True, slots=True)
class Bundle:
    """Access, routing and privacy policy of one digest. Made by `build` only; nothing in it ever changes."""

    digest: str
    """`sha256:<hex>` over file names and bytes."""
    files: Mapping[str, bytes]
    routing: RoutingPolicy
    privacy: PrivacyPolicy
    roles: Mapping[str, str]
    """Every role a rule uses or a `role` line declares -> what it is for."""
    warnings: tuple[Finding, ...]
    cases: Cases
    access: Access

    def decide(self, principal: Principal, obj: str, action: str) -> Decision:
        """Whether the caller may do `action` on `obj` (`model:auto`, `collection:hr`, ...). Never raises."""
        return self.access.decide(principal, obj, action)

    def plan(self, principal: Principal, collections: Sequence[str], known: Sequence[str]) -> Filter:
        """What the caller may read of the collections asked for; none asked for means all of `known`."""
        return self.access.plan(principal, collections, known, self.routing.labels)

    def explain(self, principal: Principal, obj: str, action: str) -> Explanation:
        """The decision with every rule that matched."""
        return self.access.explain(principal, obj, action)

    def reveals(self, principal: Principal, entity_type: str, collection: str) -> bool:
        """Whether originals of this type that come from this collection may be shown to the caller."""
        return self.decide(principal, f"entity:{entity_type}@{collection}", "reveal").allowed

    def privacy_source(self) -> bytes:
        """The files that say what is found: privacy.yaml and those it names."""
        more = sorted(name for name in self.files if name not in names.FILES)
        return b"".join(self.files.get(name, b"") for name in (names.PRIVACY_FILE, *more))

    def zones(self, sensitivity: Sensitivity) -> frozenset[Zone]:
        """The zones that may receive a request this sensitive: what every label, entity type and content allows.

        Without a label the default label counts; an unknown label allows nothing.
        """
        allowed = self._zones_before_refusal(sensitivity)
        blocks = self.privacy.blocks
        return frozenset(zone for zone in allowed if not any(blocks(kind, zone) for kind in sensitivity.entities))

    def refused_types(self, sensitivity: Sensitivity) -> tuple[str, ...]:
        """Entity types of the request that privacy.yaml keeps from a zone it could otherwise reach, sorted."""
        allowed = self._zones_before_refusal(sensitivity)
        blocks = self.privacy.blocks
        return tuple(sorted(kind for kind in sensitivity.entities if any(blocks(kind, zone) for zone in allowed)))

    def _zones_before_refusal(self, sensitivity: Sensitivity) -> frozenset[Zone]:
        allowed = frozenset(Zone)
        for label in sensitivity.labels or {self.routing.default_label}:
            allowed &= self.routing.zones.get(label, frozenset())
        for entity in sensitivity.entities:
            allowed &= self.routing.entity_zones.get(entity, frozenset(Zone))
        return allowed & self.routing.unscannable_zones if sensitivity.unscannable else allowed


def load_files(directory: Path) -> dict[str, bytes]:
    """The policy files of a directory: name -> bytes. Files that look like policy under another name come along.

    Raises BadPolicy when the directory cannot be read.
    """
    files: dict[str, bytes] = {}
    try:
        for path in sorted(directory.iterdir()):
            looks_like = path.suffix in {".yaml", ".yml", ".csv", ".conf"} and not path.name.startswith(".")
            if path.is_file() and (path.name in names.FILES or looks_like):
                with path.open("rb") as file:
                    files[path.name] = file.read(names.MAX_FILE_BYTES + 1)
    except OSError as error:
        hint = f"it must be a readable directory with {', '.join(names.REQUIRED_FILES)}"
        raise BadPolicy(f"the policy directory {directory} cannot be read", hint=hint) from error
    return files


def digest_of(files: Mapping[str, bytes]) -> str:
    """The name of a set of files: SHA-256 over names and contents, each with its length in front."""
    state = hashlib.sha256(b"gateway policy bundle 1\n")
    for name in sorted(files):
        for part in (name.encode(), files[name]):
            state.update(len(part).to_bytes(8, "big"))
            state.update(part)
    return f"sha256:{state.hexdigest()}"


def check(files: Mapping[str, bytes]) -> list[Finding]:
    """Everything wrong or doubtful in a set of files, errors first."""
    return list(_read(files)[1])


def build(files: Mapping[str, bytes]) -> Bundle:
    """Read, check and freeze. Call it in a thread from a server.

    It takes tens of milliseconds of CPU, and about as much for each pattern that this process has not checked yet.
    Raises BadPolicy that lists every error with file and line.
    """
    bundle, found = _read(files)
    if bundle is None:
        errors = [finding for finding in found if finding.severity == "error"]
        count = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
        hint = "mend the files; nothing was changed"
        raise BadPolicy(f"the policy has {count}:\n{join_findings(errors)}\n", hint=hint)
    return bundle


def _read(files: Mapping[str, bytes]) -> tuple[Bundle | None, tuple[Finding, ...]]:
    found = Findings()
    texts = _texts(files, found)
    model = read_model(texts[names.MODEL_FILE], found) if names.MODEL_FILE in texts else None
    access = read_access(texts[names.ACCESS_FILE], found) if names.ACCESS_FILE in texts else None
    others = {name: text for name, text in texts.items() if name not in names.FILES}
    read = read_privacy(texts[names.PRIVACY_FILE], found, others) if names.PRIVACY_FILE in texts else None
    privacy = read.policy if read is not None else None
    if read is not None or names.PRIVACY_FILE not in texts:
        _unknown(others, read.presidio if read is not None else (), found)
    custom = tuple(recognizer.type for recognizer in privacy.recognizers) if privacy else ()
    entities = (*names.ENTITY_TYPES, *custom)
    routing = read_routing(texts[names.ROUTING_FILE], found, entities) if names.ROUTING_FILE in texts else None
    if access is not None:
        checks.check_names(access, routing.labels if routing is not None else (), entities, found)
        bound = [assistant.collections for assistant in routing.assistants.values()] if routing is not None else []
        checks.check_collections(access, frozenset().union(*bound), found)
        checks.check_links(access, found)
        checks.check_effects(access, found)
    if model is not None:
        checks.check_matcher(model, found)
    cases = _cases(texts, found, access, routing, entities)
    if access is not None and access.rules and model is not None and not found.errors:
        checks.check_lock_out(access, Enforcement(model, access.rules), found)
    if access is None or routing is None or privacy is None or model is None or found.errors:
        return None, found.sorted()
    digest = digest_of(files)
    roles = {role: access.roles.get(role, "") for role in sorted(access.used_roles)}
    bundle = Bundle(
        digest=digest,
        files=MappingProxyType(dict(files)),
        routing=routing,
        privacy=privacy,
        roles=MappingProxyType(roles),
        warnings=found.sorted(),
        cases=cases,
        access=Access(access, model, digest),
    )
    return bundle, bundle.warnings


def _texts(files: Mapping[str, bytes], found: Findings) -> dict[str, str]:
    for name in sorted(files):
        if name not in names.FILES and not names.is_file_name(name):
            hint = names.did_you_mean(name, names.FILES)
            found.error("unknown-file", shown(name), 0, "not a file of a policy bundle", hint)
        elif len(files[name]) > names.MAX_FILE_BYTES:
            found.error("file-too-large", name, 0, f"larger than {names.MAX_FILE_BYTES} bytes")
    for name in names.REQUIRED_FILES:
        if name not in files:
            found.error("missing-file", name, 0, "the file is missing")
    small = {name: raw for name, raw in files.items() if len(raw) <= names.MAX_FILE_BYTES}
    legal = (*names.FILES, *(name for name in sorted(small) if name not in names.FILES and names.is_file_name(name)))
    return {name: text for name in legal if (text := decode(small, name, found)) is not None}


def _unknown(others: Iterable[str], named: Iterable[str], found: Findings) -> None:
    """Files that look like policy and that nothing names: most likely a misspelt name."""
    for name in sorted(set(others) - set(named)):
        near = names.nearest(name, names.FILES, 0.8)
        hint = (
            f"did you mean {near}?"
            if near
            else "a file of Presidio recognizers is named in privacy.yaml, under presidio"
        )
        found.error("unknown-file", name, 0, "not a file of a policy bundle", hint)


def _cases(
    texts: Mapping[str, str],
    found: Findings,
    access: AccessFile | None,
    routing: RoutingPolicy | None,
    entities: tuple[str, ...],
) -> Cases:
    """The test files, as far as there is something to hold them against."""
    read = Cases()
    if names.ACCESS_TESTS in texts and access is not None:
        read = Cases(access=read_access_tests(texts[names.ACCESS_TESTS], found, access.used_roles))
    if names.ROUTING_TESTS in texts and routing is not None:
        rows = read_routing_tests(texts[names.ROUTING_TESTS], found, routing, entities)
        read = Cases(read.access, rows)
    if names.PRIVACY_TESTS in texts:
        read = Cases(read.access, read.routing, read_privacy_tests(texts[names.PRIVACY_TESTS], found, entities))
    return read
