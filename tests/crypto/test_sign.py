from __future__ import annotations

from gateway.crypto import SecretBytes, Signer, verify


def test_published_vector() -> None:
    # RFC 8032, section 7.1, test 2.
    signer = Signer(SecretBytes(bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")))
    assert signer.public.hex() == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    signature = signer.sign(b"\x72")
    assert signature.hex().startswith("92a009a9f0d4cab8720e820b5f642540")
    assert verify(signer.public, signature, b"\x72")


def test_anything_changed_fails_without_an_error() -> None:
    signer = Signer.generate()
    signature = signer.sign(b"checkpoint")
    assert verify(signer.public, signature, b"checkpoint")
    assert not verify(signer.public, signature, b"checkpoint ")
    assert not verify(Signer.generate().public, signature, b"checkpoint")
    for position in range(64):
        changed = bytearray(signature)
        changed[position] ^= 1
        assert not verify(signer.public, bytes(changed), b"checkpoint")
    for public, made in ((b"", signature), (b"x" * 31, signature), (signer.public, b""), (signer.public, b"x" * 65)):
        assert not verify(public, made, b"checkpoint")
