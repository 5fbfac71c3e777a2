from __future__ import annotations

import base64
import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.crypto import KeyRing, SecretBytes, verify
from gateway.crypto.keyring import BARE, COMMITMENT, sealed_under
from gateway.crypto.seal import seal
from gateway.errors import BadKeyRing, Conflict, SealBroken

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def key(number: int) -> str:
    return base64.b64encode(bytes([number]) * 32).decode()


def document() -> dict[str, Any]:
    return {
        "version": 1,
        "root": key(1),
        "current": "k2",
        "keys": {"k1": {"secret": key(2), "created": "x"}, "k2": {"secret": key(3), "created": "x"}},
        "signing": {"secret": key(4), "created": "x"},
    }


def parsed(value: object) -> KeyRing:
    return KeyRing.parse(orjson.dumps(value), "ring")


def test_a_new_ring_is_private_and_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "keys" / "ring.json"
    made = KeyRing.create(path, now=lambda: NOW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]
    assert orjson.loads(path.read_bytes())["keys"]["k1"]["created"] == "2026-01-31T12:00:00+00:00"
    loaded = KeyRing.load(path)
    assert loaded.derive("p") == made.derive("p")
    assert loaded.stable("p") == made.stable("p")
    assert loaded.signer().public == made.signer().public


def test_mode_is_0600_under_any_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        KeyRing.create(tmp_path / "ring.json")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "ring.json").stat().st_mode) == 0o600


def test_a_ring_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "ring.json"
    KeyRing.create(path)
    before = path.read_bytes()
    with pytest.raises(Conflict):
        KeyRing.create(path)
    assert path.read_bytes() == before
    dangling = tmp_path / "link.json"
    dangling.symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(Conflict):
        KeyRing.create(dangling)
    assert sorted(tmp_path.iterdir()) == [dangling, path]


def test_it_prints_no_key(ring: KeyRing) -> None:
    assert repr(ring) == "KeyRing(current='k1')"


def test_sealed_under_the_current_key_and_opened_under_the_one_named() -> None:
    new = parsed(document())
    old = parsed(document() | {"current": "k1"})
    sealed = old.seal("vault", b"Jane Roe", b"row")
    assert sealed[:4] == b"\x12\x02k1"
    assert new.open("vault", sealed, b"row") == b"Jane Roe"
    assert new.seal("vault", b"Jane Roe", b"row")[:4] == b"\x12\x02k2"
    assert new.derive("vault", key_id="k1") == old.derive("vault")
    assert new.derive("vault") != old.derive("vault")


def test_what_is_stable_survives_rotation() -> None:
    assert parsed(document()).stable("token", b"t") == parsed(document() | {"current": "k1"}).stable("token", b"t")


def test_stable_and_rotating_keys_differ_even_for_equal_names(ring: KeyRing) -> None:
    keys = [ring.derive("p"), ring.stable("p"), ring.derive("p", b"c"), ring.derive("q"), ring.stable("p", b"c")]
    assert len({one.reveal() for one in keys}) == len(keys)


def test_purpose_context_and_associated_data_all_bind(ring: KeyRing) -> None:
    sealed = ring.seal("vault", b"x", b"row", b"tenant")
    assert ring.open("vault", sealed, b"row", b"tenant") == b"x"
    for purpose, aad, context in (("audit", b"row", b"tenant"), ("vault", b"r", b"tenant"), ("vault", b"row", b"t")):
        with pytest.raises(SealBroken):
            ring.open(purpose, sealed, aad, context)


def test_every_changed_or_missing_byte_is_noticed(ring: KeyRing) -> None:
    sealed = ring.seal("vault", b"Jane Roe", b"row")
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 0x01
        with pytest.raises(SealBroken):
            ring.open("vault", bytes(changed), b"row")
        with pytest.raises(SealBroken):
            ring.open("vault", sealed[:position], b"row")


def test_a_key_that_is_not_in_the_ring(ring: KeyRing) -> None:
    with pytest.raises(SealBroken, match="no key k2"):
        ring.open("vault", parsed(document()).seal("vault", b"x", b""), b"")
    with pytest.raises(SealBroken, match=r"no key \?"):
        ring.open("vault", b"\x11\x03\xff\n\x00" + bytes(60), b"")


def test_another_installations_ring_opens_nothing(tmp_path: Path, ring: KeyRing) -> None:
    other = KeyRing.create(tmp_path / "other.json")
    with pytest.raises(SealBroken):
        other.open("vault", ring.seal("vault", b"x", b""), b"")


def test_derived_keys_are_remembered_within_bounds(ring: KeyRing) -> None:
    first = ring.derive("p", b"0")
    for number in range(3000):
        ring.derive("p", str(number).encode())
    assert ring.derive("p", b"0") == first
    assert len(ring._derived) <= 1024


def test_signer_belongs_to_the_ring(ring: KeyRing) -> None:
    assert verify(ring.signer().public, ring.signer().sign(b"x"), b"x")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o610, 0o601, 0o620])
def test_a_ring_others_can_read_or_change_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a ring.json"
    KeyRing.create(path)
    path.chmod(mode)
    with pytest.raises(BadKeyRing) as caught:
        KeyRing.load(path)
    assert caught.value.hint == f"chmod 600 '{path}'"
    assert f"{mode:o}" in caught.value.message


