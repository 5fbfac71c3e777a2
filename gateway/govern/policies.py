"""A policy's way into force: checked, tested, recorded, swapped in every worker, acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from gateway.errors import BadPolicy, GatewayError
from gateway.govern.guard import Guard
from gateway.model import Finding, Json, Principal
from gateway.policy import Activation, Current, Explanation, TestOutcome, Version, Versions, build, check, run_tests_of
from gateway.redaction import Redactor


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
        return check(files)

    async def test(self, files: Mapping[str, bytes]) -> list[TestOutcome]:
        """Run the `*_test.yaml` tables of a bundle. Raises BadPolicy when it cannot be built."""
        bundle = await asyncio.to_thread(build, files)
        return await asyncio.to_thread(run_tests_of, bundle, lambda text: self._redactor.types_in(text, bundle.privacy))

    async def explain(self, request: str, principal: Principal, asked: Principal, obj: str, action: str) -> Explanation:
        """Why `asked` may or may not; for who may read policies."""
        await self._guard.permit(request, principal, "policy", "read")
        return self._current.bundle.explain(asked, obj, action)

    async def active(self, request: str, principal: Principal) -> Json:
        """The bundle in force: {"digest", "files": {name: text}}."""
        await self._guard.permit(request, principal, "policy", "read")
        bundle = self._current.bundle
        return {"digest": bundle.digest, "files": {name: raw.decode() for name, raw in bundle.files.items()}}

    async def history(self, request: str, principal: Principal) -> list[Version]:
        """Every version, newest first."""
        await self._guard.permit(request, principal, "policy", "read")
        return await self._versions.history()

    async def activate(self, request: str, principal: Principal, files: Mapping[str, bytes], note: str) -> Activation:
        """Put a bundle in force everywhere. Raises BadPolicy with every finding, or when one of its tests fails."""
        await self._guard.permit(request, principal, "policy", "activate")
        await self._prove(request, principal, files)
        version = await self._versions.submit(files, principal.name, note)
        return await self._enact(request, principal, "policy.activate", version.digest)

    async def rollback(self, request: str, principal: Principal, to: str | None) -> Activation:
        """Put an earlier version back: the one named by digest or number, else the one before the current."""
        await self._guard.permit(request, principal, "policy", "activate")
        target = await self._versions.find(to) if to is not None else await self._versions.before()
        return await self._enact(request, principal, "policy.rollback", target.digest)

    async def _prove(self, request: str, principal: Principal, files: Mapping[str, bytes]) -> None:
        try:
            failed = [outcome for outcome in await self.test(files) if outcome.status == "failed"]
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

    async def _enact(self, request: str, principal: Principal, action: str, digest: str) -> Activation:
        before = self._current.bundle.digest
        await self._guard.record("intent", request, principal, action, {"from": before, "to": digest})
        try:
            done = await self._versions.activate(digest, principal.name)
        except GatewayError as error:
            await self._guard.failed(request, principal, action, error)
            raise
        await self._guard.record(
            "outcome",
            request,
            principal,
            action,
            {"to": digest, "acknowledged": list(done.acknowledged), "missing": list(done.missing)},
        )
        return done
