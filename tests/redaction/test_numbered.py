"""Numbers behind a word for what is numbered."""

from __future__ import annotations

import pytest

from gateway.redaction.numbered import bare, numbered


def found(text: str) -> list[str]:
    return [text[start:end] for start, end in numbered(text)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("quoting policy HX/20193/B, please", "HX/20193/B"),
        ("Booking: QT7L55 for two", "QT7L55"),
        ("user Roe (emp id E-20447) reports", "E-20447"),
        ("device serial 5CG0442XKT.", "5CG0442XKT"),
        ("num\u00e9ro de suivi 8R40771920346.", "8R40771920346"),
        ("is open, PO 4500117290)", "4500117290"),
        ("ok unlocked. ticket is #448-20913 in case", "448-20913"),
        ("siniestro n\u00famero SIN-2022/004417 ocurrido", "SIN-2022/004417"),
        ("Agent: mobile?\nCustomer: 07490 118 265", ""),
        ("his badge, GCR4490", ""),
        ("badge GCR4490.", "GCR4490"),
        ("(shoulder number N0338)", "N0338"),
        ("collar number 6182 of the force", "6182"),
        ("customer no. 48812093", "48812093"),
        ("SIN 521 420 158", "521 420 158"),
        ("ABN 46 269 727 639", "46 269 727 639"),
        ("SEAMANS BOOK AB 448217", "AB 448217"),
        ("N\u00b0 S\u00e9cu : 2 84 07 69 123 045 95", "2 84 07 69 123 045 95"),
        ("Schadennummer HN-18-5520917,", "HN-18-5520917"),
        ("la p\u00f3liza es la AU-7718204 y", "AU-7718204"),
        ("Passport ........... G048217", "G048217"),
        ("polizza 30/4471982.", "30/4471982"),
        ("order #90113377 was late", "90113377"),
        ("The request number is 000000018442.", "000000018442"),
        ("(deal no. 541783)", "541783"),
        ("sort code 20-45-77, account", "20-45-77"),
    ],
)
def test_found(text: str, value: str) -> None:
    assert found(text) == [value] * bool(value)


@pytest.mark.parametrize(
    "text",
    [
        "the reference RFC2119 and the certificate X509 apply",
        "see file ISO9001 and item UTF-16",
        "our ref PLAT-5935 in the tracker",
        "the order of 12 May 2024",
        "an invoice of 1,250.00 EUR",
        "claims rose to 120000 EUR",
        "policy 2023/24 and contract 2024-05-01",
        "a member of 45 people",
        "account for 30 %",
        "customer 17",
        "see line number 120934 of build number 20240511",
        "the number 12 and no. 45",
    ],
)
def test_not_found(text: str) -> None:
    assert found(text) == []


def test_numbers_by_their_form_alone() -> None:
    text = "It's HW/4410927/C, Delta Dental DD9920417 and PW7409182263US, not KB5034441, /AB1234567 or X1234567."
    assert [text[a:b] for a, b in bare(text)] == ["HW/4410927/C", "DD9920417", "PW7409182263US"]
