"""Numbers in the form of real ones."""

from __future__ import annotations

import importlib
import ipaddress
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.crypto.secret import SecretBytes
from gateway.redaction.fake_dates import BAND, age, date
from gateway.redaction.fake_draw import Draw, shaped, solid
from gateway.redaction.fake_numbers import LONGEST, luhn, number
from gateway.redaction.presidio import load

KEY = SecretBytes(b"k" * 32)


def draw(label: str = "x") -> Draw:
    return Draw(KEY, label)


def recognizer(name: str) -> Any:
    load()
    return getattr(importlib.import_module("presidio_analyzer.predefined_recognizers"), name)()


CHECKED = (
    ("CREDIT_CARD", "CreditCardRecognizer", "4111 1111 1111 1111"),
    ("CREDIT_CARD", "CreditCardRecognizer", "5555555555554444"),
    ("CREDIT_CARD", "CreditCardRecognizer", "378282246310005"),
    ("IBAN_CODE", "IbanRecognizer", "DE89 3704 0044 0532 0130 00"),
    ("IBAN_CODE", "IbanRecognizer", "GB29NWBK60161331926819"),
    ("IBAN_CODE", "IbanRecognizer", "FR14 2004 1010 0505 0001 3M02 606"),
    ("UK_NHS", "NhsRecognizer", "943 476 5919"),
    ("US_NPI", "UsNpiRecognizer", "1234567893"),
    ("DE_TAX_ID", "DeTaxIdRecognizer", "86095742719"),
    ("PL_PESEL", "PlPeselRecognizer", "44051401458"),
    ("ES_NIF", "EsNifRecognizer", "12345678Z"),
    ("MEDICAL_LICENSE", "MedicalLicenseRecognizer", "BB1388568"),
    ("AU_TFN", "AuTfnRecognizer", "876 543 210"),
    ("IN_AADHAAR", "InAadhaarRecognizer", "3123 4567 8909"),
)


@pytest.mark.parametrize(("kind", "name", "value"), CHECKED)
@pytest.mark.parametrize("seed", range(5))
def test_a_fake_passes_the_check_of_its_type(kind: str, name: str, value: str, seed: int) -> None:
    fake = number(kind, value, draw(f"{value}{seed}"))
    assert fake is not None
    assert fake != value
    assert re.sub(r"[A-Z]", "A", re.sub(r"\d", "0", fake)) == re.sub(r"[A-Z]", "A", re.sub(r"\d", "0", value))
    checks = recognizer(name)
    assert checks.validate_result(fake) is not False
    assert checks.validate_result(value) is not False, "the example itself is right"
    found = checks.analyze(f"number {fake} here", [kind])
    assert any(one.start <= 7 and one.end >= 7 + len(fake) for one in found), "a tool's own pattern takes it"


@given(st.from_regex(r"\A4[0-9]{15}\Z"))
@settings(max_examples=50)
def test_a_card_is_a_test_card(value: str) -> None:
    fake = number("CREDIT_CARD", value, draw(value)) or ""
    assert fake[:6] == "400000"
    assert luhn(fake[:-1]) == fake[-1]


@given(st.sampled_from(["DE89370400440532013000", "GB29NWBK60161331926819", "NL91ABNA0417164300"]), st.integers(0, 999))
@settings(max_examples=50)
def test_an_iban_is_of_no_bank(value: str, seed: int) -> None:
    fake = number("IBAN_CODE", value, draw(str(seed))) or ""
    assert (fake[:2], len(fake)) == (value[:2], len(value))
    assert fake[4:8] in {"0000", "XXXX"}
    assert int("".join(str(int(c, 36)) for c in fake[4:] + fake[:4])) % 97 == 1


@given(st.integers(0, 5000))
@settings(max_examples=50)
def test_american_and_british_numbers_were_never_issued(seed: int) -> None:
    area, group, serial = (number("US_SSN", "536-90-4399", draw(str(seed))) or "").split("-")
    assert 900 <= int(area) <= 999
    assert 1 <= int(group) <= 49
    assert int(serial) > 0
    assert (number("UK_NHS", "9434765919", draw(str(seed))) or "").startswith("999")
    assert re.fullmatch(r"QQ \d\d \d\d \d\d [A-D]", number("UK_NINO", "AB 12 34 56 C", draw(str(seed))) or "")
    itin = (number("US_ITIN", "912-74-5678", draw(str(seed))) or "").split("-")
    assert itin[1] in {"66", "67", "68", "69", "89", "93"}


