"""The detectors, each in its own process."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.errors import Broken, RedactionUnavailable
from gateway.evaluate.engines import Engine
from gateway.model import Span

TEXT = "Write to jane@example.com from 10.0.0.1 on 2020-01-02."


@pytest.fixture(scope="module")
def ours() -> Iterator[Engine]:
    with Engine("gateway", entities=("EMAIL_ADDRESS",)) as engine:
        yield engine


@pytest.fixture(scope="module")
def stock() -> Iterator[Engine]:
    with Engine("stock") as engine:
        yield engine


def found(engine: Engine, text: str) -> set[tuple[str, str]]:
    (spans,) = engine.find([text])
    assert all(isinstance(span, Span) for span in spans)
    return {(span.type, text[span.start : span.end]) for span in spans}


def test_ours_finds_what_it_was_asked_for_and_nothing_else(ours: Engine) -> None:
    assert found(ours, TEXT) == {("EMAIL_ADDRESS", "jane@example.com")}
    assert ours.name.startswith("gateway ")


def test_what_redaction_would_replace_is_what_is_found(ours: Engine) -> None:
    text = "jane@example.com wrote; JANE@EXAMPLE.COM answered"
    assert len(ours.find([text])[0]) == 2


def test_the_stock_engine_finds_with_all_its_recognizers(stock: Engine) -> None:
    assert found(stock, TEXT) >= {
        ("EMAIL_ADDRESS", "jane@example.com"),
        ("IP_ADDRESS", "10.0.0.1"),
        ("DATE_TIME", "2020-01-02"),
    }
    assert stock.name.startswith("presidio-analyzer 2.")
    # The host inside the address is Presidio's URL; a finding inside a longer one is not counted.
    assert "URL" not in {kind for kind, _ in found(stock, TEXT)}


def test_costs_grow_and_are_per_kb(ours: Engine) -> None:
    before = ours.bytes
    ours.find(["é" * 512, "plain"])
    assert ours.bytes == before + 1029
    cost = ours.cost
    assert cost["cpu_ms_per_kb"] > 0
    assert cost["wall_ms_per_kb"] > 0
    assert cost["peak_mb"] > 10
    ours.restart_clock()
    assert ours.cost["cpu_ms_per_kb"] is None
    assert ours.cost["peak_mb"] > 10


def test_a_policy_file_is_used_as_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "privacy.yaml"
    file.write_text("entities: [IP_ADDRESS]\n")
    with Engine("gateway", policy=file, entities=("EMAIL_ADDRESS",)) as engine:
        assert found(engine, TEXT) == {("IP_ADDRESS", "10.0.0.1")}


def test_a_detector_that_cannot_start_says_so_without_content(tmp_path: Path) -> None:
    file = tmp_path / "privacy.yaml"
    file.write_text("threshold: jane@example.com\n")
    engine = Engine("gateway", policy=file)
    with pytest.raises(RedactionUnavailable, match="errors"), engine:
        raise AssertionError
    with pytest.raises(Broken, match="not running"):
        engine.find(["text"])


def test_a_fault_inside_names_its_class_only(ours: Engine) -> None:
    with pytest.raises(RedactionUnavailable) as caught:
        ours.find([3, "jane@example.com"])  # type: ignore[list-item]
    assert "jane" not in str(caught.value)


def test_a_detector_that_ends_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/true")
    with pytest.raises(RedactionUnavailable, match="has ended"), Engine("gateway"):
        raise AssertionError
