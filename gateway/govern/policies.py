"""A policy's way into force: checked, tested, recorded, swapped in every worker, acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from gateway.errors import BadPolicy, Invalid
from gateway.govern.guard import ITSELF, Guard
from gateway.identity import recordable
from gateway.model import Finding, Json, Principal
from gateway.policy import (
    Activation,
    Bundle,
    Current,
    Explanation,
    TestOutcome,
    Version,
    Versions,
    build,
    check,
    run_tests_of,
)
from gateway.redaction import Redactor

MAX_NOTE: Final = 500
MAX_ROLES: Final = 64
"""Of the roles somebody asks about, how many a record holds."""


class Policies:
    """Policy edits and questions about policy."""

    def __init__(self, current: Current, versions: Versions, guard: Guard, redactor: Redactor) -> None:
        self._current = current
        self._versions = versions
        self._guard = guard
        self._redactor = redactor

    async def check(self, request: str, principal: Principal, files: Mapping[str, bytes]) -> list[Finding]:
        """What is wrong with a bundle; empty when nothing is. Nothing is stored."""
        await self._guard.permit(request, principal, "policy", "read")
        return await asyncio.to_thread(check, files)

    async def test(self, files: Mapping[str, bytes]) -> list[TestOutcome]:
        """Run the `*_test.yaml` tables of a bundle. Raises BadPolicy when it cannot be built."""
        return await self._test(await asyncio.to_thread(build, files))

    async def explain(self, request: str, principal: Principal, asked: Principal, obj: str, action: str) -> Explanation:
        """Why `asked` may or may not; for who may read policies."""
        await self._guard.permit(request, principal, "policy", "read")
        told = await asyncio.to_thread(self._current.bundle.explain, asked, obj, action)
        detail: Json = {
            "object": recordable(obj),
            "object_action": recordable(action),
            "asked_roles": [recordable(role) for role in sorted(asked.roles)][:MAX_ROLES],
            "allowed": told.decision.allowed,
        }
        await self._guard.record("event", request, principal, "policy.explain", detail)
        return told

    async def active(self, request: str, principal: Principal) -> Json:
        """The bundle in force: {"digest", "files": {name: text}}."""
        await self._guard.permit(request, principal, "policy", "read")
        bundle = self._current.bundle
        await self._guard.record("event", request, principal, "policy.read", {"read": bundle.digest})
        return {"digest": bundle.digest, "files": {name: raw.decode() for name, raw in bundle.files.items()}}

    async def history(self, request: str, principal: Principal) -> list[Version]:
        """Every version, newest first."""
        await self._guard.permit(request, principal, "policy", "read")
        found = await self._versions.history()
        await self._guard.record("event", request, principal, "policy.history", {"versions": len(found)})
        return found

    async def first(self, request: str, files: Mapping[str, bytes]) -> Activation | None:
        """Put a bundle in force where none ever was, nobody having asked; None where one is in force.

        Processes that start together do the same thing. Raises BadPolicy with every finding.
        """
        if self._current.ready:
            return None
        digest = (await asyncio.to_thread(build, files)).digest
        return await self._enact(request, ITSELF, "policy.activate", digest, files, "the first policy")

    async def activate(self, request: str, principal: Principal, files: Mapping[str, bytes], note: str) -> Activation:
        """Put a bundle in force everywhere.

        note: why, for the history; one line. Raises BadPolicy with every finding, or when one of its tests fails.
        """
        await self._guard.permit(request, principal, "policy", "activate")
        if len(note) > MAX_NOTE or not note.isprintable():
            raise Invalid(
                f"a note is one line of {MAX_NOTE} characters at most, without control characters", param="note"
            )
        digest = await self._prove(request, principal, files)
        return await self._enact(request, principal, "policy.activate", digest, files, note)

    async def rollback(self, request: str, principal: Principal, to: str | None) -> Activation:
        """Put an earlier version back: the one named by digest or number, else the one before the current."""
        await self._guard.permit(request, principal, "policy", "activate")
        target = await self._versions.find(to) if to is not None else await self._versions.before()
        return await self._enact(request, principal, "policy.rollback", target.digest)

    async def _test(self, bundle: Bundle) -> list[TestOutcome]:
        return await asyncio.to_thread(run_tests_of, bundle, lambda text: self._redactor.spans_in(text, bundle.privacy))

    async def _prove(self, request: str, principal: Principal, files: Mapping[str, bytes]) -> str:
        """Build and test; the bundle's digest."""
        try:
            bundle = await asyncio.to_thread(build, files)
            failed = [outcome for outcome in await self._test(bundle) if outcome.status == "failed"]
        except BadPolicy as error:
            await self._guard.record(
                "refusal", request, principal, "policy.activate", {"code": error.code, "reason": "findings"}
            )
            raise
        if failed:
            await self._guard.record(
                "refusal", request, principal, "policy.activate", {"code": BadPolicy.code, "tests_failed": len(failed)}
            )
            lines = "\n".join(f"{o.where}: {o.name}: expected {o.expected}, got {o.got}" for o in failed)
            raise BadPolicy(
                f"{len(failed)} policy tests fail:\n{lines}", hint="mend the rules or the tests beside them"
            )
        return bundle.digest

    async def _enact(
        self,
        request: str,
        principal: Principal,
        action: str,
        digest: str,
        files: Mapping[str, bytes] | None = None,
        note: str = "",
    ) -> Activation:
        """Store `files` where they are given, and put the digest in force, between intent and outcome."""
        before = self._current.bundle.digest if self._current.ready else None
        async with self._guard.recorded(request, principal, action, {"from": before, "to": digest}) as outcome:
            if files is not None:
                await self._versions.submit(files, principal.name, note)
            done = await self._versions.activate(digest, principal.name)
            outcome.update(acknowledged=list(done.acknowledged), missing=list(done.missing))
        return done
