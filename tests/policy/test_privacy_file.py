from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.model import CustomRecognizer, PrivacyPolicy, Zone
from gateway.policy.findings import Findings
from gateway.policy.privacy_file import read_privacy

FULL = r"""
enabled: true
languages: [en, de]
entities: [PERSON, BADGE]
threshold: 0.5
allow_list: [Acme]
recognizers:
  - name: badge
    type: BADGE
    patterns: [{regex: '\bB-\d{4}\b', score: 0.9}]
    context: [badge]
    deny_list: [B-Zero]
refuse: {CRYPTO: [external]}
plain_zones: [local]
documents: {instructions: flag, hidden_text: refuse}
"""


def test_every_key_is_read() -> None:
    notes = Findings()
    read = read_privacy(FULL, notes)
    assert notes.sorted() == ()
    assert read is not None
    policy = read.policy
    assert (policy.enabled, policy.languages, policy.entities) == (True, ("en", "de"), ("PERSON", "BADGE"))
    assert (policy.threshold, policy.allow_list) == (0.5, ("Acme",))
    assert policy.recognizers == (
        CustomRecognizer("badge", "BADGE", ((r"\bB-\d{4}\b", 0.9),), ("badge",), ("B-Zero",)),
    )
    assert policy.refuse == {"CRYPTO": frozenset({Zone.EXTERNAL})}
    assert policy.plain_zones == {Zone.LOCAL}
    assert policy.tools == ("*",)
    assert (policy.instructions, policy.hidden_text) == ("flag", "refuse")


@pytest.mark.parametrize(
    ("before", "after", "code", "line", "severity"),
    [
        ("threshold: 0.5", "threshold: 5", "bad-value", 5, "error"),
        ("threshold", "treshold", "unknown-key", 5, "error"),
        ("languages: [en, de]", "languages: []", "bad-value", 3, "error"),
        ("[PERSON, BADGE]", "[PRESON]", "unknown-entity", 4, "error"),
        ("[PERSON, BADGE]", "[SHOE_SIZE]", "unknown-entity", 4, "warning"),
        (r"\bB-\d{4}\b", r"(\d+)+x", "slow-pattern", 10, "error"),
        (r"\bB-\d{4}\b", r"(\d+", "bad-pattern", 10, "error"),
        (", score: 0.9", "", "missing-key", 10, "error"),
        ("score: 0.9", "score: 9", "bad-value", 10, "error"),
        ("type: BADGE", "type: badge", "bad-value", 9, "error"),
        ("context:", "contex:", "unknown-key", 11, "error"),
        ("[external]", "[extern]", "unknown-zone", 13, "error"),
        ("enabled: true", "enabled: maybe", "bad-value", 2, "error"),
        ("enabled: true", "enabled: false", "privacy-off", 2, "warning"),
        ("plain_zones: [local]", "plain_zones: [external]", "privacy-off", 14, "warning"),
        ("instructions: flag", "instructions: allow", "not-looked-at", 15, "warning"),
        ("instructions: flag", "instructions: quarantined", "bad-value", 15, "error"),
        ("hidden_text: refuse", "hidden_text: yes", "bad-value", 15, "error"),
        ("hidden_text:", "hiden_text:", "unknown-key", 15, "error"),
    ],
)
def test_each_mistake_has_its_line(before: str, after: str, code: str, line: int, severity: str) -> None:
    assert before in FULL
    notes = Findings()
    read_privacy(FULL.replace(before, after), notes)
    matching = [f for f in notes.sorted() if f.message.startswith(f"{code}:") and f.where == f"privacy.yaml:{line}"]
    assert [f.severity for f in matching] == [severity]


def test_a_recognizer_that_finds_nothing_or_has_anothers_name() -> None:
    notes = Findings()
    read_privacy("recognizers:\n  - {name: a, type: A}\n  - {name: a, type: A, deny_list: [x]}\n", notes)
    assert [f.message.partition(":")[0] for f in notes.sorted()] == ["missing-key", "duplicate-key"]


def policy_of(text: str, others: dict[str, str] | None = None) -> tuple[PrivacyPolicy, list[tuple[str, str]]]:
    """(policy, [(code, where)])."""
    notes = Findings()
    read = read_privacy(text, notes, others)
    assert read is not None
    return read.policy, [(f.message.partition(":")[0], f.where) for f in notes.sorted()]


