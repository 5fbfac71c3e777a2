"""Certificates: signed notes that state what they were told to, and nothing that another note could be taken for."""

from __future__ import annotations

import pytest

from gateway.audit.certificate import certify, open_certificate
from gateway.audit.tlog.check import Checkpoint, NotProven, open_checkpoint
from gateway.audit.tlog.notes import log_key, sign
from gateway.crypto import Signer

SIGNER = Signer.generate()
KEY = log_key("log.example", SIGNER.public)
FACTS = {"erased": "value", "count.vault": 3, "reason": "ticket 12, twice"}


def test_what_was_certified_opens() -> None:
    told = open_certificate(certify(FACTS, KEY, SIGNER), KEY)
    assert told == {"erased": "value", "count.vault": "3", "reason": "ticket 12, twice"}


def test_every_changed_byte_is_found() -> None:
    note = certify(FACTS, KEY, SIGNER)
    for at in range(len(note)):
        changed = note[:at] + bytes((note[at] ^ 1,)) + note[at + 1 :]
        with pytest.raises(NotProven):
            open_certificate(changed, KEY)


def test_another_key_did_not_sign_it() -> None:
    other = Signer.generate()
    with pytest.raises(NotProven):
        open_certificate(certify(FACTS, log_key("log.example", other.public), other), KEY)


def test_a_certificate_is_no_checkpoint_and_no_checkpoint_a_certificate() -> None:
    with pytest.raises(NotProven):
        open_checkpoint(certify(FACTS, KEY, SIGNER), KEY)
    with pytest.raises(NotProven):
        open_certificate(sign(Checkpoint("log.example", 0, bytes(32)), SIGNER), KEY)


@pytest.mark.parametrize("facts", [{"a b": 1}, {"": 1}, {"a": ""}, {"a": "one\ntwo"}, {"a\n": "b"}])
def test_facts_are_one_line_each(facts: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="one line"):
        certify(facts, KEY, SIGNER)
