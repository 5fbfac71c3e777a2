"""Identifiers after a label, plates, user names, hosts and wallets."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from gateway.redaction.ids import hosts, labelled, plates, users, wallets

Find = Callable[[str], Iterator[tuple[int, int]]]


def found(find: Find, text: str) -> list[str]:
    return [text[a:b] for a, b in find(text)]


@pytest.mark.parametrize(
    ("find", "text", "value"),
    [
        (labelled, "Passport number H28728463 issued", "H28728463"),
        (labelled, "Frau Mertens (Vers.-Nr. 65 170839 M 003), wohnhaft", "65 170839 M 003"),
        (labelled, "NASS: 26 63514095 12.\nDomicilio", "26 63514095 12"),
        (labelled, "Ignacio Navarro NºCol: 28 28 70973.", "28 28 70973"),
        (labelled, "CIPA: nhc-589654.", "nhc-589654"),
        (labelled, "Episodio: 3629184.", "3629184"),
        (labelled, "bring your PPS card 1234567FA.", "1234567FA"),
        (plates, "a Renault with registration number 21 EU 573 by", "21 EU 573"),
        (plates, "registration no. AB12 CDE was seen", "AB12 CDE"),
        (plates, "struck the rear of my Yaris (BX19 KTO). Its", "BX19 KTO"),
        (plates, "a white Renault, registration 21 KT 4098, outside", "21 KT 4098"),
        (plates, "dont la Kangoo FG-418-QR bloque", "FG-418-QR"),
        (plates, "Mi coche es el 7390 JBN.", "7390 JBN"),
        (users, "used the handle sandy_owo on a forum", "sandy_owo"),
        (users, "\u00e9changes avec le compte sami_transit62.", "sami_transit62"),
        (labelled, "National ID 705-17-6766 registered", "705-17-6766"),
        (labelled, "Tax number 43-9852897", "43-9852897"),
        (labelled, "ID card ID-ZX272HPO", "ID-ZX272HPO"),
        (labelled, "MRN: 00123456", "00123456"),
        (labelled, "Steuernummer 181/815/08155", "181/815/08155"),
        (labelled, "policy number ABC-123-456", "ABC-123-456"),
        (labelled, "passport no. TR-U 04417823", "TR-U 04417823"),
        (labelled, "(prisoner no. A4471CK)", "A4471CK"),
        (labelled, "A-number A 204 117 663", "A 204 117 663"),
        (labelled, "your customer ID is CU-883120", "CU-883120"),
        (plates, "license plate 788 BBS was", "788 BBS"),
        (plates, "vehicle registration: AB12 CDE", "AB12 CDE"),
        (users, "username: jroe77", "jroe77"),
        (users, "hi @jane_roe!", "@jane_roe"),
        (users, "Login as kestrelroe with password", "kestrelroe"),
        (users, "Reset password x for jroe registered to a@b.example", "jroe"),
        (users, "The token was issued to user jroe.", "jroe"),
        (users, "add me on discord: frostbyte#4471", "frostbyte#4471"),
        (users, "my snap is jaydub_99", "jaydub_99"),
        (users, "add me on snap jayjay.0307 please", "jayjay.0307"),
        (users, "or discord jay_the_bard", "jay_the_bard"),
        (users, "ssh to 192.0.2.7 as deployroe if it hangs", "deployroe"),
        (labelled, "codice fiscale \u00e8 MRTFBA82C14L378X.", "MRTFBA82C14L378X"),
        (labelled, "rijksregisternummer 48.02.11-204.67, wonende", "48.02.11-204.67"),
        (labelled, "carte vitale (n\u00b0 2 75 11 44 109 027 61)", "2 75 11 44 109 027 61"),
        (labelled, "NRIC: S9104472D", "S9104472D"),
        (labelled, "con N.I.E. X-4471902-T, nacido", "X-4471902-T"),
        (labelled, "my nhs number 485 777 3456.", "485 777 3456"),
        (users, "<zer0cool> anyone there", "zer0cool"),
        (users, "Skype live:nadia.roe", "live:nadia.roe"),
        (hosts, "ping mail.acme.example now", "mail.acme.example"),
        (wallets, "to 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
        (wallets, "to 0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"),
        (wallets, "to 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"),
    ],
)
def test_found(find: Find, text: str, value: str) -> None:
    assert found(find, text) == [value]


@pytest.mark.parametrize(
    ("find", "text"),
    [
        (labelled, "version number 1.2.3"),
        (labelled, "a rate of 30000 pps 1234567 times"),
        (plates, "company registration number 0123456789"),
        (plates, "registration number of the form"),
        (plates, "product registration no. 2020 of March"),
        (labelled, "episodio 3 de 2017, columna 28 28 70973"),
        (labelled, "error code 12345678"),
        (labelled, "request id 3f2a-9c"),
        (labelled, "the number of nodes is 10000"),
        (plates, "plate tectonics in 2003"),
        (users, "username is required"),
        (users, "grant access to payroll"),
        (users, "the API key for staging, the token for production"),
        (users, "<div> text\n<strong> text"),
        (users, "the customer portal"),
        (hosts, "main.py and v1.2"),
        (wallets, "to 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3"),
        (wallets, "to 0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
    ],
)
def test_not_found(find: Find, text: str) -> None:
    assert found(find, text) == []


def test_what_services_read_is_no_user() -> None:
    assert found(users, "login via discord oauth2 or telegram bot_token") == []
