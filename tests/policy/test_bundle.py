from __future__ import annotations

import itertools
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.errors import BadPolicy
from gateway.model import Sensitivity, Zone
from gateway.policy import build, check, digest_of, load_files
from gateway.policy.names import MAX_FILE_BYTES
from tests.policy.samples import ACCESS, ROUTING, bundle, caller, codes, files, found, shipped

LOCAL, PRIVATE, EXTERNAL = Zone.LOCAL, Zone.PRIVATE, Zone.EXTERNAL


def test_the_shipped_policy_has_neither_errors_nor_warnings() -> None:
    assert check(shipped()) == []


def test_the_digest_names_names_and_bytes() -> None:
    first = files()
    assert digest_of(first) == digest_of(dict(reversed(first.items())))
    seen = {digest_of(first)}
    for name in first:
        seen.add(digest_of({**first, name: first[name] + b"\n"}))
    seen.add(digest_of({**first, "access_test.yaml": b""}))
    assert len(seen) == len(first) + 2
    assert digest_of({"a": b"bc"}) != digest_of({"ab": b"c"})
    built = build(first)
    assert built.digest == digest_of(first)
    assert built.decide(caller("staff"), "model:auto", "use").digest == built.digest


def test_a_bundle_cannot_be_changed() -> None:
    built = bundle()
    with pytest.raises(AttributeError):
        built.digest = "x"  # type: ignore[misc]
    with pytest.raises(TypeError):
        built.files["access.csv"] = b""  # type: ignore[index]
    source = files()
    built = build(source)
    source["access.csv"] = b"p, *, model:*, use, allow\n"
    assert built.files["access.csv"] != source["access.csv"]


def test_comments_are_kept() -> None:
    assert b"# a comment that stays" in bundle().files["access.csv"]


def test_typos_everywhere_are_all_told_at_once_and_nothing_is_built() -> None:
    wrong = files(
        access="p, admin, admin:policy, activate, allow\np, staff, modle:*, use, allow\np, staff, model:x, use, alow\n",
        routing=ROUTING.replace("zones", "zonez"),
        privacy="enabled: true\ntreshold: 1\n",
        model=files()["model.conf"].decode().replace("r.act", "r.atc"),
        access_test="callers: {}\ncasses: []\n",
    )
    with pytest.raises(BadPolicy) as caught:
        build(wrong)
    message = caught.value.message
    for where in (
        "access.csv:2",
        "access.csv:3",
        "routing.yaml:2",
        "privacy.yaml:2",
        "model.conf:21",
        "access_test.yaml:2",
    ):
        assert f"{where}: error: " in message, where
    assert "did you mean zones?" in message
    assert "did you mean r.act?" in message


def test_missing_misnamed_large_and_binary_files() -> None:
    made = files()
    del made["privacy.yaml"]
    made["privacy.yml"] = b"enabled: true\n"
    made["routing.yaml"] = b"labels: [\xff]\n"
    made["access_test.yaml"] = b"#" * (MAX_FILE_BYTES + 1)
    findings = check(made)
    assert {(f.where, f.message.partition(":")[0]) for f in findings} == {
        ("privacy.yaml", "missing-file"),
        ("privacy.yml", "unknown-file"),
        ("routing.yaml:1", "not-utf8"),
        ("access_test.yaml", "file-too-large"),
    }
    assert "did you mean privacy.yaml?" in {f.hint for f in findings}
    assert len(check({})) == 4


