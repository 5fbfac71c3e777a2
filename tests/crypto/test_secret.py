from __future__ import annotations

import copy
import logging
import pickle
from dataclasses import dataclass

import orjson
import pytest

from gateway.crypto import Secret, SecretBytes

TEXT = "correct horse battery staple"


@pytest.mark.parametrize("secret", [Secret(TEXT), SecretBytes(TEXT.encode())])
def test_no_ordinary_way_of_printing_shows_it(secret: Secret | SecretBytes, caplog: pytest.LogCaptureFixture) -> None:
    @dataclass
    class Holder:
        key: Secret | SecretBytes

    with caplog.at_level(logging.INFO):
        logging.getLogger("t").info("%s %r", secret, secret)
    shown = [str(secret), repr(secret), f"{secret}", f"{secret!r:>40}", f"{secret:>40}", repr([secret]), caplog.text]
    shown += [repr(Holder(secret)), "%s" % secret, "{}".format(secret)]  # noqa: UP031, UP032
    assert not [text for text in shown if "horse" in text]
    assert all("••••" in text for text in shown)
    assert not hasattr(secret, "__dict__")


def test_revealed_it_is_the_value() -> None:
    assert Secret(TEXT).reveal() == TEXT
    assert SecretBytes(b"\x00\xff").reveal() == b"\x00\xff"
    assert not Secret("")
    assert SecretBytes(b"0")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickling_is_refused(protocol: int) -> None:
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(Secret(TEXT), protocol)
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps({"a": [SecretBytes(b"x")]}, protocol)


def test_json_does_not_take_it() -> None:
    with pytest.raises(TypeError):
        orjson.dumps({"key": Secret(TEXT)})


def test_equal_by_value_and_by_type_only() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert SecretBytes(b"a") == SecretBytes(b"a")
    assert Secret("a") != "a"
    assert Secret("a") != SecretBytes(b"a")
    assert Secret("é\ud800") == Secret("é\ud800")
    with pytest.raises(TypeError):
        hash(Secret("a"))


def test_copies_are_the_same_object() -> None:
    secret = Secret(TEXT)
    assert copy.copy(secret) is secret
    assert copy.deepcopy([secret])[0] is secret
