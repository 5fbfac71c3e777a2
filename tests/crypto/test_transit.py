"""Asking a key service: what it seals and opens, and a named error for each way it can fail."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.crypto import Secret
from gateway.crypto.transit import Transit
from gateway.errors import BadSettings, GatewayError, KeyServiceRefused, KeyServiceUnavailable
from tests.simulators.transit import TransitSimulator

TOKEN = "hvs.of-the-gateway"


@pytest.fixture(scope="module")
def shared() -> Iterator[TransitSimulator]:
    with TransitSimulator() as simulator:
        yield simulator


@pytest.fixture
def server(shared: TransitSimulator) -> Iterator[TransitSimulator]:
    yield shared
    shared.fault, shared.namespace = "", ""


def client(server: TransitSimulator, key: str = "gateway", token: str = TOKEN, **more: object) -> Transit:
    return Transit(server.url, key, Secret(token), **{"timeout_s": 10.0, **more})  # type: ignore[arg-type]


@settings(max_examples=20)
@given(data=st.binary(max_size=5000))
def test_what_was_sealed_comes_back(shared: TransitSimulator, data: bytes) -> None:
    transit = client(shared)
    sealed = transit.encrypt(data)
    assert sealed.startswith("vault:v1:")
    assert transit.decrypt(sealed) == data


def test_versions_come_and_go() -> None:
    with TransitSimulator() as server:
        transit = client(server)
        first = transit.encrypt(b"ring")
        server.keys["gateway"].rotate()
        assert transit.decrypt(first) == b"ring"
        second = transit.rewrap(first)
        assert second.startswith("vault:v2:")
        server.keys["gateway"].min_decryption_version = 2
        assert transit.decrypt(second) == b"ring"
        with pytest.raises(KeyServiceRefused, match="400") as caught:
            transit.decrypt(first)
        assert "min_decryption_version" in caught.value.hint


def test_token_namespace_mount_and_path_go_along() -> None:
    with TransitSimulator(mount="team/transit", namespace="org/eu") as server:
        server.keys["the key"] = server.keys["gateway"]
        transit = client(server, "the key", mount="/team/transit/", namespace="org/eu")
        assert transit.decrypt(transit.encrypt(b"x")) == b"x"
        path, headers = server.seen[0]
        assert path == "/v1/team/transit/encrypt/the%20key"
        assert headers["x-vault-token"] == TOKEN
        assert headers["x-vault-namespace"] == "org/eu"
        with pytest.raises(KeyServiceRefused, match="404"):
            client(server, "the key", mount="team/transit").encrypt(b"x")


@pytest.mark.parametrize(
    ("fault", "error", "says"),
    [
        ("sealed", KeyServiceUnavailable, "is sealed"),
        ("quota", KeyServiceUnavailable, "429"),
        ("broken", KeyServiceUnavailable, "500"),
        ("redirect", KeyServiceUnavailable, "307"),
        ("garbage", KeyServiceUnavailable, "something else"),
        ("odd", KeyServiceUnavailable, "something else"),
        ("huge", KeyServiceUnavailable, "something else"),
        ("cut", KeyServiceUnavailable, "does not answer"),
        ("denied", KeyServiceRefused, "403"),
    ],
)
def test_each_fault_has_its_error(server: TransitSimulator, fault: str, error: type[GatewayError], says: str) -> None:
    transit = client(server)
    sealed = transit.encrypt(b"ring")
    server.fault = fault
    for call in (lambda: transit.encrypt(b"ring"), lambda: transit.decrypt(sealed), lambda: transit.rewrap(sealed)):
        with pytest.raises(error, match=says) as caught:
            call()
        assert TOKEN not in str(caught.value)
        assert caught.value.hint


@pytest.mark.parametrize("fault", ["slow", "drip"])
def test_a_server_that_takes_its_time_is_given_up(server: TransitSimulator, fault: str) -> None:
    server.fault = fault
    begun = time.monotonic()
    with pytest.raises(KeyServiceUnavailable, match=r"longer than 0\.3 s"):
        client(server, timeout_s=0.3).encrypt(b"ring")
    assert time.monotonic() - begun < 20


def test_a_token_or_key_that_is_not_there(server: TransitSimulator) -> None:
    with pytest.raises(KeyServiceRefused, match="403"):
        client(server, token="hvs.wrong").encrypt(b"ring")
    with pytest.raises(KeyServiceRefused, match="400"):
        client(server, "another").encrypt(b"ring")
    with pytest.raises(KeyServiceRefused, match="400"):
        client(server).decrypt("vault:v1:AAAA")
    with pytest.raises(KeyServiceRefused, match="400"):
        client(server).decrypt("nothing")


def test_nobody_there() -> None:
    with pytest.raises(KeyServiceUnavailable, match="does not answer"):
        Transit("http://127.0.0.1:9", "gateway", Secret(TOKEN)).encrypt(b"ring")


@pytest.mark.parametrize(
    "url", ["", "vault.example.org:8200", "ftp://x", "http://vault.example.org", "https://u:p@x", "https://x?a=b"]
)
def test_an_address_that_will_not_do(url: str) -> None:
    with pytest.raises(BadSettings, match=r"keys\.transit\.url"):
        Transit(url, "gateway", Secret(TOKEN))


def test_over_tls_the_certificate_must_be_trusted(tmp_path: Path) -> None:
    certificate = _certificate(tmp_path)
    with TransitSimulator(certificate=certificate) as server:
        transit = client(server, ca_file=certificate)
        assert transit.decrypt(transit.encrypt(b"ring")) == b"ring"
        with pytest.raises(KeyServiceUnavailable, match="not trusted"):
            client(server).encrypt(b"ring")
    with pytest.raises(BadSettings, match="ca_file"):
        Transit("https://localhost:1", "gateway", Secret(TOKEN), ca_file=tmp_path / "none").encrypt(b"x")


def _certificate(folder: Path) -> Path:
    """A self-signed one for this machine."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "vault")])
    at = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "vault.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + built.public_bytes(serialization.Encoding.PEM)
    )
    return path
