"""Presidio's registry files load unchanged and find what Presidio finds with them."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model import CustomRecognizer, PrivacyPolicy
from gateway.policy.findings import Findings
from gateway.policy.names import ENTITY_TYPES
from gateway.policy.presidio_file import Registry, read_presidio
from gateway.policy.presidio_names import CLASSES, ELSEWHERE, NAME_CLASSES
from gateway.redaction.detect import Detector
from gateway.redaction.presidio import load, nlp_engine

STOCK = Path(load().__file__ or "").parent / "conf"


def read(text: str) -> tuple[Registry, list[tuple[str, str, str]]]:
    """(registry, [(severity, code, where)])."""
    found = Findings()
    registry = read_presidio("recognizers.yaml", text, found)
    return registry or Registry(), [(f.severity, f.message.partition(":")[0], f.where) for f in found.sorted()]


def stock(name: str) -> str:
    return (STOCK / name).read_text(encoding="utf-8")


def test_the_table_of_classes_is_the_installed_packages() -> None:
    presidio = load()
    module = importlib.import_module("presidio_analyzer.predefined_recognizers")
    classes = {
        name: one
        for name in dir(module)
        if isinstance(one := getattr(module, name), type) and issubclass(one, presidio.EntityRecognizer)
    }
    named = {*CLASSES, *NAME_CLASSES, *ELSEWHERE}
    assert set(classes) - {"LMRecognizer"} <= named
    for name, kind in CLASSES.items():
        assert classes[name]().supported_entities == [kind], name


def test_the_stock_registry_loads_unchanged() -> None:
    registry, findings = read(stock("default_recognizers.yaml"))
    assert registry.recognizers == ()
    assert [finding for finding in findings if finding[0] == "error"] == []
    presidio = load()
    provider = importlib.import_module("presidio_analyzer.recognizer_registry").RecognizerRegistryProvider
    theirs = provider(conf_file=str(STOCK / "default_recognizers.yaml")).create_recognizer_registry()
    on = {kind for one in theirs.recognizers for kind in one.supported_entities}
    assert {kind for kind, switched in registry.switches.items() if switched} == on & set(ENTITY_TYPES)
    off = {kind for kind, switched in registry.switches.items() if not switched}
    assert "UK_NINO" in off
    assert not off & on
    assert presidio is not None


def test_the_example_file_loads_unchanged() -> None:
    registry, findings = read(stock("example_recognizers.yaml"))
    assert findings == []
    assert registry.recognizers == (
        CustomRecognizer(
            "Zip code Recognizer",
            "ZIP",
            ((r"(\b\d{5}(?:\-\d{4})?\b)", 0.01),),
            context=("zip", "code"),
            languages=("de",),
        ),
        CustomRecognizer(
            "Titles recognizer", "TITLE", deny_list=("Mr.", "Mrs.", "Ms.", "Miss", "Dr.", "Prof."), languages=("en",)
        ),
    )


def theirs(registry: Any, text: str, language: str, threshold: float) -> set[tuple[int, int, str]]:
    presidio = load()

    class Engine(type(nlp_engine())):  # type: ignore[misc]
        def get_supported_languages(self) -> list[str]:
            return ["en", "de", "es"]

    engine = presidio.AnalyzerEngine(
        registry=registry,
        nlp_engine=Engine(),
        supported_languages=["en", "de", "es"],
        context_aware_enhancer=presidio.LemmaContextAwareEnhancer(context_matching_mode="whole_word"),
    )
    found = engine.analyze(text, language, score_threshold=threshold)
    return {(one.start, one.end, one.entity_type) for one in found}


def registry_of(text: str) -> Any:
    module = importlib.import_module("presidio_analyzer.recognizer_registry")
    conf = yaml.safe_load(text) | {"supported_languages": ["en", "de", "es"], "global_regex_flags": 26}
    return module.RecognizerRegistryProvider(registry_configuration=conf).create_recognizer_registry()


CUSTOM = r"""
supported_languages: [en, de, es]
global_regex_flags: 26
recognizers:
  - name: tickets
    type: custom
    supported_entity: TICKET
    patterns:
      - {name: weak, regex: '\bT\d{4}\b', score: 0.2}
      - {name: long, regex: '\d+-\d+', score: 0.6}
    supported_languages:
      - {language: en, context: [ticket]}
      - {language: de, context: [vorgang]}
  - name: projects
    supported_entity: PROJECT
    deny_list: [Kestrel, Blue Heron, 'Mr.']
    deny_list_score: 0.7
  - name: left out
    enabled: false
    supported_entity: LEFT_OUT
    deny_list: [Heron]
