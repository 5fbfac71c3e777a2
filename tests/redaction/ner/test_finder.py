"""The model that ships finds names, in a text of any length as in a short one."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import Broken
from gateway.redaction.ner import finder
from gateway.redaction.ner.finder import NameFinder
from gateway.redaction.ner.labels import TYPES

FINDER = NameFinder()
TEXT = (
    "I saw Jane Roe yesterday. She works for Barclays Bank plc in Springfield, at 12 High Street, Leeds LS1 4AP.\n"
    "Frau Müller aus Hamburg hat angerufen. Je m'appelle Chantal Dupont. The log was rotated, the pod restarted.\n"
)


def found(text: str, *types: str) -> list[tuple[str, str]]:
    return [(text[s.start : s.end], s.type) for s in FINDER.find(text, types or ("PERSON",))]


@pytest.mark.parametrize(
    "text",
    [
        "I talked to «Jane Roe» yesterday.",
        "my name is «susan miller» and i need help",
        "Hi «Tom», can you forward this to «Aisha Khan»?",
        "Sehr geehrte Frau «Müller», anbei die Rechnung.",
        "Je m'appelle «Chantal Dupont».",
        "The applicant, Mr «Halil Güneş», is a Turkish national.",
    ],
)
def test_names_in_prose_are_found(text: str) -> None:
    plain = text.replace("«", "").replace("»", "")
    names = [piece.split("»")[0] for piece in text.split("«")[1:]]
    assert found(plain) == [(name, "PERSON") for name in names]


def test_only_the_types_asked_for() -> None:
    assert ("Barclays Bank plc", "ORGANIZATION") in found(TEXT, "ORGANIZATION")
    assert {kind for _, kind in found(TEXT, "STREET_ADDRESS")} == {"STREET_ADDRESS"}
    assert found("Please restart the server and check the log.", "PERSON", "STREET_ADDRESS") == []


@pytest.mark.parametrize("window", [7, 64, 333])
def test_labels_in_windows_are_those_of_the_whole_text(monkeypatch: pytest.MonkeyPatch, window: int) -> None:
    text = TEXT * 6
    whole = FINDER.find(text)
    monkeypatch.setattr(finder, "WINDOW", window)
    assert FINDER.find(text) == whole


def test_a_long_text_is_read_in_parts_and_nothing_is_lost_or_found_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    text = TEXT * 40
    whole = [(s.start, s.end, s.type) for s in FINDER.find(text)]
    monkeypatch.setattr(finder, "_PART", 1000)
    monkeypatch.setattr(finder, "_OVERLAP", 300)
    assert [(s.start, s.end, s.type) for s in FINDER.find(text)] == whole


TEXTS = [
    *TEXT.splitlines(),
    "",
    " ",
    "Hi Tom",
    "\n\nMr Jane Roe\n",
    "@Jane",
    "12",
    TEXT * 3,
    "Jane",
    "Roe",
    "Rome <Joe> Doe",
]


@pytest.mark.parametrize("part", [50, 500, 50_000])
def test_texts_found_together_are_those_found_one_by_one(monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    alone = [FINDER.find(text, TYPES) for text in TEXTS]
    assert sum(map(len, alone)) > 20
    monkeypatch.setattr(finder, "_PART", part)
    monkeypatch.setattr(finder, "_OVERLAP", 5000)
    assert FINDER.find_all(TEXTS, TYPES) == alone
    assert FINDER.find_all([]) == []


def test_a_gap_between_texts_is_as_wide_as_the_network_reads() -> None:
    """What stands after a text changes nothing in it, whatever it is."""
    ends = [TEXT[:length] for length in range(60, 100)]
    alone = [FINDER.find(text, TYPES) for text in ends]
    for other in ("Jane Roe", "12 High Street, Leeds", "."):
        between = [text for end in ends for text in (end, other)]
        assert FINDER.find_all(between, TYPES)[::2] == alone


def test_a_deadline_is_looked_at_between_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finder, "WINDOW", 50)
    looked: list[None] = []
    FINDER.find(TEXT * 3, check=lambda: looked.append(None))
    assert len(looked) > 3


def test_without_its_files_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="name model"):
        NameFinder(tmp_path).find("Jane Roe")
