"""What records are found by, and how little the digests say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.audit.record import encode, load, unpack, whole
from gateway.audit.terms import (
    MOST,
    PERSONAL_BITS,
    Terms,
    bucket,
    buckets,
    cost_of,
    facts_of,
    is_personal,
    literal,
    told_of,
)
from gateway.crypto import KeyRing
from tests.audit.support import record, subject_key

DETAIL: dict[str, Any] = {
    "name": "Hana Ito",
    "roles": ["employee", "hr"],
    "model_asked": "auto",
    "decisions": [
        {"object": "model:cloud", "action": "use", "allowed": True},
        {"object": "collection:hr", "action": "read", "allowed": False},
    ],
    "collections": ["hr"],
    "detected": {"PERSON": 2},
    "withheld": {"IBAN_CODE": 1},
    "passages": ["0192ab.4", "0192ab.7"],
    "egress": {"model": "cloud", "zone": "external"},
    "cost_usd": 0.004,
    "error": None,
}


def find(text: str) -> list[str]:
    return [word for word in text.split() if word.startswith("id")]


def test_everything_that_is_searched_for_is_found_in_a_record() -> None:
    facts = set(facts_of(told_of(replace(record(1), detail=DETAIL))))
    assert facts >= {
        ("kind", "intent"),
        ("action", "chat"),
        ("policy", "sha256:00"),
        ("user", "user:ada"),
        ("user", "hana ito"),
        ("role", "hr"),
        ("model", "cloud"),
        ("model", "auto"),
        ("zone", "external"),
        ("decision", "allow"),
        ("decision", "deny"),
        ("entity", "PERSON"),
        ("entity", "IBAN_CODE"),
        ("document", "0192ab"),
        ("collection", "hr"),
    }
    assert ("decision", "deny") in set(facts_of({"kind": "refusal", "detail": {"code": "no_model_allowed"}}))
    assert ("error", "no_model_allowed") in set(facts_of({"kind": "refusal", "detail": {"code": "no_model_allowed"}}))


@pytest.mark.parametrize("detail", [None, [], "x", {"roles": 5, "egress": [], "decisions": {"a": 1}, "cost_usd": True}])
def test_a_record_of_another_shape_has_fewer_terms_and_no_fault(ring: KeyRing, detail: Any) -> None:
    told = {"kind": "event", "detail": detail, "content": [[{"a": 5}], None]}
    assert Terms(ring, find).of(told) == [Terms(ring).term("kind", "event")]


def test_the_terms_of_a_record_are_the_same_when_it_is_written_and_when_it_is_read(ring: KeyRing) -> None:
    one = replace(record(1, text="id7 and id8"), detail=DETAIL)
    key = subject_key()
    outer, inner = unpack(encode(one, key, max_bytes=1 << 20).payload)
    read = {"kind": one.kind, **whole(outer, inner, key, one.request)}
    terms = Terms(ring, find)
    assert terms.of(read) == terms.of(told_of(one))
    assert len([term for term in terms.of(read) if is_personal(term)]) == 4
    forgotten = {"kind": one.kind, **whole(outer, inner, None, one.request)}
    assert [term for term in terms.of(forgotten) if is_personal(term)] == []
    assert set(terms.of(forgotten)) < set(terms.of(read))


def test_terms_depend_on_the_field_and_on_the_key(ring: KeyRing, tmp_path: Path) -> None:
    terms = Terms(ring)
    other_ring = KeyRing.create(tmp_path / "other.json")
    assert terms.term("model", "hr") != terms.term("role", "hr")
    assert terms.term("model", "hr") == Terms(ring).term("model", "hr") != Terms(other_ring).term("model", "hr")


def test_terms_of_people_collide_and_those_of_facts_do_not(ring: KeyRing) -> None:
    terms = Terms(ring)
    people = [terms.term("user", f"person {n}") for n in range(30_000)]
    # Birthdays: 30,000 in 2**24 make 27 pairs on average, so that a run without any does not happen.
    assert 0 < len(people) - len(set(people)) < 100
    assert all(is_personal(term) and -term < 4 << PERSONAL_BITS for term in people)
    assert not {terms.term("value", f"person {n}") for n in range(1000)} & set(people)
    facts = [terms.term("model", f"model {n}") for n in range(20_000)]
    assert len(set(facts)) == 20_000
    assert all(0 <= term < 1 << 63 for term in facts)


def test_costs_fall_into_buckets_that_a_range_covers() -> None:
    costs = [0.0, 1e-12, 1e-6, 0.0004, 0.004, 0.0041, 0.05, 1.0, 9.9, 120.0, 1e9]
    for least in costs:
        for most in (cost for cost in costs if cost >= least):
            wanted = set(buckets(least, most))
            assert all(str(bucket(cost)) in wanted for cost in costs if least <= cost <= most)
    assert sorted(costs, key=bucket) == costs
    assert set(buckets(None, None)) >= {str(bucket(cost)) for cost in costs}
    assert cost_of({"detail": {"cost_usd": float("nan")}}) is None


def test_a_record_with_very_many_values_has_a_bounded_number_of_terms(ring: KeyRing) -> None:
    told = {"kind": "intent", "content": {"sent": " ".join(f"id{n}" for n in range(5000))}}
    assert len(Terms(ring, find).of(told)) == MOST


def test_terms_are_written_as_an_array() -> None:
    assert literal([-3, 0, 5]) == "{-3,0,5}"
    assert literal([]) == "{}"
    assert load(b"{}") == {}
