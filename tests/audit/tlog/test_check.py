"""Notes, checkpoints and proofs as files: what is accepted, and that nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audit.tlog.check import (
    Checkpoint,
    NotProven,
    Proof,
    VerifierKey,
    leaf_hash,
    open_checkpoint,
    parse_note,
    signers,
)
from gateway.audit.tlog.notes import cosign, log_key, render, sign, witness_key
from gateway.crypto.sign import Signer
from gateway.errors import Invalid

# A note published with the Go project's checksum database.
PUBLISHED_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PUBLISHED = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()

ORIGIN = "example.org/gateway/audit"


@pytest.fixture
def signer() -> Signer:
    return Signer.generate()


@pytest.fixture
def checkpoint() -> Checkpoint:
    return Checkpoint(ORIGIN, 12, leaf_hash(b"root"))


def test_a_published_note_verifies() -> None:
    key = VerifierKey.parse(PUBLISHED_KEY)
    assert signers(parse_note(PUBLISHED), [key]) == {key: None}
    assert str(key) == PUBLISHED_KEY


def test_a_published_note_with_another_text_does_not() -> None:
    key = VerifierKey.parse(PUBLISHED_KEY)
    with pytest.raises(NotProven, match="does not hold"):
        signers(parse_note(PUBLISHED.replace(b"answer", b"answers")), [key])


def test_a_checkpoint_and_its_witness(signer: Signer, checkpoint: Checkpoint) -> None:
    log = log_key(ORIGIN, signer.public)
    other = Signer.generate()
    witness = witness_key("witness.example/w1", other.public)
    note = sign(checkpoint, signer) + cosign(checkpoint, witness.name, other, 1_700_000_000).encode()
    assert open_checkpoint(note, log, [witness]) == (checkpoint, {"witness.example/w1": 1_700_000_000})
    assert open_checkpoint(note, log) == (checkpoint, {})


def test_a_witness_alone_does_not_vouch_for_the_log(signer: Signer, checkpoint: Checkpoint) -> None:
    log = log_key(ORIGIN, signer.public)
    witness = witness_key("witness.example/w1", signer.public)
    note = f"{checkpoint}\n{cosign(checkpoint, witness.name, signer, 5)}".encode()
    with pytest.raises(NotProven, match="not signed by the log"):
        open_checkpoint(note, log, [witness])


def test_a_checkpoint_of_another_log_under_this_key(signer: Signer, checkpoint: Checkpoint) -> None:
    log = log_key(ORIGIN, signer.public)
    note = sign(checkpoint, signer).decode()
    forged = Checkpoint("example.org/other", 12, checkpoint.root)
    line = sign(forged, signer).decode().rsplit("\n\n", 1)[1].replace("example.org/other", ORIGIN)
    with pytest.raises(NotProven):
        open_checkpoint(f"{forged}\n{line}".encode(), log)
    with pytest.raises(NotProven):
        open_checkpoint(note.replace("\n12\n", "\n13\n").encode(), log)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_byte_of_a_checkpoint_may_change(data: st.DataObject) -> None:
    seed = Signer.generate()
    log = log_key(ORIGIN, seed.public)
    whole = sign(Checkpoint(ORIGIN, 12, leaf_hash(b"root")), seed)
    at = data.draw(st.integers(0, len(whole) - 1))
    bad = bytes([data.draw(st.integers(0, 255).filter(lambda n: n != whole[at]))])
    with pytest.raises(NotProven):
        open_checkpoint(whole[:at] + bad + whole[at + 1 :], log)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\n",
        b"text\n",
        b"text\n\n",
        b"text\n\nno dash\n",
        "text\n\n\u2014 name\n".encode(),
        "text\n\n\u2014 name AAAA".encode(),
        "text\n\n\u2014 na+me AAAAAAAA\n".encode(),
        "te\x00xt\n\n\u2014 name AAAAAAAA\n".encode(),
        b"\xff\xfe",
        "text\n\n\u2014 name AAAA!AAA\n".encode(),
    ],
)
def test_what_is_no_note(text: bytes) -> None:
    with pytest.raises(NotProven):
        parse_note(text)


@pytest.mark.parametrize(
    "text", ["a\n1\n", "a\n01\nAAAA\n", "a\n-1\nAAAA\n", "a\n\u0661\nAAAA\n", "a\n1\nAAAA\n", "\n1\nA\n"]
)
def test_what_is_no_checkpoint(text: str) -> None:
    with pytest.raises(NotProven):
        Checkpoint.parse(text)


def test_a_proof_is_read_as_it_was_written(signer: Signer, checkpoint: Checkpoint) -> None:
    note = sign(checkpoint, signer)
    for proof in (
        Proof(0, (), note),
        Proof(7, (leaf_hash(b"a"), leaf_hash(b"b")), note, b"{}"),
    ):
        assert Proof.parse(render(proof)) == proof
    assert render(Proof(7, (), b"checkpoint\n", b"x")) == b"c2sp.org/tlog-proof@v1\nextra eA==\nindex 7\n\ncheckpoint\n"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"c2sp.org/tlog-proof@v2\nindex 0\n\nnote",
        b"c2sp.org/tlog-proof@v1\n\nnote",
        b"c2sp.org/tlog-proof@v1\nindex 00\n\nnote",
        b"c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\nnote",
        b"c2sp.org/tlog-proof@v1\nextra !\nindex 1\n\nnote",
        b"c2sp.org/tlog-proof@v1\nindex 1",
    ],
)
def test_what_is_no_proof(data: bytes) -> None:
    with pytest.raises(NotProven):
        Proof.parse(data)


@pytest.mark.parametrize("text", ["", "a+b", "name+00000000+AAAA", PUBLISHED_KEY.replace("c74f20a3", "c74f20a4")])
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(NotProven):
        VerifierKey.parse(text)


def test_names_that_no_note_can_carry() -> None:
    for name in ("", "two words", "a+b", "line\nbreak", "no\u00a0break"):
        with pytest.raises(Invalid):
            log_key(name, bytes(32))