def test_load_files_takes_policy_files_and_what_looks_like_them(tmp_path: Path) -> None:
    for name in ("access.csv", "rooting.yaml", "README.md", ".access.csv.swp", "access.csv~"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    (tmp_path / "old.yaml").mkdir()
    assert set(load_files(tmp_path)) == {"access.csv", "rooting.yaml"}
    with pytest.raises(BadPolicy, match="cannot be read"):
        load_files(tmp_path / "absent")


def test_zones_are_what_every_label_and_type_allows() -> None:
    built = bundle(
        routing="labels: [a, b, c]\nzones: {a: [local, private, external], b: [local, private], c: [external]}\n"
        "default_label: b\nentity_zones: {CRYPTO: [local, external]}\nunscannable_zones: [private]\n",
        privacy="refuse: {US_SSN: [local]}\n",
        access="p, admin, admin:policy, activate, allow\n",
    )

    def zones(labels: str, entities: tuple[str, ...] = (), unscannable: tuple[str, ...] = ()) -> set[Zone]:
        return set(built.zones(Sensitivity(frozenset(labels), frozenset(entities), frozenset(unscannable))))

    assert zones("a") == {LOCAL, PRIVATE, EXTERNAL}
    assert zones("ab") == {LOCAL, PRIVATE}
    assert zones("bc") == set()
    assert zones("") == {LOCAL, PRIVATE}
    assert zones("x") == set()
    assert zones("ax") == set()
    assert zones("a", ("CRYPTO",)) == {LOCAL, EXTERNAL}
    assert zones("b", ("CRYPTO", "PERSON")) == {LOCAL}
    assert zones("a", (), ("image",)) == {PRIVATE}
    assert zones("a", ("US_SSN",)) == {PRIVATE, EXTERNAL}
    assert zones("b", ("US_SSN", "CRYPTO")) == set()
    assert built.refused_types(Sensitivity(frozenset("b"), frozenset({"US_SSN", "CRYPTO"}))) == ("US_SSN",)
    assert built.refused_types(Sensitivity(frozenset("c"), frozenset({"US_SSN"}))) == ()


def test_adding_anything_to_a_request_never_opens_a_zone() -> None:
    built = build(shipped())
    facts = ["public", "internal", "confidential", "restricted", "unheard-of"]
    for size in range(1, 4):
        for labels in itertools.combinations(facts, size):
            for more in facts:
                before = built.zones(Sensitivity(frozenset(labels)))
                assert built.zones(Sensitivity(frozenset({*labels, more}), frozenset({"PERSON"}))) <= before


def test_reveals_is_the_entity_rule_of_one_collection() -> None:
    built = build(shipped())
    assert built.reveals(caller("hr"), "PERSON", "hr")
    assert not built.reveals(caller("hr"), "PERSON", "finance")
    assert not built.reveals(caller("hr"), "CREDIT_CARD", "hr")
    assert not built.reveals(caller("hr"), "PERSON", "x@hr")
    assert not built.reveals(caller("admin"), "PERSON", "hr")


def test_giving_a_department_a_collection_is_one_line() -> None:
    made = shipped()
    engineer = caller("engineering")
    collections = ("handbook", "finance", "engineering")
    before = build(made).plan(engineer, (), collections)
    assert (before.collections, before.labels) == (("handbook", "engineering"), ("public", "internal"))
    made["access.csv"] += b"p, engineering, collection:finance, read, allow\n"
    after = build(made).plan(engineer, (), collections)
    assert (after.collections, after.labels) == (("handbook", "finance", "engineering"), ("public", "internal"))


def test_declared_roles_are_listed_with_what_they_are_for() -> None:
    assert build(shipped()).roles["hr"] == "people department"
    assert dict(bundle().roles) == {"admin": "", "boss": "", "staff": ""}


def test_bundles_are_built_in_many_threads_at_once() -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(lambda n: bundle(access=f"{ACCESS}# {n}\n").digest, range(40)))
    finally:
        sys.setswitchinterval(interval)
    assert len(set(made)) == 40


def test_warnings_do_not_stop_a_bundle() -> None:
    built = bundle(privacy="enabled: false\n")
    assert [finding.severity for finding in built.warnings] == ["warning"]
    assert codes(privacy="enabled: false\n") == [("privacy-off", "privacy.yaml:1")]
    assert found() == []


def test_a_method_that_blocks_closes_the_zone() -> None:
    built = bundle(
        routing=ROUTING.replace("[local, external]", "[local, private, external]"),
        privacy="methods: {CREDIT_CARD: {external: block, private: mask}, '*': {private: block}, URL: token}\n"
        "refuse: {URL: [local]}\n",
    )

    def zones(*entities: str) -> frozenset[Zone]:
        return built.zones(Sensitivity(frozenset({"public"}), frozenset(entities)))

    assert zones() == frozenset(Zone)
    assert zones("CREDIT_CARD") == {Zone.LOCAL, Zone.PRIVATE}
    assert zones("PERSON") == {Zone.LOCAL, Zone.EXTERNAL}
    assert zones("URL") == {Zone.PRIVATE, Zone.EXTERNAL}
    assert zones("URL", "CREDIT_CARD", "PERSON") == frozenset()
    asked = Sensitivity(frozenset({"public"}), frozenset({"CREDIT_CARD", "URL"}))
    assert built.refused_types(asked) == ("CREDIT_CARD", "URL")


def test_presidio_files_belong_to_the_bundle() -> None:
    made = files(privacy="presidio: recognizers.yaml\n", routing=ROUTING + "entity_zones: {TITLE: [local]}\n")
    made["recognizers.yaml"] = b"recognizers: [{name: titles, supported_entity: TITLE, deny_list: [Dr.]}]\n"
    built = build(made)
    assert [one.type for one in built.privacy.recognizers] == ["TITLE"]
    assert built.warnings == ()
    assert built.digest != build(made | {"recognizers.yaml": made["recognizers.yaml"] + b"#"}).digest
    assert built.privacy_source() == made["privacy.yaml"] + made["recognizers.yaml"]


def test_a_presidio_file_that_nothing_names_or_that_is_wrong() -> None:
    made = files() | {"recognizers.yaml": b"recognizers: []\n"}
    (finding,) = check(made)
    assert (finding.where, finding.message.partition(":")[0]) == ("recognizers.yaml", "unknown-file")
    assert "presidio" in finding.hint
    made["privacy.yaml"] = b"presidio: [recognizers.yaml]\n"
    assert check(made) == []
    made["recognizers.yaml"] = b"recognizers:\n  - {name: UkNinnoRecognizer}\n"
    (finding,) = check(made)
    assert (finding.severity, finding.where) == ("error", "recognizers.yaml:2")
    assert finding.hint == "did you mean UkNinoRecognizer?"
