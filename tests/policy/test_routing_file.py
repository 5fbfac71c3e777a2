from __future__ import annotations

import pytest

from gateway.model import Zone
from gateway.policy.findings import Findings
from gateway.policy.routing_file import is_typo, read_routing
from tests.policy.samples import ROUTING, codes, found

LOCAL, PRIVATE, EXTERNAL = Zone.LOCAL, Zone.PRIVATE, Zone.EXTERNAL

FULL = """\
labels: [low, high]
zones:
  low: [local, private, external]
  high: [local]
entity_zones:
  CREDIT_CARD: [local, private]
default_label: low
objective: cost
max_cost_usd: 0.25
fallbacks: 2
unscannable_zones: [local, private]
assistants:
  helper: {collections: [hr, wiki], model: small, system: Be brief., top_k: 3}
"""


def test_every_key_is_read() -> None:
    notes = Findings()
    policy = read_routing(FULL, notes)
    assert notes.sorted() == ()
    assert policy is not None
    assert policy.labels == ("low", "high")
    assert policy.zones == {"low": frozenset(Zone), "high": frozenset({LOCAL})}
    assert policy.entity_zones == {"CREDIT_CARD": frozenset({LOCAL, PRIVATE})}
    assert (policy.default_label, policy.objective, policy.max_cost_usd, policy.fallbacks) == ("low", "cost", 0.25, 2)
    assert policy.unscannable_zones == {LOCAL, PRIVATE}
    helper = policy.assistants["helper"]
    assert (helper.name, helper.collections, helper.model, helper.system, helper.top_k) == (
        "helper",
        ("hr", "wiki"),
        "small",
        "Be brief.",
        3,
    )


def test_what_is_left_out_is_careful() -> None:
    policy = read_routing(ROUTING, Findings())
    assert policy is not None
    assert policy.unscannable_zones == {LOCAL}
    assert (policy.objective, policy.max_cost_usd, policy.fallbacks) == ("quality", None, 1)
    assert policy.assistants == {}


@pytest.mark.parametrize(
    ("before", "after", "code", "line", "hint"),
    [
        ("high: [local]", "high: [locale]", "unknown-zone", 4, "did you mean local?"),
        ("  high: [", "  hihg: [", "unknown-label", 4, "did you mean high?"),
        ("default_label: low", "default_label: lo", "unknown-label", 7, "did you mean low?"),
        ("objective: cost", "objective: costs", "bad-value", 8, "did you mean cost?"),
        ("objective", "objektive", "unknown-key", 8, "did you mean objective?"),
        ("fallbacks: 2", "fallbacks: 9", "bad-value", 10, ""),
        ("max_cost_usd: 0.25", "max_cost_usd: cheap", "bad-value", 9, ""),
        ("CREDIT_CARD", "CREDIT_CRAD", "unknown-entity", 6, "did you mean CREDIT_CARD?"),
        ("CREDIT_CARD", "credit card", "unknown-entity", 6, "did you mean CREDIT_CARD?"),
        ("top_k", "topk", "unknown-key", 13, "did you mean top_k?"),
        ("collections: [hr, wiki]", "collections: []", "bad-assistant", 13, ""),
        ("collections: [hr, wiki], ", "", "missing-key", 13, ""),
        ("collections: [hr, wiki]", "collections: ['a*']", "bad-assistant", 13, ""),
        ("model: small", "model: helper", "bad-assistant", 13, "name a model, or auto"),
        ("helper: {", "auto: {", "bad-assistant", 13, ""),
        ("[low, high]", "[low, low]", "duplicate-key", 1, ""),
        ("[low, high]", "[low, 'h*']", "bad-value", 1, None),
        ("[low, high]", "[]", "bad-value", 1, None),
    ],
)
def test_each_mistake_has_its_line_and_hint(before: str, after: str, code: str, line: int, hint: str | None) -> None:
    assert before in FULL
    notes = Findings()
    read_routing(FULL.replace(before, after), notes)
    matching = [f for f in notes.sorted() if f.message.startswith(f"{code}:") and f.where == f"routing.yaml:{line}"]
    assert matching
    assert matching[0].severity == "error"
    assert hint is None or matching[0].hint == hint


@pytest.mark.parametrize(
    ("one", "two", "alike"),
    [
        ("finance", "finanec", True),
        ("finance", "finace", True),
        ("finance", "finnance", True),
        ("finance", "finunce", True),
        ("finance", "xfinance", True),
        ("finance", "finance", False),
        ("finance", "fiance2", False),
        ("finance", "ecnanif", False),
        ("legal", "hr", False),
    ],
)
def test_one_slip_of_the_hand(one: str, two: str, alike: bool) -> None:
    assert is_typo(one, two) is is_typo(two, one) is alike


def test_labels_and_zones_are_needed() -> None:
    assert codes(routing="objective: cost\n")[:2] == [("missing-key", "routing.yaml:1")] * 2
    missing_default = "labels: [a]\nzones: {a: [local]}\n"
    assert ("missing-key", "routing.yaml:1") in codes(routing=missing_default, access=ALLOW)


ALLOW = "p, admin, admin:policy, activate, allow\n"


def test_doubtful_zones_are_warnings() -> None:
    text = "labels: [a, b, c]\nzones:\n  a: [local]\n  b: [local, external]\ndefault_label: a\n"
    findings = found(routing=text, access=ALLOW)
    assert [(f.severity, f.message.partition(":")[0], f.where) for f in findings] == [
        ("warning", "label-without-zone", "routing.yaml:3"),
        ("warning", "looser-label", "routing.yaml:4"),
    ]


def test_an_entity_nobody_heard_of_is_only_a_warning() -> None:
    findings = found(routing=ROUTING + "entity_zones: {SHOE_SIZE: [local]}\n")
    assert [(f.severity, f.message.partition(":")[0]) for f in findings] == [("warning", "unknown-entity")]
