"""Check digits of countries: published or constructed numbers hold, and one changed digit breaks them."""

from __future__ import annotations

import pytest

from gateway.redaction.national import CHECKS

GOOD = {
    "fr_nir": "125087533393169",
    "fr_tax": "0146941546430",
    "siren": "732829320",
    "nl_bsn": "473621083",
    "be_national": "81122603993",
    "at_svnr": "2956090820",
    "pt_nif": "896592502",
    "ie_pps": "2699853C",
    "no_fnr": "20109507955",
    "ch_ahv": "7561076204318",
    "cz_birth": "8752207090",
    "ro_cnp": "3930216303681",
    "bg_egn": "2412260717",
    "ee_lt_code": "59612143688",
    "hu_taj": "111111110",
    "gr_amka": "17094798760",
    "hr_oib": "87981980251",
    "br_cpf": "65636580169",
    "br_cnpj": "42243013466769",
    "mx_curp": "HEGG560427MVZRRL04",
    "cn_id": "31010119910316993X",
    "jp_number": "123456789018",
    "cl_rut": "123456785",
    "il_id": "369261318",
    "vin": "1M8GDM9AXKP042788",
}


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_right_number_holds_and_a_wrong_one_does_not(name: str) -> None:
    check, value = CHECKS[name], GOOD[name]
    assert check(value)
    assert check(" ".join(value))
    at = next(i for i, c in enumerate(value) if c.isdigit() and i > 4)
    changed = [value[:at] + str(digit) + value[at + 1 :] for digit in range(10) if str(digit) != value[at]]
    assert sum(map(check, changed)) <= 2
    assert not check(value[:-1])
    assert not check("")
    assert not check("\u0661" * len(value))


def test_a_danish_number_begins_with_a_date() -> None:
    assert CHECKS["dk_cpr"]("070453-1345")
    assert not CHECKS["dk_cpr"]("320453-1345")


def test_every_check_is_tested() -> None:
    assert set(CHECKS) == {*GOOD, "dk_cpr"}
