"""Identifiers after a label, plates, user names, hosts and wallets."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from gateway.redaction.ids import cases, hosts, labelled, plates, users, wallets

Find = Callable[[str], Iterator[tuple[int, int]]]


def found(find: Find, text: str) -> list[str]:
    return [text[a:b] for a, b in find(text)]


@pytest.mark.parametrize(
    ("find", "text", "value"),
    [
        (labelled, "Passport number H28728463 issued", "H28728463"),
        (labelled, "National ID 705-17-6766 registered", "705-17-6766"),
        (labelled, "Tax number 43-9852897", "43-9852897"),
        (labelled, "ID card ID-ZX272HPO", "ID-ZX272HPO"),
        (labelled, "MRN: 00123456", "00123456"),
        (labelled, "Steuernummer 181/815/08155", "181/815/08155"),
        (labelled, "policy number ABC-123-456", "ABC-123-456"),
        (cases, "an application (no. 36244/06) against", "36244/06"),
        (cases, "Case No. 21-cv-10234", "21-cv-10234"),
        (cases, "BGH, VI ZR 12/20", "VI ZR 12/20"),
        (cases, "Aktenzeichen: 5 StR 123/19", "5 StR 123/19"),
        (plates, "license plate 788 BBS was", "788 BBS"),
        (plates, "vehicle registration: AB12 CDE", "AB12 CDE"),
        (users, "username: jroe77", "jroe77"),
        (users, "hi @jane_roe!", "@jane_roe"),
        (hosts, "ping mail.acme.example now", "mail.acme.example"),
        (wallets, "to 0x52908400098527886E0F7730069840B1E4A7D1b3", "0x52908400098527886E0F7730069840B1E4A7D1b3"),
        (wallets, "to 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"),
    ],
)
def test_found(find: Find, text: str, value: str) -> None:
    assert found(find, text) == [value]


@pytest.mark.parametrize(
    ("find", "text"),
    [
        (labelled, "version number 1.2.3"),
        (labelled, "error code 12345678"),
        (labelled, "request id 3f2a-9c"),
        (labelled, "the number of nodes is 10000"),
        (cases, "case number 5"),
        (cases, "ticket no. 12"),
        (plates, "plate tectonics in 2003"),
        (users, "username is required"),
        (hosts, "main.py and v1.2"),
        (wallets, "to 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3"),
    ],
)
def test_not_found(find: Find, text: str) -> None:
    assert found(find, text) == []