@pytest.mark.parametrize(
    ("value", "fake"),
    [
        ("+1 (415) 555-2671", r"\+1 \([2-9][0-8]\d\) 555-01\d\d"),
        ("415-555-2671", r"[2-9][0-8]\d-555-01\d\d"),
        ("+44 20 7946 0327", r"\+44 (20 7946 0\d{3}|1\d \d{4} 0?\d{3,4})"),
        ("07911 123456", r"07700 900\d{3}"),
        ("+49 171 3920012", r"\+49 171 39200\d\d"),
        ("+33 6 12 34 56 78", r"\+33 6 39 98 \d\d \d\d"),
        ("0033612345678", r"003363998\d{4}"),
    ],
)
@pytest.mark.parametrize("seed", range(5))
def test_a_telephone_number_is_of_a_range_kept_for_drama(value: str, fake: str, seed: int) -> None:
    assert re.fullmatch(fake, number("PHONE_NUMBER", value, draw(str(seed))) or "")


@given(st.integers(0, 500))
@settings(max_examples=20)
def test_elsewhere_no_network_has_it(seed: int) -> None:
    phonenumbers = importlib.import_module("phonenumbers")
    fake = number("PHONE_NUMBER", "+91 98765 43210", draw(str(seed))) or ""
    assert re.fullmatch(r"\+91 \d{5} \d{5}", fake)
    assert not phonenumbers.is_valid_number(phonenumbers.parse(fake, None))


def test_addresses_are_for_documentation_or_of_the_same_private_network() -> None:
    assert any(
        ipaddress.ip_address(number("IP_ADDRESS", "8.8.8.8", draw()) or "") in ipaddress.ip_network(net)
        for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15")
    )
    assert (number("IP_ADDRESS", "10.20.30.40", draw()) or "").startswith("10.")
    assert (number("IP_ADDRESS", "10.20.30.0/24", draw()) or "").endswith("/24")
    assert (number("IP_ADDRESS", "2a00:1450:4001::1", draw()) or "").startswith("2001:db8:")
    assert (number("MAC_ADDRESS", "00:1A:2B:3C:4D:5E", draw()) or "").startswith("02:")
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
        number("UUID", "123e4567-e89b-12d3-a456-426614174000", draw()) or "",
    )


@given(st.from_regex(r"\A[A-Z]{0,3}[-/ ]?[0-9]{4,9}[a-z]?\Z"))
@settings(max_examples=100)
def test_any_other_number_keeps_its_form(value: str) -> None:
    fake = number("TICKET", value, draw(value))
    assert fake is not None
    assert [c.isdigit() for c in fake] == [c.isdigit() for c in value]
    assert [c.isupper() for c in fake] == [c.isupper() for c in value]
    head = re.match(r"[A-Z]*", value)
    assert head
    assert fake.startswith(head[0])


@pytest.mark.parametrize("value", ["x" * (LONGEST + 1), "12\n34", "abc", "12"])
def test_what_has_no_form_has_no_fake(value: str) -> None:
    assert number("TICKET", value, draw()) is None


def test_equal_draws_for_equal_labels() -> None:
    assert [draw("a").below(1000) for _ in range(2)] == [draw("a").below(1000)] * 2
    assert draw("a").digits(30) != draw("b").digits(30)
    assert shaped("12 34", draw()) == f"{shaped('1234', draw())[:2]} {shaped('1234', draw())[2:]}"
    assert solid("a-1 b") == "a1b"


@given(st.dates(), st.sampled_from(["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%y", "%d %B %Y", "%B %d, %Y", "%b %d %Y"]))
@settings(max_examples=100)
def test_a_date_keeps_its_form_and_its_five_years(day: Any, form: str) -> None:
    value = day.strftime(form)
    if "%Y" in form and day.year < 1000:
        return
    fake = date(value, draw(value))
    assert fake is not None
    datetime = importlib.import_module("datetime").datetime
    # "May" is a month's name and its short form alike: what stands for it may be either.
    short = "%b" in form and day.month == 5 and len(fake.text.split()[0]) > 3
    new = datetime.strptime(fake.text, form.replace("%b", "%B") if short else form)
    assert new.year % 100 // BAND == day.year % 100 // BAND
    if form == "%d/%m/%Y":
        assert datetime.strptime(fake.text, "%m/%d/%Y")
    for other in fake.also:
        assert str(new.year) in other


@pytest.mark.parametrize("value", ["yesterday", "12/03", "1984", "12/03/1984 to 13/04/1985", "March"])
def test_what_is_no_whole_date_has_no_fake(value: str) -> None:
    assert date(value, draw()) is None


def test_an_age_keeps_its_ten_years_and_needs_words() -> None:
    fake = age("47 years old", draw())
    assert fake
    assert re.fullmatch(r"4\d years old", fake)
    assert fake != "47 years old"
    assert age("47", draw()) is None
