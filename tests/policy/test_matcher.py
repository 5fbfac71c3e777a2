from __future__ import annotations

import pytest

from tests.policy.samples import SHIPPED, codes, found

MODEL = (SHIPPED / "model.conf").read_text(encoding="utf-8")
GOOD = "m = g(r.sub, p.sub) && glob(r.obj, p.obj) && glob(r.act, p.act)"


def with_matcher(text: str) -> str:
    assert GOOD in MODEL
    return MODEL.replace(GOOD, text)


LINE = next(number for number, line in enumerate(MODEL.splitlines(), 1) if line == GOOD)


def test_the_shipped_model_and_a_variant_of_it_pass() -> None:
    assert codes(model=MODEL) == []
    assert (
        codes(model=with_matcher("m = r.act == p.act && keyMatch(r.obj, p.obj) && \\\n  g(r.sub, p.sub)  # why")) == []
    )


@pytest.mark.parametrize(
    ("matcher", "code", "hint"),
    [
        (
            "m = g(r.sub, p.sub) && glob(r.obj, p.obj) && glob(r.action, p.act)",
            "unknown-attribute",
            "did you mean r.act?",
        ),
        ("m = g(r.sub, p.sub) && glbo(r.obj, p.obj) && glob(r.act, p.act)", "unknown-attribute", "did you mean glob?"),
        ("m = g(r.sub, p.sub) && glob(r.obj, p.obj) && glob(r.act, p.act) && evil", "unknown-attribute", None),
        ("m = g(r.sub, p.sub) && glob(r.obj, p.obj) && eval(p.act) && r.act == p.act", "unknown-attribute", None),
        ("m = g(r.sub, p.sub) && glob(r.obj, p.obj) && timeMatch(r.act, p.act)", "unknown-attribute", None),
        ("m = r.sub.__class__ == p.sub && glob(r.obj, p.obj) && glob(r.act, p.act)", "unknown-attribute", None),
        ("m = g(r.sub, p.sub, p.obj) && glob(r.obj, p.obj) && glob(r.act, p.act)", "unknown-attribute", None),
        ("m = g(r.sub, p.sub) && glob(r.obj, p.obj) &&", "bad-model", None),
        ("m = [x for x in r.sub] == p.sub && glob(r.obj, p.obj) && glob(r.act, p.act)", "bad-model", None),
    ],
)
def test_a_matcher_that_names_what_does_not_exist(matcher: str, code: str, hint: str | None) -> None:
    findings = found(model=with_matcher(matcher))
    assert (code, f"model.conf:{LINE}") in [(f.message.partition(":")[0], f.where) for f in findings]
    assert hint is None or hint in [f.hint for f in findings]


@pytest.mark.parametrize(
    "matcher",
    [
        "m = glob(r.obj, p.obj) && glob(r.act, p.act)",
        "m = g(r.sub, p.sub) || (glob(r.obj, p.obj) && glob(r.act, p.act))",
        'm = (g(r.sub, p.sub) || r.sub == p.sub || p.sub != "") && glob(r.obj, p.obj) && glob(r.act, p.act)',
        "m = g(r.sub, p.sub) && glob(r.obj, p.obj) && (glob(r.act, p.act) || true == true)",
        "m = g(r.sub, p.sub) && (glob(r.obj, p.obj) || r.obj != p.obj) && glob(r.act, p.act)",
        'm = g(r.sub, p.sub) && glob(r.obj, p.obj) && (glob(r.act, p.act) || r.act == "write")',
        "m = g(r.sub, p.sub) && regexMatch(r.obj, p.obj) && glob(r.act, p.act)",
        "m = g(r.sub, p.sub) && keyMatch(p.obj, r.obj) && glob(r.act, p.act) || glob(r.obj, p.obj) && r.act != p.act",
        "m = !g(r.sub, p.sub) && glob(r.obj, p.obj) && glob(r.act, p.act)",
    ],
)
def test_a_matcher_that_forgets_caller_object_or_action_is_refused(matcher: str) -> None:
    assert {code for code, _ in codes(model=with_matcher(matcher))} & {"open-matcher", "bad-model", "unknown-attribute"}


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        ("r = sub, obj, act", "r = sub, obj, act, tenant", "model.conf:8"),
        ("p = sub, obj, act, eft", "p = sub, obj, act", "model.conf:11"),
        ("[policy_effect]", "[policy_efect]", "model.conf:16"),
        (
            "e = some(where (p.eft == allow)) && !some(where (p.eft == deny))",
            "e = some(where (p.eft == allow))",
            "model.conf:17",
        ),
        ("g = _, _", "g2 = _, _", "model.conf:14"),
        ("[request_definition]", "", "model.conf:8"),
        (GOOD, f"{GOOD}\n{GOOD}", f"model.conf:{LINE + 1}"),
    ],
)
def test_a_model_of_another_shape_is_refused_with_its_line(before: str, after: str, where: str) -> None:
    assert ("bad-model", where) in codes(model=MODEL.replace(before, after))
