"""People named by what they are to somebody."""

from __future__ import annotations

import pytest

from gateway.redaction.kin import relatives


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ihr Sohn Jörn erreicht Sie", ["Jörn"]),
        ("mit meiner Schwester Ayşe Demir nach Köln", ["Ayşe Demir"]),
        ("mein neuer Kollege Okko", ["Okko"]),
        ("mi marido Patxi quiere", ["Patxi"]),
        ("su hija María José está", ["María José"]),
        ("mon frère Étienne m'a dit", ["Étienne"]),
        ("mia sorella Giulia e mio cugino Ugo", ["Giulia", "Ugo"]),
        ("mijn buurvrouw Sietske zegt", ["Sietske"]),
        ("her younger brother Lars-Erik left", ["Lars-Erik"]),
        ("the applicant's wife, Zeynep, said", ["Zeynep"]),
        ("Mme Solène Kerbrat épouse DUVERNEY, née LE GOFF", ["DUVERNEY", "LE GOFF"]),
        ("Frau Meier geb. Schulze", ["Schulze"]),
        ("Darnell Tibbs a/k/a Dee Money", ["Dee Money"]),
        ("die Richter Wellner und Offenloch sowie", ["Wellner", "Offenloch"]),
        ("die Richterinnen Müller und Dr. Oehler für Recht", ["Müller", "Oehler"]),
        ("argued before Judges Ochoa, Trent, and Liu", ["Ochoa", "Trent", "Liu"]),
        ("a letter to mr ng and mrs. okonjo-bell", ["ng", "okonjo-bell"]),
        ("Skip and I talked", ["Skip"]),
        ("her neighbour, Mrs Shazia Malik, left", ["Shazia Malik"]),
        ("PC 4471 Lomax attended", ["Lomax"]),
        ("El testigo Valero declar\u00f3", ["Valero"]),
        ("De getuige Van Houwelingen-Smit heeft", ["Van Houwelingen-Smit"]),
        ("Estimado Sr. Carrasco:", ["Carrasco"]),
        ("le atiende Gonzalo. Buenas", ["Gonzalo"]),
        ("passo da zia Carmela e", ["Carmela"]),
        ("Der Gesch\u00e4digte Luan Berisha erkannte", ["Luan Berisha"]),
        ("hijo de Ion y de Elena, nacido", ["Ion", "Elena"]),
        ("soy la mam\u00e1 de Iker", ["Iker"]),
        ("tio beto and dokter van der meulen", ["beto", "van der meulen"]),
        ("msg me or ring gaz on 0161 496 0822", ["gaz"]),
        ("RE: deal\n\nGus / Sunil,\n\nhello", ["Gus", "Sunil"]),
        ('foreman Duane "Buck" Petty said', ['Duane "Buck" Petty']),
        ("im zuri, 23, from leicester", ["zuri"]),
        ("lunch with Lars-Erik & myself", ["Lars-Erik"]),
    ],
)
def test_people(text: str, names: list[str]) -> None:
    assert [text[a:b] for a, b in sorted(relatives(text))] == names


@pytest.mark.parametrize(
    "text",
    [
        "my brother lives in Leeds",
        "Meine Schwiegermutter kommt am Montag",
        "You and I should talk",
        "I'm fine, 10:30 works; im back, 5 minutes",
        "PC 4471 was seen",
        "mr president, mr and mrs right",
        "Mom and I went home",
        "der Vater von Anna",
        "his son was born; Monday is fine",
        "and I think so",
        "mein Mann Arzt und ich",
        "the judges decided and the witnesses left",
        "geboren in Rosenheim",
        "mein Sohn ist krank",
    ],
)
def test_nobody(text: str) -> None:
    assert [text[a:b] for a, b in relatives(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "dr appointment at noon, coach says no, uncle is here",
        "12 ms rows within 40 ms",
        "text me on 0161 496 0822 or call support on 0161 496 0823",
        "Input / output,\n\nboth",
        "der Gesch\u00e4digte Anspr\u00fcche hat",
    ],
)
def test_small_words_are_nobody(text: str) -> None:
    assert list(relatives(text)) == []
