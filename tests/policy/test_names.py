from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.names import (
    AUTO,
    ENTITY_GROUPS,
    ENTITY_TYPES,
    REGIONS,
    did_you_mean,
    glob,
    is_entity_type,
    is_file_name,
    is_language,
    nearest,
    well_formed,
)
from gateway.redaction.entities import ALL, DEFAULT, ENTITIES
from gateway.redaction.entities import AUTO as AUTO_THERE
from gateway.redaction.packs import GROUPS
from gateway.redaction.packs import REGIONS as PACKS


@pytest.mark.parametrize(
    ("obj", "good"),
    [
        ("model:auto", True),
        ("model:ollama/llama3.2:1b", True),
        ("collection:hr", True),
        ("entity:PERSON@hr", True),
        ("admin:policy", True),
        ("collection:x@hr", False),
        ("entity:PERSON@x@hr", False),
        ("entity:person@hr", False),
        ("entity:PERSON@", False),
        ("entity:PERSON", False),
        ("model:*", False),
        ("model:", False),
        ("model:a\nb", False),
        ("model:" + "a" * 201, False),
        ("modell:auto", False),
        ("", False),
    ],
)
def test_only_what_rules_can_speak_about_is_asked(obj: str, good: bool) -> None:
    assert well_formed(obj) is good


@given(st.text("ab*/", max_size=8), st.text("ab*/", max_size=6))
def test_glob_is_a_star_and_nothing_else(text: str, pattern: str) -> None:
    expected = re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None
    assert glob(text, pattern) is expected


def test_glob_takes_no_longer_on_hostile_text() -> None:
    assert not glob("a" * 100_000, "*a" * 50 + "*b")


def test_glob_crosses_slashes_unlike_casbins_own() -> None:
    assert glob("model:ollama/llama3.2:1b", "model:*")
    assert not glob("model:x", "model")


def test_nearest_word() -> None:
    assert nearest("zonez", ["labels", "zones"]) == "zones"
    assert nearest("qqq", ["labels", "zones"]) is None
    assert did_you_mean("Extern", ["local", "external"]) == "did you mean external?"
    assert did_you_mean("qqq", ["local", "external"]) == "known: local, external"


def test_the_known_types_are_those_that_redaction_finds() -> None:
    assert set(ENTITY_TYPES) == {entity.type for entity in ENTITIES}
    assert len(ENTITY_TYPES) == len(set(ENTITY_TYPES))


def test_the_known_regions_groups_and_words_are_those_of_redaction() -> None:
    assert set(REGIONS) == {*PACKS, *GROUPS} - {""}
    assert len(REGIONS) == len(set(REGIONS))
    assert set(ENTITY_GROUPS) == {ALL, DEFAULT}
    assert AUTO == AUTO_THERE


def test_files_and_languages_by_form() -> None:
    assert [
        name for name in ("a.yaml", "my-rules_2.yml", "../a.yaml", ".a.yaml", "a.csv", "a/b.yaml") if is_file_name(name)
    ] == [
        *("a.yaml", "my-rules_2.yml"),
    ]
    assert [code for code in ("en", "deu", "EN", "en-GB", "e", "") if is_language(code)] == ["en", "deu"]


def test_entity_types() -> None:
    assert is_entity_type("US_SSN")
    assert not is_entity_type("us_ssn")
