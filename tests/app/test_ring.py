"""Which key ring the settings mean, and what of them no child process inherits."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import pytest

from gateway.app.ring import key_ring, ring_source
from gateway.crypto import KeyRing
from gateway.crypto.ringfile import RingFile
from gateway.errors import BadKeyRing, BadSettings
from gateway.settings import load, withhold
from tests.crypto.test_ringfile import NOW
from tests.simulators.transit import TransitSimulator

KEK = base64.b64encode(bytes(range(32))).decode()


def settings(folder: Path, **environ: str) -> Any:
    return load(None, {f"GATEWAY_KEYS__{name.upper()}": value for name, value in environ.items()}, folder).settings


def test_a_file_a_command_a_key_and_a_key_service(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "keyring.json"
    made = KeyRing.create(path)
    assert key_ring(settings(tmp_path)).root == made.root
    assert key_ring(settings(tmp_path, command=f"cat '{path}'")).root == made.root
    path.unlink()
    source = ring_source(settings(tmp_path, kek=KEK))
    assert isinstance(source, RingFile)
    data = source.create(NOW)
    (tmp_path / "kek").write_text(KEK + "\n")
    assert key_ring(settings(tmp_path, kek_file=str(tmp_path / "kek"))).root == KeyRing.parse(data, "it").root
    with pytest.raises(BadKeyRing, match="another means"):
        key_ring(settings(tmp_path))
    path.unlink()
    with TransitSimulator() as server:
        far = {"transit__url": server.url, "transit__token": "hvs.of-the-gateway"}
        source = ring_source(settings(tmp_path, **far))
        assert isinstance(source, RingFile)
        data = source.create(NOW)
        assert key_ring(settings(tmp_path, **far)).root == KeyRing.parse(data, "it").root


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"kek": KEK, "command": "cat x"}, "choose one of"),
        ({"kek": KEK, "transit__url": "https://v", "transit__token": "t"}, "choose one of"),
        ({"transit__url": "https://v"}, r"needs transit\.token"),
        ({"store_command": "cat"}, "goes with command"),
        ({"kek": " "}, "empty"),
    ],
)
def test_settings_that_contradict_themselves(tmp_path: Path, environ: dict[str, str], says: str) -> None:
    with pytest.raises(BadSettings, match=says):
        settings(tmp_path, **environ)


def test_a_short_key_is_refused_and_never_shown(tmp_path: Path) -> None:
    with pytest.raises(BadKeyRing) as caught:
        ring_source(settings(tmp_path, kek="c2hvcnQ="))
    assert "c2hvcnQ=" not in f"{caught.value}{settings(tmp_path, kek='c2hvcnQ=')!r}"


def test_keys_are_taken_out_of_the_environment(tmp_path: Path) -> None:
    (tmp_path / "gateway.yaml").write_text("keys:\n  kek: {env: RING_KEY}\n")
    environ = {"RING_KEY": KEK, "PATH": os.defpath, "GATEWAY_DATABASE__URL": "postgresql://x"}
    found = load(tmp_path / "gateway.yaml", environ, tmp_path)
    withhold(found, environ)
    assert environ == {"PATH": os.defpath, "GATEWAY_DATABASE__URL": "postgresql://x"}
    assert found.withheld == {"RING_KEY": KEK}
    assert KEK not in repr(found)
    assert ring_source(found.settings)
    other = {"GATEWAY_KEYS__TRANSIT__TOKEN": "hvs.x", "GATEWAY_KEYS__TRANSIT__URL": "https://v"}
    withhold(load(None, other, tmp_path), other)
    assert other == {"GATEWAY_KEYS__TRANSIT__URL": "https://v"}
