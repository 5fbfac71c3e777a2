from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
import string
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from gateway.crypto.keyring import KeyRing
from gateway.errors import Conflict, Invalid, NotFound, Unauthenticated
from gateway.identity import Keys
from gateway.identity.credentials import BASE62, PREFIX, checksum
from gateway.identity.keys import CACHE_FOR
from gateway.model import Principal
from gateway.store import Store, open_store


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 5, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def on(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(database: Store, ring: KeyRing, clock: Clock) -> Keys:
    return Keys(database, ring, clock)


@pytest.fixture
async def elsewhere(database_url: str, ring: KeyRing, clock: Clock) -> AsyncIterator[Keys]:
    """The same keys as another process sees them."""
    store = await open_store(database_url, Path("unused"))
    try:
        yield Keys(store, ring, clock)
    finally:
        await store.close()


async def refused(keys: Keys, secret: str) -> Unauthenticated:
    with pytest.raises(Unauthenticated) as caught:
        await keys.authenticate(secret)
    return caught.value


async def test_a_key_stands_for_its_caller(keys: Keys) -> None:
    info, secret = await keys.create("hana", ["hr", "employee", "hr"], ["people"], tenant="acme")
    assert await keys.authenticate(secret.reveal()) == Principal(
        id=info.id, name="hana", roles=frozenset({"hr", "employee"}), groups=frozenset({"people"}), tenant="acme"
    )
    (listed,) = await keys.list()
    assert (listed.name, listed.roles, listed.revoked_at) == ("hana", ("employee", "hr"), None)


async def test_expiry_is_checked_on_every_use_also_of_a_remembered_key(keys: Keys, clock: Clock) -> None:
    _, secret = await keys.create("temp", expires_at=clock() + timedelta(seconds=3))
    clock.on(2.9)
    await keys.authenticate(secret.reveal())
    clock.on(0.1)
    await refused(keys, secret.reveal())


async def test_a_date_that_is_past_or_without_a_zone_is_refused(keys: Keys, clock: Clock) -> None:
    for when in (clock(), clock() - timedelta(days=1), datetime(2030, 1, 1)):  # noqa: DTZ001
        with pytest.raises(Invalid):
            await keys.create("x", expires_at=when)


async def test_revoking_counts_here_at_once_and_elsewhere_within_the_bound(
    keys: Keys, elsewhere: Keys, clock: Clock
) -> None:
    info, secret = await keys.create("bo")
    for view in (keys, elsewhere):
        await view.authenticate(secret.reveal())
    revoked = await keys.revoke("bo")
    assert (revoked.id, revoked.revoked_at) == (info.id, clock())
    await refused(keys, secret.reveal())
    clock.on(CACHE_FOR.total_seconds())
    await refused(elsewhere, secret.reveal())


async def test_who_listens_knows_of_a_revocation_in_a_moment(keys: Keys, elsewhere: Keys) -> None:
    _, secret = await keys.create("bo")
    await elsewhere.start()
    try:
        await elsewhere.authenticate(secret.reveal())
        await keys.revoke("bo")
        start = time.monotonic()
        while True:
            try:
                await elsewhere.authenticate(secret.reveal())
            except Unauthenticated:
                break
            assert time.monotonic() - start < 30, "the clock of the cache stands still in this test"
            await asyncio.sleep(0.01)
    finally:
        await elsewhere.close()


async def test_a_clock_set_back_does_not_keep_a_revoked_key_alive(keys: Keys, elsewhere: Keys, clock: Clock) -> None:
    _, secret = await keys.create("bo")
    await elsewhere.authenticate(secret.reveal())
    await keys.revoke("bo")
    clock.on(-3600)
    await refused(elsewhere, secret.reveal())


async def test_rotating_ends_the_old_secret_and_keeps_the_rest(keys: Keys, clock: Clock) -> None:
    info, old = await keys.create("svc", ["employee"], ["bots"], clock() + timedelta(days=9), "acme")
    await keys.authenticate(old.reveal())
    clock.on(60)
    fresh, new = await keys.rotate(info.id)
    assert fresh.id != info.id
    assert (fresh.name, fresh.roles, fresh.groups, fresh.expires_at, fresh.tenant) == (
        *(info.name, info.roles, info.groups),
        *(info.expires_at, info.tenant),
    )
    await refused(keys, old.reveal())
    assert (await keys.authenticate(new.reveal())).name == "svc"
    assert [key.id for key in await keys.list()] == [fresh.id]
    assert len(await keys.list(revoked=True)) == 2


async def test_names_are_unique_among_keys_in_force(keys: Keys) -> None:
    await keys.create("bo")
    with pytest.raises(Conflict, match="a key named bo exists"):
        await keys.create("bo")
    await keys.revoke("bo")
    await keys.create("bo")
    results = await asyncio.gather(*(keys.create("same") for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(result, Conflict) for result in results) == 4


@pytest.mark.parametrize("name", ["", "a,b", "a\nb", "*", "role:x", "x" * 65, " a", "gw_abc"])
async def test_names_that_policy_could_not_mention(keys: Keys, name: str) -> None:
    with pytest.raises(Invalid):
        await keys.create(name)
    with pytest.raises(Invalid):
        await keys.create("fine", [name])


async def test_ending_what_is_not_there_does_not_repeat_a_pasted_secret(keys: Keys) -> None:
    _, secret = await keys.create("bo")
    for wrong in ("nobody", secret.reveal()):
        with pytest.raises(NotFound) as caught:
            await keys.revoke(wrong)
        assert secret.reveal() not in str(caught.value)
    with pytest.raises(NotFound):
        await keys.rotate("nobody")


async def test_wrong_secrets_are_all_refused_in_the_same_words(keys: Keys, clock: Clock) -> None:
    info, secret = await keys.create("bo")
    _, revoked = await keys.create("gone")
    await keys.revoke("gone")
    _, expired = await keys.create("late", expires_at=clock() + timedelta(seconds=1))
    clock.on(2)
    body = f"{PREFIX}{info.id}_" + "A" * 32
    guessed = f"{body}_{checksum(body)}"
    unknown_body = f"{PREFIX}zzzzzzzz_" + "A" * 32
    unknown = f"{unknown_body}_{checksum(unknown_body)}"
    typo = secret.reveal()[:-1] + ("0" if secret.reveal()[-1] != "0" else "1")
    answers = {
        str(await refused(keys, text)) for text in (guessed, unknown, typo, revoked.reveal(), expired.reveal(), "")
    }
    assert len(answers) == 1
    assert (await keys.authenticate(secret.reveal())).name == "bo"


async def test_ten_thousand_pieces_of_junk_are_refused(keys: Keys) -> None:
    await keys.create("bo")
    asked = 0
    original = keys._read

    async def counted(key_id: str, now: datetime) -> object:
        nonlocal asked
        asked += 1
        return await original(key_id, now)

    keys._read = counted  # type: ignore[assignment,method-assign]
    alphabet = string.printable + "é漢\u202e\x00\ud800"
    for number in range(10_000):
        if number % 2:
            text = "".join(secrets.choice(alphabet) for _ in range(secrets.randbelow(60)))
        else:
            parts = (8, 32, 6)
            text = "gw_" + "_".join("".join(secrets.choice(BASE62) for _ in range(size)) for size in parts)
        await refused(keys, text)
    assert asked == 0, "random junk must not reach the database"


async def test_comparison_is_constant_time_and_happens_for_unknown_ids_too(
    keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[int, int]] = []

    def spy(one: bytes, two: bytes) -> bool:
        compared.append((len(one), len(two)))
        return hmac.compare_digest(one, two)

    monkeypatch.setattr("gateway.identity.keys.hmac", type("Spied", (), {"compare_digest": staticmethod(spy)}))
    info, secret = await keys.create("bo")
    await keys.authenticate(secret.reveal())
    for key_id in (info.id, "zzzzzzzz"):
        body = f"{PREFIX}{key_id}_" + "B" * 32
        await refused(keys, f"{body}_{checksum(body)}")
    assert compared == [(32, 32)] * 3


async def test_the_secret_is_nowhere_but_in_the_callers_hand(
    keys: Keys, database: Store, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(0):
        info, secret = await keys.create("bo")
        await keys.authenticate(secret.reveal())
        await refused(keys, secret.reveal()[:-1] + "!")
        _, rotated = await keys.rotate("bo")
    rows = await database.fetch("SELECT to_jsonb(api_keys)::text AS row, encode(hash, 'escape') AS hash FROM api_keys")
    assert len(rows) == 2
    held = [caplog.text, repr(info), repr(keys), repr(keys._known), repr(await keys.list(revoked=True))]
    held += [value for row in rows for value in (row["row"], row["hash"])]
    for text in (secret.reveal(), rotated.reveal()):
        body = text.split("_")[2]
        assert not [place for place in held if text in place or body in place]


async def test_another_key_ring_knows_none_of_the_keys(
    keys: Keys, database: Store, tmp_path: Path, clock: Clock
) -> None:
    _, secret = await keys.create("bo")
    stranger = Keys(database, KeyRing.create(tmp_path / "other" / "ring.json"), clock)
    await refused(stranger, secret.reveal())


async def test_use_is_noted_to_the_minute(keys: Keys, clock: Clock) -> None:
    _, secret = await keys.create("bo")
    first = clock()
    await keys.authenticate(secret.reveal())
    clock.on(10)
    await keys.authenticate(secret.reveal())
    assert (await keys.list())[0].last_used_at == first
    clock.on(60)
    await keys.authenticate(secret.reveal())
    assert (await keys.list())[0].last_used_at == clock()


async def test_a_remembered_key_needs_no_database(keys: Keys, database: Store, clock: Clock) -> None:
    _, secret = await keys.create("bo")
    await keys.authenticate(secret.reveal())
    await database.execute("DELETE FROM api_keys")
    clock.on(4.9)
    assert (await keys.authenticate(secret.reveal())).name == "bo"
    clock.on(0.2)
    await refused(keys, secret.reveal())


def test_nothing_is_logged_by_this_room() -> None:
    assert "gateway.identity" not in logging.Logger.manager.loggerDict


async def test_dates_are_kept_in_utc_and_those_out_of_range_refused(keys: Keys) -> None:
    west = timezone(timedelta(hours=-14))
    info, _ = await keys.create("far", expires_at=datetime(9998, 12, 31, 23, tzinfo=west))
    assert info.expires_at == datetime(9999, 1, 1, 13, tzinfo=UTC)
    assert info.expires_at.tzinfo is UTC
    with pytest.raises(Invalid, match="out of range"):
        await keys.create("farther", expires_at=datetime(9999, 12, 31, 23, 59, 59, tzinfo=west))
    with pytest.raises(Invalid, match="out of range"):
        await keys.create("earlier", expires_at=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))))


async def test_an_id_with_a_character_that_cannot_be_stored_is_the_senders_mistake(keys: Keys) -> None:
    with pytest.raises(Invalid, match="cannot be stored"):
        await keys.revoke("\0")
