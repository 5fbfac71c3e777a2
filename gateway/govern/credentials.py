"""API keys: made, listed, revoked and rotated by who may, with every act on record and no secret in any."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gateway.crypto import Secret
from gateway.errors import Invalid
from gateway.govern.guard import Guard
from gateway.identity import KeyInfo, Keys, recordable
from gateway.model import Json, Principal


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
        """A new key; the secret is returned once and kept nowhere.

        Raises Invalid for a role that the policy in force does not know, and as `Keys.create` does.
        """
        await self._guard.permit(request, principal, "keys", "edit")
        known = self._guard.roles
        for role in roles:
            if role not in known:
                hint = "known: " + ", ".join(sorted(known))
                raise Invalid(f"no role named {recordable(role)}", hint=hint, param="roles")
        detail: Json = {
            "key_roles": sorted(roles),
            "key_groups": sorted(recordable(group) for group in groups),
        }
        # A key's name may be a person's: it is sealed like whatever people write, and the id stands for the key.
        content = {"key": recordable(name)}
        async with self._guard.recorded(request, principal, "key.create", detail, content) as outcome:
            info, secret = await self._keys.create(name, roles, groups, expires_at, tenant=principal.tenant)
            outcome["id"] = info.id
        return info, secret

    async def all(self, request: str, principal: Principal) -> list[KeyInfo]:
        """Every key, without secrets."""
        await self._guard.permit(request, principal, "keys", "read")
        found = await self._keys.list()
        await self._guard.record("event", request, principal, "key.list", {"keys": len(found)})
        return found

    async def revoke(self, request: str, principal: Principal, key: str) -> KeyInfo:
        """End a key, by id or name; a whole key pasted counts as its id. Raises NotFound."""
        await self._guard.permit(request, principal, "keys", "edit")
        key = recordable(key)
        async with self._guard.recorded(request, principal, "key.revoke", {}, {"key": key}) as outcome:
            info = await self._keys.revoke(key)
            outcome["id"] = info.id
        return info

    async def rotate(self, request: str, principal: Principal, key: str) -> tuple[KeyInfo, Secret]:
        """A new secret for a key, by id or name or the whole key; the old one ends at once. Raises NotFound."""
        await self._guard.permit(request, principal, "keys", "edit")
        key = recordable(key)
        async with self._guard.recorded(request, principal, "key.rotate", {}, {"key": key}) as outcome:
            info, secret = await self._keys.rotate(key)
            outcome["id"] = info.id
        return info, secret
