"""API keys: made, listed, revoked and rotated by who may, with every act on record and no secret in any."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gateway.crypto import Secret
from gateway.govern.guard import Guard
from gateway.identity import KeyInfo, Keys
from gateway.model import Principal


class Credentials:
    """Administration of API keys."""

    def __init__(self, keys: Keys, guard: Guard) -> None:
        self._keys = keys
        self._guard = guard

    async def create(
        self,
        request: str,
        principal: Principal,
        name: str,
        roles: Sequence[str],
        groups: Sequence[str],
        expires_at: datetime | None,
    ) -> tuple[KeyInfo, Secret]:
        """A new key; the secret is returned once and kept nowhere."""
        await self._guard.permit(request, principal, "keys", "edit")
        detail = {"key": name, "roles": sorted(roles), "groups": sorted(groups)}
        await self._guard.record("intent", request, principal, "key.create", detail)
        info, secret = await self._keys.create(name, roles, groups, expires_at, tenant=principal.tenant)
        await self._guard.record("outcome", request, principal, "key.create", {**detail, "id": info.id})
        return info, secret

    async def all(self, request: str, principal: Principal) -> list[KeyInfo]:
        """Every key, without secrets."""
        await self._guard.permit(request, principal, "keys", "read")
        return await self._keys.list()

    async def revoke(self, request: str, principal: Principal, key: str) -> KeyInfo:
        """End a key, by id or name."""
        await self._guard.permit(request, principal, "keys", "edit")
        await self._guard.record("intent", request, principal, "key.revoke", {"key": key})
        info = await self._keys.revoke(key)
        await self._guard.record("outcome", request, principal, "key.revoke", {"id": info.id})
        return info

    async def rotate(self, request: str, principal: Principal, key: str) -> tuple[KeyInfo, Secret]:
        """A new secret for a key, by id or name; the old one ends at once."""
        await self._guard.permit(request, principal, "keys", "edit")
        await self._guard.record("intent", request, principal, "key.rotate", {"key": key})
        info, secret = await self._keys.rotate(key)
        await self._guard.record("outcome", request, principal, "key.rotate", {"id": info.id})
        return info, secret
