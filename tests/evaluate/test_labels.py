"""What labels mean, the built-in ones and one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import Invalid
from gateway.evaluate.labels import Meaning, asked, counted_as, known_types, meaning, read_map


def means(label: str) -> Meaning:
    found = meaning(label)
    assert isinstance(found, Meaning)
    return found


@pytest.mark.parametrize(
    ("label", "type_"),
    [
        ("B-PER", "PERSON"),
        ("person", "PERSON"),
        ("First_Name", "PERSON"),
        ("SURNAME", "PERSON"),
        ("GPE", "LOCATION"),
        ("BUILDINGNUM", "STREET_ADDRESS"),
        ("EMAIL_ADDRESS", "EMAIL_ADDRESS"),
        ("TITLE", "JOB_TITLE"),
        ("DEM", "DEMOGRAPHIC"),
        ("CODE", "ID"),
        ("DATETIME", "DATE_TIME"),
        ("NOMBRE_SUJETO_ASISTENCIA", "PERSON"),
        ("I-politicalparty", "ORGANIZATION"),
        ("US_SSN", "US_SSN"),
    ],
)
def test_common_labels_are_known(label: str, type_: str) -> None:
    assert means(label).type == type_


def test_every_entity_type_means_itself() -> None:
    for name in known_types():
        assert meaning(name) is None or name in means(name).accepts


def test_what_is_no_personal_data_and_what_is_set_aside() -> None:
    assert meaning("B-musicgenre") is None
    assert meaning("PREFIX") == "ignore"
    with pytest.raises(KeyError):
        meaning("FLAVOUR")


def test_neighbours_are_right_and_strangers_are_not() -> None:
    assert "LOCATION" in means("STREET").accepts
    assert "DATE_TIME" in means("DOB").accepts
    assert means("DOB").asks == ("DATE_OF_BIRTH",)
    assert means("PERSON").accepts == {"PERSON"}
    assert {"US_PASSPORT", "UK_NHS"} <= means("ID").accepts
    assert not {"PERSON", "EMAIL_ADDRESS", "DATE_TIME", "LOCATION", "URL"} & means("ID").accepts


def test_names_and_numbers_are_direct_and_descriptions_are_not() -> None:
    assert all(means(label).direct for label in ("PERSON", "EMAIL", "PHONE", "STREET", "SSN", "CODE", "IBAN"))
    assert not any(means(label).direct for label in ("CITY", "ORG", "AGE", "DOB", "DATE", "NRP", "TITLE"))


def test_what_nobody_finds_is_told() -> None:
    found, blind = asked([means("PERSON"), Meaning("SHOE_SIZE", ("SHOE_SIZE",)), None, "ignore"])
    assert found == ("PERSON",)
    assert blind == ("SHOE_SIZE",)


def test_the_most_particular_meaning_wins() -> None:
    names = counted_as([means("ID"), means("US_SSN"), None])
    assert names["US_SSN"] == "US_SSN"
    assert names["US_PASSPORT"] == "ID"


def test_a_map_of_ones_own_comes_first(tmp_path: Path) -> None:
    file = tmp_path / "map.yaml"
    file.write_text("PERSON: ignore\nFlavour: [US_PASSPORT, UK_PASSPORT]\nshade: null\n")
    own = read_map(file)
    assert meaning("B-PERSON", own) == "ignore"
    assert meaning("FLAVOUR", own) == Meaning("US_PASSPORT", ("US_PASSPORT", "UK_PASSPORT"))
    assert meaning("shade", own) is None
    assert meaning("EMAIL", own) == means("EMAIL")


def test_a_star_stands_for_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "map.yaml"
    file.write_text("'*': ignore\nNAME: PERSON\n")
    own = read_map(file)
    assert meaning("EMAIL", own) == "ignore"
    assert meaning("NAME", own) == Meaning("PERSON", ("PERSON",))


@pytest.mark.parametrize(
    "text", ["- PERSON\n", "A: person\n", "A: {b: c}\n", "A: []\n", "A: [1]\n", "A: [\n", "A: 3\n"]
)
def test_a_map_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "map.yaml"
    file.write_text(text)
    with pytest.raises(Invalid):
        read_map(file)


def test_a_map_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="cannot read"):
        read_map(tmp_path / "none.yaml")
