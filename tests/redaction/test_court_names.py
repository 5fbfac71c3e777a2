"""Initials and the parties of cases."""

from __future__ import annotations

import pytest

from gateway.redaction.court_names import JUDGE_MARKS, initials, judges, parties


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("ill-treated by officers A.K. and M.D. on 4 October", ["A.K.", "M.D."]),
        ("In the Matter of J.L., a minor", ["J.L."]),
        ("the court heard I. M., who", ["I. M."]),
        ("Ms X said that Mr A.B. left", ["X", "A.B."]),
        ("Frau W. und Herr Dr. C sagten", ["W.", "C"]),
        ("des Angeklagten H. nach", ["H."]),
        ("der Zeugin K\u2026 zufolge", ["K\u2026"]),
        ("que Mme Z... ont \u00e9t\u00e9 entendus", ["Z..."]),
    ],
)
def test_initials(text: str, values: list[str]) -> None:
    assert [text[a:b] for a, b in initials(text)] == values


@pytest.mark.parametrize(
    "text",
    [
        "the court of the U.S. and the U.K. held",
        "Acme N.V. sued in court",
        "version A.B. of the draft",
        "A. B. Roe told the court",
        "42 U.S.C. and the tribunal",
        "Herr Roe und Frau Doe",
        "Mutter Erde",
    ],
)
def test_other_letters(text: str) -> None:
    assert list(initials(text)) == []


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("In the case of Demirbakan v. Turkey,", ["Demirbakan"]),
        ("see Kowalczewski v. Poland [GC], no. 39912/98", ["Kowalczewski"]),
        ("Harcourt-Finley v Osei-Bonsu [2015] EWHC 2211", ["Harcourt-Finley", "Osei-Bonsu"]),
        ("ROE AND OTHERS v. THE UNITED KINGDOM", ["ROE"]),
    ],
)
def test_parties(text: str, values: list[str]) -> None:
    assert [text[a:b] for a, b in parties(text)] == values


@pytest.mark.parametrize(
    "text",
    [
        "React v. Angular, a comparison",
        "Acme Ltd v Bank of Neverland [2015] EWHC 1",
        "The State v. the Commission",
        "Node v. 18",
    ],
)
def test_no_parties(text: str) -> None:
    assert list(parties(text)) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ROSENSTENGEL, District Judge:", "ROSENSTENGEL"),
        ("Before Ilse Q. Marrow, Chief United States District Judge", "Ilse Q. Marrow"),
        ("Tolland, J., dissenting", "Tolland"),
        ("per Ashgrove, LJ at 41", "Ashgrove"),
        ("Varga, Associate Justice, wrote", "Varga"),
    ],
)
def test_judges(text: str, value: str) -> None:
    assert [text[a:b] for a, b in judges(text)] == [value]
    assert any(mark in text.lower() for mark in JUDGE_MARKS)


@pytest.mark.parametrize(
    "text", ["the Court, Judge Roe sitting", "In law, judges differ", "A, B, J and K", "Chief, District Judge"]
)
def test_no_judges(text: str) -> None:
    assert list(judges(text)) == []
