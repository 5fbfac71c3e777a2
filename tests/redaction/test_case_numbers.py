"""Case numbers as courts of several countries write them."""

from __future__ import annotations

import pytest

from gateway.model import PrivacyPolicy
from gateway.redaction.case_numbers import cases
from gateway.redaction.detect import Detector


def found(text: str) -> list[str]:
    return [text[a:b] for a, b in cases(text)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("an application (no. 36244/06) against", ["36244/06"]),
        ("the court (case no. E. 1995/112) held", ["E. 1995/112"]),
        ("Roe / Doe - onze ref. 2021/0447/TVB", ["2021/0447/TVB"]),
        ("los autos de juicio ordinario 417/2019, promovidos", ["417/2019"]),
        ("Rollo de apelaci\u00f3n 441/2016.", ["441/2016"]),
        ("enregistr\u00e9e sous le n\u00b0 2000417, pr\u00e9sent\u00e9e", ["2000417"]),
        ("Appeal Numbers: PA/04417/2019, PA/04418/2019 (P)", ["PA/04417/2019", "PA/04418/2019"]),
        ("zaaknummer: C/16/441702 / HA ZA 17-418", ["C/16/441702 / HA ZA 17-418"]),
        ("Complaint about surgery (PALS/23/1187)", ["PALS/23/1187"]),
        ("ARRÊT DU 18 JANVIER 2021 - N° RG 19/04112", ["19/04112"]),
        ("The applications (nos. 30127/04, 30442/04 and 31005/05) were", ["30127/04", "30442/04", "31005/05"]),
        ("(Applications nos. 19201/06 and 22411/06)", ["19201/06", "22411/06"]),
        ("K. v. Poland [GC], no. 39912/98, § 114", ["39912/98"]),
        ("Requête no 51279/99", ["51279/99"]),
        ("Case No. 21-cv-10234", ["21-cv-10234"]),
        ("3:17-cv-00482-RBL", ["3:17-cv-00482-RBL"]),
        ("Docket No. A-2417-19T3, J. Roe", ["A-2417-19T3"]),
        ("Case No. 12345. The court", ["12345"]),
        ("file no. II K 482/03.", ["II K 482/03"]),
        ("BGH, VI ZR 12/20", ["VI ZR 12/20"]),
        ("Aktenzeichen: 5 StR 123/19", ["5 StR 123/19"]),
        ("Az.: I-4 U 120/08, Kläger", ["I-4 U 120/08"]),
        ("LSG, L 7 AS 241/12 B ER, Beschluss", ["L 7 AS 241/12 B ER"]),
        ("decision no. U-III-2117/2004", ["U-III-2117/2004"]),
        ("Case C-415/93", ["C-415/93"]),
        ("Claim No. HQ14X03127, Harcourt", ["HQ14X03127"]),
        ("E. 2005/12144, K. 2005/20831.", ["2005/12144", "2005/20831"]),
        ("procedimiento n.º 341/2015", ["341/2015"]),
        ("STATE v. ROE, No. 2014-CR-01177.", ["2014-CR-01177"]),
        ("Crim. No. 11-20551;", ["11-20551"]),
        ("(III SA/Wa 1221/08)", ["III SA/Wa 1221/08"]),
        ("Neutral Citation Number: [2022] EWFC 317 (B)", ["[2022] EWFC 317 (B)"]),
        ("\n[2016] SC INV 61\n", ["[2016] SC INV 61"]),
        ("CITATION: Roe v. Roe, 2020 ONSC 6614", ["2020 ONSC 6614"]),
        ("Record No. 2017/933 JR", ["2017/933 JR"]),
        ("Eastern Division.\nNo. 12 CR 418 \u2014 Roe", ["12 CR 418"]),
        ("(C.P.C. No. 07DR-03-1129)", ["07DR-03-1129"]),
        ("CRI-2018-063-1745", ["CRI-2018-063-1745"]),
        ("File Number(s): 2014/00281763", ["2014/00281763"]),
        ("COURT,\nPARISH OF IBERIA, NO. 121904-D", ["121904-D"]),
        ("Appellant.\n\nNo. 2 CA-CR 2017-0284\nFiled", ["2 CA-CR 2017-0284"]),
        ("MINUTE N\u00b0 22/00481\n", ["22/00481"]),
        ("2. | 61990/17 | 17/08/2017 | Roe", ["61990/17"]),
        ("1998 \u2013 CA-00041902-001 \u2013 received", ["CA-00041902-001"]),
        ("FG, Urteil vom 17.09.2010 - 4 K 1412/08 G.", ["4 K 1412/08 G"]),
        ("Writ petition no. 1447 of 2011", ["1447 of 2011"]),
        ("your reference is HR-2019-00417", ["HR-2019-00417"]),
        ("ECLI:NL:HR:2011:BP1234", ["ECLI:NL:HR:2011:BP1234"]),
    ],
)
def test_found(text: str, values: list[str]) -> None:
    assert sorted(set(found(text))) == sorted(values)
    assert len(found(text)) == len(set(found(text)))


@pytest.mark.parametrize(
    "text",
    [
        "case number 5",
        "ticket no. 12",
        "the case number in 2004 rose",
        "no. 12/20 of the list",
        "report number 12",
        "file number one",
        "use case 1.2.3",
        "C-15 and T-34/85 tanks",
    ],
)
def test_not_found(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("value", ["[2022] EWFC 317", "2020 ONSC 6614", "CRI-2018-063-1745", "CA-00041902-001"])
def test_the_detector_looks_where_no_label_stands(value: str) -> None:
    detector = Detector(PrivacyPolicy(entities=("CASE_NUMBER",)))
    assert [span.type for span in detector.find(f"Roe\n{value}\nHeld")] == ["CASE_NUMBER"]
