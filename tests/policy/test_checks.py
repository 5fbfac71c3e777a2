from __future__ import annotations

from gateway.policy.access_file import read_access
from gateway.policy.checks import check_links
from gateway.policy.findings import Findings
from tests.policy.samples import ACCESS, codes, found

KEEP = "p, admin, admin:policy, activate, allow\n"


def test_the_small_policy_is_clean() -> None:
    assert codes() == []


def test_duplicates_and_rules_that_change_nothing() -> None:
    access = KEEP + (
        "p, staff, model:a, use, allow\n"
        "p, staff, model:a, use, allow\n"
        "p, staff, model:*, use, allow\n"
        "p, boss, collection:x, read, allow\n"
        "p, *, collection:*, read, deny\n"
        "p, boss, model:b, use, allow\n"
        "g, boss, staff\n"
    )
    assert sorted(codes(access=access)) == [
        ("duplicate-rule", "access.csv:3"),
        ("redundant-rule", "access.csv:2"),
        ("redundant-rule", "access.csv:3"),
        ("redundant-rule", "access.csv:7"),
        ("shadowed-rule", "access.csv:5"),
    ]
    assert {finding.severity for finding in found(access=access)} == {"warning"}


def test_a_deny_for_another_role_shadows_nothing() -> None:
    access = KEEP + "p, staff, model:a, use, allow\np, guest, model:*, use, deny\np, staff, model:a*, use, deny\n"
    assert codes(access=access) == [("shadowed-rule", "access.csv:2")]


def test_a_narrow_deny_under_a_wide_allow_is_no_finding() -> None:
    assert codes(access=KEEP + "p, staff, model:*, use, allow\np, staff, model:x, use, deny\n") == []


def test_labels_must_exist() -> None:
    findings = found(access=ACCESS.replace("label:secret", "label:secert"))
    assert [(f.where, f.message, f.hint) for f in findings] == [
        ("access.csv:6", "unknown-label: no label secert", "did you mean secret?")
    ]


def test_entity_types_must_exist_or_be_brought_by_a_recognizer() -> None:
    rule = KEEP + "p, staff, entity:{}@hr, reveal, allow\n"
    assert codes(access=rule.format("PERSN")) == [("unknown-entity", "access.csv:2")]
    own = "recognizers: [{name: b, type: BADGE, deny_list: [x]}]\n"
    assert codes(access=rule.format("BADGE")) == [("unknown-entity", "access.csv:2")]
    assert codes(access=rule.format("BADGE"), privacy=own) == []
    assert codes(access=rule.format("*")) == []


def test_roles_must_be_declared_once_any_is() -> None:
    access = "role, admin, x\nrole, staff, y\n" + KEEP + "p, staf, model:*, use, allow\ng, group:a, staff\n"
    findings = found(access=access)
    assert [(f.where, f.message, f.hint) for f in findings] == [
        ("access.csv:4", "unknown-role: no role line declares staf", "did you mean staff?")
    ]


def test_a_collection_spelt_almost_like_another() -> None:
    twice = KEEP + "p, staff, collection:finance, read, allow\np, boss, collection:finance, write, allow\n"
    assert codes(access=twice) == []
    assert codes(access=twice + "p, boss, collection:finanec, read, allow\n") == [("odd-collection", "access.csv:4")]
    assert codes(access=twice + "p, boss, entity:PERSON@finace, reveal, allow\n") == [
        ("odd-collection", "access.csv:4")
    ]
    assert codes(access=twice + "p, boss, collection:legal, read, allow\n") == []
    assert (
        codes(access=twice + "p, boss, collection:team1, read, allow\np, boss, collection:team2, read, allow\n") == []
    )


def test_more_rules_than_can_be_asked_are_refused_quickly() -> None:
    access = KEEP + "".join(f"p, r{i % 50}, collection:c{i}, read, allow\n" for i in range(2100))
    assert codes(access=access)[0] == ("too-many-rules", "access.csv:2001")


def test_circles_and_endless_chains() -> None:
    assert ("role-cycle", "access.csv:2") in codes(access=KEEP + "g, a, b\ng, b, c\ng, c, a\n")
    long = "".join(f"g, r{i}, r{i + 1}\n" for i in range(12))
    notes = Findings()
    check_links(read_access(long, notes), notes)
    assert notes.errors > 0
    notes = Findings()
    check_links(read_access("".join(f"g, r{i}, r{i + 1}\n" for i in range(6)), notes), notes)
    assert notes.errors == 0


def test_nobody_can_be_locked_out() -> None:
    for access in (
        "p, staff, model:*, use, allow\n",
        "p, admin, admin:policy, read, allow\n",
        "p, admin, admin:*, *, allow\np, *, admin:policy, activate, deny\n",
        "p, admin, admin:*, *, allow\np, staff, admin:policy, *, deny\ng, admin, staff\n",
        "p, user:bo, admin:policy, activate, allow\n",
    ):
        assert ("lock-out", "access.csv") in codes(access=access), access


def test_any_role_or_group_that_can_activate_is_enough() -> None:
    for access in (
        "p, chief, admin:*, *, allow\n",
        "p, group:ops, admin:policy, activate, allow\n",
        "p, chief, admin:policy, activate, allow\ng, group:x, chief\np, group:x, admin:*, *, deny\n",
    ):
        assert "lock-out" not in {code for code, _ in codes(access=access)}, access


def test_everybody_as_administrator_is_pointed_out() -> None:
    assert codes(access="p, *, admin:policy, activate, allow\n") == [("open-admin", "access.csv:1")]
