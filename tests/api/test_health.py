"""Liveness and readiness."""

from __future__ import annotations

import httpx

from tests.world import World


def test_alive_and_ready_without_a_key(world: World) -> None:
    assert httpx.get(f"{world.url}/healthz").json() == {"status": "ok"}
    ready = httpx.get(f"{world.url}/readyz")
    assert ready.status_code == 200
    assert set(ready.json()["checks"].values()) == {"ok"}
    assert ready.json()["policy"].startswith("sha256:")
