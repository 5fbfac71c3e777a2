from __future__ import annotations

import re
import threading
from typing import Any

import casbin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model import Principal
from gateway.policy import Bundle
from gateway.policy.access import CACHE_SIZE, _remember
from gateway.policy.access_file import AccessFile, read_access
from gateway.policy.findings import Findings
from gateway.policy.names import glob
from tests.policy.samples import ACCESS, SHIPPED, bundle, caller

MODEL = (SHIPPED / "model.conf").read_text(encoding="utf-8")
EITHER = MODEL.replace(
    "e = some(where (p.eft == allow)) && !some(where (p.eft == deny))", "e = some(where (p.eft == allow))"
)
NEITHER = EITHER.replace("e = some(where (p.eft == allow))", "e = !some(where (p.eft == deny))")


def test_default_is_no() -> None:
    decision = bundle().decide(caller(), "model:auto", "use")
    assert not decision
    assert (decision.rule, decision.reason) == (None, "no rule allows you to use the model auto")


def test_deny_overrides_over_all_of_a_callers_names() -> None:
    policy = bundle()
    assert policy.decide(caller("boss"), "collection:anything", "read").rule == "access.csv:7"
    refused = policy.decide(caller("boss"), "collection:vault", "read")
    assert (refused.allowed, refused.rule) == (False, "access.csv:8")
    assert refused.reason == "a rule forbids you to read the collection vault"


def test_roles_and_groups_are_inherited() -> None:
    policy = bundle()
    assert policy.decide(caller(groups=("board",)), "label:secret", "read")
    assert policy.decide(caller(groups=("board",)), "model:auto", "use")
    assert not policy.decide(caller("board"), "label:secret", "read")
    assert policy.plan(caller(groups=("board",)), (), ()).marks == (
        "*",
        "group:board",
        "role:boss",
        "role:staff",
        "user:someone",
    )


def test_a_role_cannot_be_had_by_being_called_like_it() -> None:
    policy = bundle(access="p, admin, admin:*, *, allow\np, user:ann, model:*, use, allow\n")
    for stranger in (
        caller(groups=("admin",)),
        caller(name="admin"),
        caller("user:ann"),
        caller("ann"),
        caller(name="role:admin"),
        caller(groups=("user:ann",)),
    ):
        assert not policy.decide(stranger, "admin:policy", "activate")
        assert not policy.decide(stranger, "model:auto", "use")
    assert policy.decide(caller(name="ann"), "model:auto", "use")


@pytest.mark.parametrize(
    "obj", ["", "model:*", "collection:a@b", "entity:PERSON@a@hr", "x:y", "model:\x00", "model:" + "y" * 300]
)
def test_what_is_badly_formed_is_refused_without_quoting_it(obj: str) -> None:
    policy = bundle(
        access="p, staff, *, *, allow\np, admin, admin:*, *, allow\n".replace(
            "*, *, allow\np, a", "model:*, *, allow\np, a"
        )
    )
    decision = policy.decide(caller("staff"), obj, "use")
    assert not decision
    assert decision.reason == "there is no such thing to ask for"


