from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.errors import BadPolicy, Conflict, NotFound
from gateway.policy import Versions, build
from gateway.store import Store
from tests.policy.samples import ACCESS, caller, files

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def versions(database: Store) -> Versions:
    return Versions(database, lambda: NOON)


async def test_nothing_is_in_force_at_first(versions: Versions) -> None:
    assert await versions.active() is None
    assert await versions.history() == []
    with pytest.raises(NotFound, match="no earlier policy"):
        await versions.rollback("ada")


async def test_submitting_keeps_the_exact_files_and_activating_puts_them_in_force(versions: Versions) -> None:
    made = files()
    version = await versions.submit(made, "ada", "first")
    assert (version.number, version.author, version.note, version.created_at) == (1, "ada", "first", NOON)
    assert not version.active
    assert await versions.active() is None
    assert await versions.files("1") == made
    activation = await versions.activate(version.digest, "bob")
    assert (activation.number, activation.previous, activation.acknowledged, activation.missing) == (1, None, (), ())
    bundle = await versions.active()
    assert bundle is not None
    assert bundle.digest == build(made).digest == version.digest
    assert bundle.decide(caller("staff"), "model:auto", "use")
    (now,) = await versions.history()
    assert (now.active, now.activated_by, now.activated_at) == (True, "bob", NOON)


async def test_the_same_files_are_the_same_version(versions: Versions) -> None:
    first = await versions.submit(files(), "ada", "one")
    again = await versions.submit(files(), "bob", "two")
    assert again == first
    other = await versions.submit(files(access=ACCESS + "# more\n"), "bob", "three")
    assert [version.number for version in await versions.history()] == [2, 1]
    assert other.digest != first.digest


async def test_a_policy_with_a_typo_is_not_kept(versions: Versions) -> None:
    with pytest.raises(BadPolicy, match=r"access\.csv:1: error: unknown-object"):
        await versions.submit(files(access="p, staff, modle:*, use, allow\n"), "ada")
    assert await versions.history() == []


async def test_rolling_back_and_forth(versions: Versions) -> None:
    digests = [(await versions.submit(files(access=ACCESS + f"# {n}\n"), "ada")).digest for n in range(3)]
    for digest in digests:
        await versions.activate(digest, "ada")
    back = await versions.rollback("bob")
    assert (back.digest, back.previous) == (digests[1], digests[2])
    forth = await versions.rollback("bob")
    assert forth.digest == digests[2]
    assert (await versions.rollback("bob", "1")).digest == digests[0]
    assert (await versions.rollback("bob", digests[2][:20])).digest == digests[2]
    active = await versions.active()
    assert active is not None
    assert active.digest == digests[2]


async def test_finding_by_number_digest_or_its_beginning(versions: Versions, database: Store) -> None:
    version = await versions.submit(files(), "ada")
    for ref in (
        "1",
        version.digest,
        version.digest.removeprefix("sha256:"),
        version.digest[:15],
        version.digest.upper(),
    ):
        assert await versions.find(ref) == version
    for ref in ("2", "sha256:" + "0" * 64, version.digest[:12], "", "nonsense", "%", "\u0661", "99999999999999999999"):
        with pytest.raises(NotFound):
            await versions.find(ref)
    await database.execute(
        "INSERT INTO policy_versions (number, digest, author, note, created_at) VALUES (7, $1, 'x', '', now())",
        version.digest[:-1] + ("0" if version.digest[-1] != "0" else "1"),
    )
    with pytest.raises(Conflict):
        await versions.find(version.digest[:20])


async def test_files_changed_in_the_database_are_refused(versions: Versions, database: Store) -> None:
    version = await versions.submit(files(), "ada")
    await database.execute(
        "UPDATE policy_files SET content = content || 'p, *, model:*, use, allow\n'::bytea WHERE name = 'access.csv'"
    )
    with pytest.raises(BadPolicy, match="do not match their digest"):
        await versions.activate(version.digest, "ada")
    assert await versions.active() is None