"""
REGISTRIES = {
    name: registry_of(text) for name, text in {"example": stock("example_recognizers.yaml"), "own": CUSTOM}.items()
}
pieces = st.sampled_from(
    [
        *(
            "zip ",
            "code ",
            "12345",
            "12345-6789",
            "Mr.",
            "dr.",
            " ",
            "T1234",
            "ticket ",
            "vorgang: ",
            "1-22",
            "kestrel",
        ),
        *("Blue Heron", "\n", ",", "x", "Heron", "Mr", "_", "the ", "33-"),
    ]
)


@pytest.mark.parametrize("which", ["example", "own"])
@settings(max_examples=30, deadline=None)
@given(
    parts=st.lists(pieces, max_size=9), language=st.sampled_from(["en", "de"]), threshold=st.sampled_from([0.0, 0.4])
)
def test_spans_are_those_of_presidios_own_registry(
    which: str, parts: list[str], language: str, threshold: float
) -> None:
    text = "".join(parts)
    source = CUSTOM if which == "own" else stock("example_recognizers.yaml")
    registry, findings = read(source)
    assert findings == []
    rules = PrivacyPolicy(
        languages=(language,), entities=("CRYPTO",), threshold=threshold, recognizers=registry.recognizers
    )
    spans = Detector(rules).find(text)
    # Presidio reports overlapping findings; the gateway makes them one after the other.
    expected = theirs(REGISTRIES[which], text, language, threshold) if text.strip() else set()
    covered = {at for start, end, _ in expected for at in range(start, end)}
    assert {at for span in spans for at in range(span.start, span.end)} == covered
    apart = not any(a < d and c < b for a, b, _ in expected for c, d, _ in expected if (a, b) != (c, d))
    if apart:
        assert {(span.start, span.end, span.type) for span in spans} == expected


def test_a_language_with_words_of_its_own_makes_a_recognizer_of_its_own() -> None:
    registry, _ = read(CUSTOM)
    tickets = [one for one in registry.recognizers if one.type == "TICKET"]
    assert [(one.languages, one.context) for one in tickets] == [(("en",), ("ticket",)), (("de",), ("vorgang",))]
    assert [one.languages for one in registry.recognizers if one.type == "PROJECT"] == [("en", "de", "es")]


@pytest.mark.parametrize(
    ("rows", "switches"),
    [
        ("- UkNinoRecognizer", {"UK_NINO": True}),
        ("- {name: UkNinoRecognizer, type: predefined, enabled: false}", {"UK_NINO": False}),
        ("- {name: mine, class_name: UkNinoRecognizer, type: predefined}", {"UK_NINO": True}),
        ("- {name: UkNinoRecognizer}", {"UK_NINO": True}),
        ("- {name: EsNifRecognizer, supported_languages: [es]}", {}),
        ("- {name: EsNifRecognizer, supported_languages: [es, en]}", {"ES_NIF": True}),
        ("- {name: UkNinoRecognizer, country_code: uk}\n- {name: UsSsnRecognizer, country_code: us}", {"US_SSN": True}),
        ("- {name: SpacyRecognizer, enabled: false}", {}),
    ],
)
def test_predefined_recognizers_switch_types(rows: str, switches: dict[str, bool]) -> None:
    listed = "".join(f"  {row}\n" for row in rows.splitlines())
    registry, findings = read(f"supported_languages: [en]\nsupported_countries: [US]\nrecognizers:\n{listed}")
    assert (registry.switches, findings) == (switches, [])


@pytest.mark.parametrize(
    ("row", "severity", "code"),
    [
        ("{name: UkNinnoRecognizer, type: predefined}", "error", "unknown-recognizer"),
        ("{name: SpacyRecognizer}", "warning", "not-honoured"),
        ("{name: AzureAILanguageRecognizer}", "warning", "not-honoured"),
        ("{name: UkNinoRecognizer, supported_entity: NINO}", "warning", "not-honoured"),
        ("{name: UkNinoRecognizer, score_thresholds: {default: 0.4}}", "warning", "not-honoured"),
        ("{name: CryptoRecognizer, supported_languages: [{language: en, context: [coin]}]}", "warning", "not-honoured"),
        ("{type: predefined}", "error", "missing-key"),
        ("{name: a, type: costum}", "error", "bad-value"),
        ("{name: a, type: custom, supported_entity: A}", "error", "missing-key"),
        ("{name: a, deny_list: [x]}", "error", "missing-key"),
        ("{name: a, deny_list: [x], supported_entity: zip code}", "warning", "not-honoured"),
        ("{name: a, deny_list: [x], supported_entity: '?'}", "error", "bad-value"),
        ("{name: a, supported_entity: A, patterns: [{name: p, regex: '(a+)+', score: 1}]}", "error", "slow-pattern"),
        ("{name: a, supported_entity: A, patterns: [{name: p, regex: 'ab', score: 2}]}", "error", "bad-value"),
        ("{name: a, supported_entity: A, patterns: [{name: p, regex: 'ab'}]}", "error", "missing-key"),
        ("{name: a, supported_entity: A, deny_list: [x], supported_languages: [french]}", "error", "bad-value"),
        ("{name: a, supported_entity: A, deny_list: [x], supported_language: fr}", "warning", "not-honoured"),
        ("{name: a, supported_entity: A, deny_list: [x], version: '1'}", "warning", "not-honoured"),
    ],
)
def test_what_cannot_be_honoured_is_said_with_its_line(row: str, severity: str, code: str) -> None:
    _, findings = read(f"supported_languages: [en]\nrecognizers:\n  - {row}\n")
    assert (severity, code, "recognizers.yaml:3") in findings
    assert len(findings) <= 3


def test_the_files_flags_are_kept() -> None:
    pattern = "{name: p, regex: '%s', score: 0.9}"
    body = "global_regex_flags: %d\nrecognizers:\n  - {name: a, supported_entity: A, patterns: [" + pattern + "]}\n"

    def found(flags: int, regex: str, text: str) -> list[str]:
        registry, findings = read(body % (flags, regex))
        assert findings == []
        policy = PrivacyPolicy(entities=("CRYPTO",), recognizers=registry.recognizers)
        return [text[span.start : span.end] for span in Detector(policy).find(text)]

    assert found(26, "ab.c", "AB\nC abxc") == ["AB\nC", "abxc"]
    assert found(24, "ab.c", "AB\nC ab\nc") == ["ab\nc"]
    assert found(2, "^ab.c", "x\nABxc") == []
    assert found(10, "^ab.c", "x\nABxc ab\nc") == ["ABxc"]
    assert found(0, "(?i)ab", "AB ab") == ["AB", "ab"]
    _, findings = read(body % (64, "ab"))
    assert findings == [("error", "bad-value", "recognizers.yaml:1")]


def test_a_file_that_is_no_registry() -> None:
    assert read("[]")[1] == [
        ("error", "bad-value", "recognizers.yaml:1"),
        ("error", "missing-key", "recognizers.yaml:1"),
    ]
    assert read("a: {")[1][0][:2] == ("error", "bad-yaml")
    assert read("recognisers: []")[1] == [
        ("error", "missing-key", "recognizers.yaml:1"),
        ("warning", "not-honoured", "recognizers.yaml:1"),
    ]