def test_missing_folder_pipe_or_huge(tmp_path: Path) -> None:
    with pytest.raises(BadKeyRing, match="missing"):
        KeyRing.load(tmp_path / "none.json")
    with pytest.raises(BadKeyRing, match="not a file"):
        KeyRing.load(tmp_path)
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(BadKeyRing, match="not a file"):
        KeyRing.load(tmp_path / "pipe")
    (tmp_path / "huge").write_bytes(b" " * (1 << 21))
    (tmp_path / "huge").chmod(0o600)
    with pytest.raises(BadKeyRing, match="too large"):
        KeyRing.load(tmp_path / "huge")
    with pytest.raises(BadKeyRing, match="cannot be opened"):
        KeyRing.load(tmp_path / "huge" / "ring.json")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_root_reads_a_ring_that_another_user_owns(tmp_path: Path) -> None:
    path = tmp_path / "ring.json"
    made = KeyRing.create(path)
    os.chown(path, 65534, 65534)
    assert KeyRing.load(path).root == made.root


SECRET = key(9)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"version": 2}, "version"),
        ({"version": None}, "version"),
        ({"current": "k9"}, "current key"),
        ({"current": ["k1"]}, "current key"),
        ({"keys": {}}, "current key"),
        ({"keys": []}, "no keys"),
        ({"keys": {"k2": {"secret": "c2hvcnQ="}}}, "32 bytes"),
        ({"keys": {"k2": {"secret": SECRET + "="}}}, "32 bytes"),
        ({"keys": {"k2": {"secret": SECRET[:-4] + "é==="}}}, "32 bytes"),
        ({"keys": {"k2": SECRET}}, "32 bytes"),
        ({"keys": {"k2": {}}}, "32 bytes"),
        ({"keys": {"k2": {"secret": SECRET}, "bad id": {"secret": key(8)}}}, "id"),
        ({"keys": {"k2": {"secret": key(1)}}}, "twice"),
        ({"root": None}, "root key"),
        ({"signing": {"secret": 5}}, "signing key"),
        ({"signing": None}, "signing key"),
    ],
)
def test_a_ring_that_is_wrong_inside(change: dict[str, Any], says: str) -> None:
    with pytest.raises(BadKeyRing, match=says) as caught:
        parsed(document() | change)
    assert SECRET[:10] not in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"not json", b"[]", b"null", b'"x"', b"{}", b"\xff\xfe", b"{" * 3000])
def test_a_ring_that_is_not_one(data: bytes) -> None:
    with pytest.raises(BadKeyRing):
        KeyRing.parse(data, "ring")


def test_fixture_document_is_right() -> None:
    ring = parsed(document())
    assert ring.current == "k2"
    assert ring.keys["k1"] == SecretBytes(b"\x02" * 32)


def test_sealed_bytes_open_under_the_key_they_commit_to_alone(ring: KeyRing) -> None:
    sealed = ring.seal("vault", b"text", b"place")
    for at in range(4, 4 + COMMITMENT):
        changed = sealed[:at] + bytes((sealed[at] ^ 1,)) + sealed[at + 1 :]
        with pytest.raises(SealBroken):
            ring.open("vault", changed, b"place")
    other = ring.seal("kept value", b"text", b"place")
    assert other[4 : 4 + COMMITMENT] != sealed[4 : 4 + COMMITMENT]
    with pytest.raises(SealBroken):
        ring.open("vault", other, b"place")


def test_what_was_sealed_before_commitments_still_opens(ring: KeyRing) -> None:
    old = BARE + b"\x02k1" + seal(ring.derive("vault"), b"text", b"place")
    assert ring.open("vault", old, b"place") == b"text"


def content(number: int) -> SecretBytes:
    return SecretBytes(bytes([number]) * 32)


def test_with_a_content_key_the_rings_own_keys_only_wrap() -> None:
    ring = parsed(document())
    before = ring.seal("vault", b"Jane Roe", b"row")
    ring.adopt(parsed(document()), current="k2", content="content-1", contents={"content-1": content(9)})
    sealed, wrapped = ring.seal("vault", b"Jane Roe", b"row"), ring.wrap("data key", b"key", b"row")
    assert [sealed_under(one) for one in (before, sealed, wrapped)] == ["k2", "content-1", "k2"]
    assert sealed_under(ring.wrap("data key", b"key", b"row", under="k1")) == "k1"
    assert ring.open("vault", before, b"row") == ring.open("vault", sealed, b"row") == b"Jane Roe"
    assert [sealed_under(one) for one in (b"", b"\x12", b"\x01\x02k1", b"\x12\x00")] == ["", "", "", ""]


def test_a_ring_adopts_only_itself() -> None:
    ring = parsed(document())
    other = document() | {"root": key(7)}
    another = document()
    another["keys"]["k1"]["secret"] = key(8)
    kept = {"current": "k2", "content": "", "contents": {}}
    for wrong, how in (
        (other, kept),
        (another, kept),
        (document(), kept | {"current": "k9"}),
        (document(), kept | {"content": "content-1"}),
        (document(), kept | {"contents": {"k1": content(9)}}),
    ):
        with pytest.raises(BadKeyRing):
            ring.adopt(parsed(wrong), **how)  # type: ignore[arg-type]
        assert (ring.current, sorted(ring.keys), dict(ring.contents)) == ("k2", ["k1", "k2"], {})
    ring.adopt(parsed(document()), current="k2", content="c", contents={"c": content(9)})
    with pytest.raises(BadKeyRing):
        ring.adopt(parsed(document()), current="k2", content="c", contents={"c": content(10)})


def test_a_key_that_is_given_up_opens_nothing_any_more() -> None:
    ring = parsed(document())
    sealed = ring.wrap("p", b"x", b"", under="k1")
    assert ring.open("p", sealed, b"") == b"x"
    ring.adopt(ring.without(["k1", "k2"]), current="k2", content="", contents={})
    assert list(ring.keys) == ["k2"]
    with pytest.raises(SealBroken, match="no key k1"):
        ring.open("p", sealed, b"")