def test_an_engine_that_fails_means_no(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = bundle()

    def broken(*_: object) -> tuple[bool, list[str]]:
        raise RuntimeError("canary")

    monkeypatch.setattr(policy.access._enforcement, "_enforce", broken)
    decision = policy.decide(caller("staff"), "model:auto", "use")
    assert not decision
    assert decision.reason == "the access policy could not be evaluated, so the answer is no"
    monkeypatch.undo()
    assert policy.decide(caller("staff"), "model:auto", "use"), "a failure must not be remembered"


def test_plan_names_what_was_asked_for_and_refused() -> None:
    policy = bundle()
    plan = policy.plan(caller("staff"), ["handbook", "finance", "handbook"], ["handbook", "finance", "vault"])
    assert (plan.collections, plan.labels) == (("handbook",), ("public",))
    assert [(verdict.object, verdict.reason) for verdict in plan.refused] == [
        ("collection:finance", "no rule allows you to read the collection finance")
    ]
    everything = policy.plan(caller("boss"), [], ["handbook", "finance", "vault"])
    assert (everything.collections, everything.refused) == (("handbook", "finance"), ())
    assert everything.digest == policy.digest


def test_a_refusal_is_the_same_whether_or_not_the_thing_exists() -> None:
    policy = bundle()
    real = policy.plan(caller("staff"), ["vault2"], ["vault2"]).refused[0]
    unreal = policy.plan(caller("staff"), ["vault2"], []).refused[0]
    assert real == unreal
    assert "boss" not in real.reason


def test_explain_is_decide_with_every_rule_that_matched() -> None:
    policy = bundle()
    explanation = policy.explain(caller("boss"), "collection:vault", "read")
    assert explanation.decision == policy.decide(caller("boss"), "collection:vault", "read")
    assert [(rule.where, rule.effect, rule.decided) for rule in explanation.matched] == [
        ("access.csv:7", "allow", False),
        ("access.csv:8", "deny", True),
    ]
    assert explanation.matched[0].text == "p, boss, collection:*, read, allow"
    assert "role:staff" in explanation.names
    assert policy.explain(caller(), "model:*", "use").matched == ()


def test_the_cache_is_bounded_whatever_callers_ask() -> None:
    full: dict[int, int] = {}
    for number in range(CACHE_SIZE + 50):
        _remember(full, number, number)
    assert len(full) == CACHE_SIZE
    assert 0 not in full


def test_callers_with_the_same_rights_share_decisions() -> None:
    policy = bundle()
    for number in range(50):
        policy.decide(caller("staff", name=f"user{number}"), "model:auto", "use")
    assert len(policy.access._decisions) == 1


def test_threads_get_the_same_answers() -> None:
    policy = bundle()
    wrong: list[tuple[bool, ...]] = []

    def ask(seed: int) -> None:
        staff, boss = caller("staff", name=f"{seed}"), caller("boss", name=f"{seed}")
        for number in range(150):
            answers = (
                policy.decide(staff, f"model:{number}", "use").allowed,
                policy.decide(staff, f"collection:{number}", "read").allowed,
                policy.decide(boss, f"collection:{number}", "read").allowed,
                policy.decide(boss, "collection:vault", "read").allowed,
            )
            if answers != (True, False, True, False):
                wrong.append(answers)

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# Property tests against Casbin as it comes: its own role manager, its own file format, a fresh enforcer, no cache.

ROLES = ["a", "b", "c"]
SUBJECTS = ["*", "a", "b", "c", "group:g", "group:h", "user:u"]
OBJECTS = [
    "collection:x",
    "collection:y",
    "collection:*",
    "label:public",
    "label:secret",
    "label:*",
    "model:m",
    "model:*",
]
ASKED = ["collection:x", "collection:y", "collection:xy", "label:public", "label:secret", "model:m", "model:m/n"]
ACTIONS = {"collection": ["read", "write", "*"], "label": ["read", "*"], "model": ["use", "*"]}


@st.composite
def policies(draw: st.DrawFn) -> str:
    lines = ["p, a, admin:policy, activate, allow", "p, b, admin:policy, activate, allow"]
    for _ in range(draw(st.integers(1, 12))):
        obj = draw(st.sampled_from(OBJECTS))
        action = draw(st.sampled_from(ACTIONS[obj.partition(":")[0]]))
        effect = draw(st.sampled_from(["allow", "allow", "deny"]))
        lines.append(f"p, {draw(st.sampled_from(SUBJECTS))}, {obj}, {action}, {effect}")
    for _ in range(draw(st.integers(0, 4))):
        child = draw(st.sampled_from(["group:g", "group:h", "user:u", "a", "b"]))
        parent = {"a": "b", "b": "c"}.get(child) or draw(st.sampled_from(["a", "b", "c"]))
        lines.append(f"g, {child}, {parent}")
    return "\n".join(lines) + "\n"


@st.composite
def callers(draw: st.DrawFn) -> Principal:
    return caller(
        *draw(st.sets(st.sampled_from(ROLES), max_size=2)),
        groups=tuple(draw(st.sets(st.sampled_from(["g", "h", "k"]), max_size=2))),
        name=draw(st.sampled_from(["u", "v"])),
    )


def stock(model: str, file: AccessFile) -> Any:
    lines = [f"p, {r.subject}, {r.object}, {r.action}, {r.effect}" for r in file.rules]
    lines += [f"g, {link.child}, {link.parent}" for link in file.links]
    enforcer = casbin.Enforcer(
        casbin.Enforcer.new_model(text=model), casbin.persist.adapters.StringAdapter("\n".join(lines))
    )
    enforcer.add_function("glob", glob)
    return enforcer


def plain_answer(file: AccessFile, who: Principal, obj: str, action: str) -> bool:
    """Deny overrides over all marks, asked of Casbin one mark at a time: some allow, and no deny."""
    some_allow, no_deny = stock(EITHER, file), stock(NEITHER, file)
    allowed = any(some_allow.enforce(mark, obj, action) for mark in who.marks)
    return allowed and all(no_deny.enforce(mark, obj, action) for mark in who.marks)


QUESTIONS = st.tuples(callers(), st.sampled_from(ASKED), st.sampled_from(["read", "write", "use"]))


@settings(max_examples=120, deadline=None)
@given(policies(), st.lists(QUESTIONS, min_size=1, max_size=5))
def test_every_cached_decision_is_that_of_a_plain_fresh_enforcer(
    text: str, asked: list[tuple[Principal, str, str]]
) -> None:
    policy = bundle(access=text, routing=PUBLIC_SECRET)
    file = read_access(text, Findings())
    for who, obj, action in asked:
        first = policy.decide(who, obj, action)
        again = policy.decide(who, obj, action)
        assert first is again
        assert first.allowed is plain_answer(file, who, obj, action)
        assert (first.rule is None) <= (not first.allowed)
        explanation = policy.explain(who, obj, action)
        effects = {rule.effect for rule in explanation.matched}
        assert first.allowed is (effects == {"allow"})
        if first.rule is not None:
            assert sum(rule.decided for rule in explanation.matched) == 1


PUBLIC_SECRET = "labels: [public, secret]\nzones: {public: [local], secret: [local]}\ndefault_label: public\n"


@settings(max_examples=60, deadline=None)
@given(policies(), callers())
def test_plan_agrees_with_decide_for_every_collection_and_label(text: str, who: Principal) -> None:
    policy = bundle(access=text, routing=PUBLIC_SECRET)
    collections = ["x", "y", "z"]
    for asked in ([], ["x"], ["y", "x", "unknown"]):
        plan = policy.plan(who, asked, collections)
        for name in {*collections, "unknown"}:
            for label in ("public", "secret", "other"):
                both = policy.decide(who, f"collection:{name}", "read") and policy.decide(who, f"label:{label}", "read")
                wanted = (name in asked) if asked else name in collections
                expected = bool(both) and wanted and label in policy.routing.labels
                assert (name in plan.collections and label in plan.labels) is expected
        assert {verdict.object for verdict in plan.refused} == {
            f"collection:{name}" for name in asked if not policy.decide(who, f"collection:{name}", "read")
        }


def test_reasons_are_sentences_without_names_of_others() -> None:
    policy: Bundle = bundle()
    for obj, action in [("collection:finance", "read"), ("entity:PERSON@hr", "reveal"), ("admin:policy", "edit")]:
        reason = policy.decide(caller("staff"), obj, action).reason
        assert reason.startswith("no rule allows you to ")
        assert not re.search(r"boss|vault|access\.csv|handbook", reason)


def test_what_other_keys_had_redacted_is_named_like_a_collection_that_cannot_be() -> None:
    policy: Bundle = bundle(access=ACCESS + "p, staff, entity:PERSON@/v1/redact, reveal, allow\n")
    yes = policy.decide(caller("staff"), "entity:PERSON@/v1/redact", "reveal")
    assert yes.reason == "role staff may see PERSON that others had redacted"
    assert not policy.decide(caller("staff"), "entity:EMAIL_ADDRESS@/v1/redact", "reveal")
    assert not policy.decide(caller("staff"), "entity:PERSON@redact", "reveal")
