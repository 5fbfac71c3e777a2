"""Faker's lists, read without Faker."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gateway.redaction.fake_lists import LOCALES, names
from gateway.redaction.fake_people import candidates, gender_of, language_of, name_word, parts_of
from gateway.redaction.fake_words import COMMON, NEUTRAL


@pytest.mark.parametrize("language", LOCALES)
def test_there_are_names_to_choose_from_and_none_is_an_ordinary_word(language: str) -> None:
    known = names(language)
    assert min(map(len, (known.female, known.male, known.last))) >= 15
    for name in (*known.female, *known.male, *known.last, *known.last_female):
        assert name.casefold() not in COMMON
    assert not set(known.female) & set(known.male)


def test_the_lists_leave_the_real_package_alone() -> None:
    """Nothing of it is imported before a list is read, and whoever imports it afterwards gets all of it."""
    code = (
        "import sys, gateway.redaction; assert not any(m.split('.')[0] == 'faker' for m in sys.modules)\n"
        "from gateway.redaction.fake_lists import names; assert names('de').last\n"
        "assert 'faker' not in sys.modules\n"
        "import faker; assert faker.Faker('de_DE').name()\n"
        "assert names('fr').last\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize(
    ("word", "gender"), [("jane", "f"), ("petra", "f"), ("john", "m"), ("anton", "m"), ("qzy", "n")]
)
def test_gender_is_read_from_lists_and_endings(word: str, gender: str) -> None:
    assert gender_of(word, "en") == gender


def test_of_whom_nothing_is_known_gets_a_name_that_says_nothing() -> None:
    assert candidates(name_word("Qzy", {"qzy": "first"}, ("en",))) == NEUTRAL


def test_languages_of_the_policy_count_before_english() -> None:
    assert language_of("Nobodyknows", ("fr", "en")) == "fr"
    assert language_of("\u0418\u0432\u0430\u043d", ("de",)) == "ru"
    assert language_of("\u0418\u0432\u0430\u043d", ("uk",)) == "uk"


def test_titles_particles_and_endings_are_no_names() -> None:
    assert parts_of("Dr. Jane van der Roe Jr.") == {2: "first", 8: "last"}
    assert parts_of("Roe, Jane") == {0: "last", 2: "first"}
    assert parts_of("Dr.") == {}