def test_regions_groups_and_languages() -> None:
    policy, findings = policy_of("regions: [us, eu]\nentities: [default, URL]\nwithout: [US_SSN]\nlanguages: [auto]\n")
    assert findings == []
    assert (policy.regions, policy.entities) == (("us", "eu"), ("default", "URL"))
    assert (policy.without, policy.languages) == (("US_SSN",), ("auto",))
    assert policy_of("regions: []\n")[0].regions == ()
    assert policy_of("enabled: true\n")[0].regions == PrivacyPolicy().regions


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("regions: [usa]", "bad-value"),
        ("regions: us", "bad-value"),
        ("languages: [german]", "bad-value"),
        ("languages: [Auto]", "bad-value"),
        ("entities: [defualt]", "unknown-entity"),
        ("without: [URLL]", "unknown-entity"),
        ("{entities: [URL], without: [URL]}", "bad-value"),
        ("methods: {PERSON: surogate}", "bad-value"),
        ("methods: {PERSON: {externl: token}}", "unknown-zone"),
        ("methods: {PERSN: token}", "unknown-entity"),
        ("methods: {PERSON: {}}", "bad-value"),
        ("methods: {PERSON: [token]}", "bad-value"),
        ("methods: {PERSON: mask}", "one-way-method"),
        ("methods: {'*': {external: drop}}", "one-way-method"),
        ("methods: {EMAIL_ADDRESS: {'*': hash}}", "one-way-method"),
        ("presidio: privacy.yaml", "bad-value"),
        ("presidio: ../more.yaml", "bad-value"),
        ("presidio: recognizer.yaml", "missing-file"),
        ("presidio: [recognizers.yaml, recognizers.yaml]", "duplicate-key"),
        ("recognizers: [{name: a, type: A, deny_list: ['...']}]", "bad-value"),
        ("recognizers: [{name: a, type: A, deny_list: [x], checksum: luhn}]", "bad-value"),
        ("recognizers: [{name: a, type: A, patterns: [{regex: '[0-9]{9}', score: 1}], checksum: lun}]", "bad-value"),
        ("recognizers: [{name: a, type: A, deny_list: [x], languages: [english]}]", "bad-value"),
        ("recognizers: [{name: a, type: A, deny_list: [x], languages: [fr]}]", "not-honoured"),
        ("recognizers: [{name: a, type: A, deny_list: [x], context: [personal number]}]", "not-honoured"),
        ("recognizers: [{name: a, type: A, deny_list: [x], deny_list_score: 2}]", "bad-value"),
        ("recognizers: [{name: a, type: A, patterns: [{regex: '[a-z]+', score: 1}]}]", "broad-pattern"),
    ],
)
def test_mistakes_in_the_new_keys(line: str, code: str) -> None:
    others = {"recognizers.yaml": "recognizers: [{name: UkNinoRecognizer}]\n"}
    assert policy_of(line + "\n", others)[1] == [(code, "privacy.yaml:1")]


def test_hints_name_the_nearest_word() -> None:
    notes = Findings()
    read_privacy(
        "regions: [usa]\nmethods: {PERSON: surogate}\npresidio: [recogniser.yaml]\n", notes, {"recognizers.yaml": ""}
    )
    assert [f.hint for f in notes.sorted()] == [
        "did you mean us?",
        "did you mean surrogate?",
        "did you mean recognizers.yaml?",
    ]


REGISTRY = """\
recognizers:
  - UkNinoRecognizer
  - {name: UrlRecognizer}
  - {name: UsSsnRecognizer, enabled: false}
  - {name: PhoneRecognizer, enabled: false}
  - {name: a, supported_entity: TITLE, deny_list: [Dr.]}
"""


def test_a_presidio_file_adds_and_switches() -> None:
    text = "presidio: recognizers.yaml\nwithout: [UK_NINO]\nentities: [default, PHONE_NUMBER]\n"
    text += "refuse: {TITLE: [external]}\nrecognizers: [{name: a, type: A, deny_list: [x]}]\n"
    policy, findings = policy_of(text, {"recognizers.yaml": REGISTRY})
    assert findings == []
    # What privacy.yaml says of a type itself counts before what the file says.
    assert policy.entities == ("default", "PHONE_NUMBER", "URL")
    assert policy.without == ("UK_NINO", "US_SSN")
    assert [(one.name, one.type) for one in policy.recognizers] == [("a", "A"), ("a 2", "TITLE")]
    assert policy_of("presidio: [recognizers.yaml]\n", {"recognizers.yaml": REGISTRY})[0].entities == (
        *("default", "UK_NINO", "URL"),
    )


def test_a_later_file_counts_before_an_earlier_one() -> None:
    others = {
        "a.yaml": "recognizers: [{name: UrlRecognizer}]\n",
        "b.yml": "recognizers: [{name: UrlRecognizer, enabled: false}]\n",
    }
    assert policy_of("presidio: [a.yaml, b.yml]\n", others)[0].without == ("URL",)
    assert policy_of("presidio: [b.yml, a.yaml]\n", others)[0].entities == ("default", "URL")


def test_the_examples_of_the_guide_are_right() -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs" / "policies.md").read_text(encoding="utf-8")
    section = guide.partition("\n## privacy.yaml\n")[2].partition("\n## ")[0]
    examples = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    assert len(examples) == 3
    for example in examples:
        notes = Findings()
        read_privacy(example, notes)
        assert [finding for finding in notes.sorted() if finding.severity == "error"] == [], example


def test_documents_defaults() -> None:
    """What speaks to a model is held, what is hidden is left out, where nothing is said."""
    read = read_privacy("enabled: true\n", Findings())
    assert read is not None
    assert (read.policy.instructions, read.policy.hidden_text) == ("quarantine", "strip")
