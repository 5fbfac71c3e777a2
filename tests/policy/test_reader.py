from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model import Finding
from gateway.policy.findings import Findings
from gateway.policy.reader import Value, decode, read_yaml


def read(text: str) -> tuple[Value | None, Findings]:
    found = Findings()
    return read_yaml("x.yaml", text, found), found


def only(found: Findings) -> Finding:
    (finding,) = found.sorted()
    return finding


def test_an_unknown_key_names_the_nearest_and_its_line() -> None:
    root, found = read("labels: [a]\n\nzonez: {}\n")
    assert root is not None
    assert set(root.fields("the file", ("labels", "zones"))) == {"labels"}
    finding = only(found)
    assert (finding.where, finding.hint) == ("x.yaml:3", "did you mean zones?")
    assert finding.message == "unknown-key: the file has no key zonez"


def test_missing_and_doubled_keys() -> None:
    root, found = read("a: 1\nb: 2\na: 3\n")
    assert root is not None
    fields = root.fields("the file", ("a", "b", "c"), required=("c",))
    assert fields["a"].number("a", 0, 0, 9) == 1
    assert [f.message.partition(":")[0] for f in found.sorted()] == ["missing-key", "duplicate-key"]
    assert found.sorted()[1].where == "x.yaml:3"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a: [1, 2\nb: 3\n", "x.yaml:2"),
        ("a: &x [1]\nb: *x\n", "x.yaml:2"),
        ("a: b: c\n", "x.yaml:1"),
        ("a: 1\n---\nb: 2\n", "x.yaml:2"),
        ("# nothing\n", "x.yaml"),
        ("a: \x07\n", "x.yaml"),
        ("[" * 5000, "x.yaml:1"),
    ],
)
def test_what_is_no_yaml_is_one_finding_with_its_line(text: str, where: str) -> None:
    root, found = read(text)
    assert root is None
    finding = only(found)
    assert finding.message.startswith("bad-yaml: ")
    assert finding.where == where


def test_a_word_that_yaml_reads_as_a_flag_asks_for_quotes() -> None:
    root, found = read("labels: [no]\n")
    assert root is not None
    root.fields("the file", ("labels",))["labels"].texts("labels")
    assert only(found).hint == "put it in quotes"


@pytest.mark.parametrize("text", ["11", "-1", ".inf", ".nan", "1:30", "0x1f", "'5'", "[1]", "true"])
def test_numbers_out_of_bounds_or_no_numbers(text: str) -> None:
    root, found = read(text)
    assert root is not None
    assert root.number("n", 3, 0, 10) == 3
    assert only(found).message.startswith("bad-value: n must")


def test_values_of_the_right_kind() -> None:
    root, found = read("a: yes\nb: 1_000\nc: 0.5\nd: x\ne:\nf: ''\n")
    assert root is not None
    fields = root.fields("the file", tuple("abcdef"))
    assert fields["a"].flag("a", default=False) is True
    assert fields["b"].number("b", 0, 0, 5000, whole=True) == 1000
    assert fields["c"].number("c", 0, 0, 1) == 0.5
    assert fields["d"].one_of("d", ("x", "y")) == "x"
    assert fields["e"].is_null
    assert fields["e"].items("e") == []
    assert fields["f"].text("f", empty=True) == ""
    assert found.sorted() == ()


def test_values_of_the_wrong_kind() -> None:
    root, found = read("a: 1\nb: x\nc: {d: 1}\nd: 0.5\n")
    assert root is not None
    fields = root.fields("the file", tuple("abcd"))
    assert fields["a"].text("a") == ""
    assert fields["b"].items("b") == []
    assert fields["b"].entries("b") == []
    assert fields["b"].flag("b", default=True) is True
    assert fields["c"].text("c") == ""
    assert fields["d"].number("d", 7, 0, 9, whole=True) == 7
    assert fields["b"].one_of("b", ("y", "z")) == "y"
    assert [finding.where for finding in found.sorted()] == ["x.yaml:1", *["x.yaml:2"] * 4, "x.yaml:3", "x.yaml:4"]


def test_bytes_that_are_no_text_are_named_with_their_line() -> None:
    found = Findings()
    assert decode({"a": b"x\ny\xff"}, "a", found) is None
    assert only(found).where == "a:2"
    assert decode({}, "a", found) is None
    assert decode({"a": b"\xef\xbb\xbfx"}, "a", found) == "x"


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_never_a_crash(text: str) -> None:
    root, found = read(text)
    assert (root is None) == (found.errors > 0)
