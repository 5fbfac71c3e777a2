"""Presidio: loaded light, silent, and never open when a pattern runs out of time."""

from __future__ import annotations

import importlib
import subprocess
import sys
import textwrap
import threading

import pytest

from gateway.redaction import matching
from gateway.redaction.presidio import PatternTimeout, is_word, load, nlp_engine, stop_words, tokenise
from gateway.redaction.scene import Scene


def run(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_presidio_is_loaded_without_spacy_and_leaves_no_placeholder_behind() -> None:
    run("""
        import sys
        from gateway.redaction.presidio import load
        assert "presidio_analyzer" not in sys.modules, "importing the gateway must not import Presidio"
        load()
        heavy = {m.split(".")[0] for m in sys.modules} & {"spacy", "thinc", "tldextract", "requests", "torch", "numpy"}
        assert not heavy, heavy
        import tldextract
        assert tldextract.__file__
    """)


def test_nothing_is_printed_or_logged_and_no_handler_prints() -> None:
    done = run("""
        import logging, sys
        logging.basicConfig(level=1, stream=sys.stdout)
        from gateway.redaction.detect import Detector
        from gateway.model import PrivacyPolicy
        assert Detector(PrivacyPolicy()).find("Dr Jane Roe, jane@acme.example, passport 912345678")
        for name in ("decision_process", "presidio-analyzer"):
            log = logging.getLogger(name)
            assert all(type(h) is logging.NullHandler for h in log.handlers) and not log.propagate, name
            log.error("Jane Roe")
    """)
    assert done == ""


def test_a_pattern_that_runs_out_of_time_is_a_failure_not_a_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    presidio = load()
    pattern_recognizer = importlib.import_module("presidio_analyzer.pattern_recognizer")
    assert pattern_recognizer.REGEX_TIMEOUT_SECONDS <= 5
    monkeypatch.setattr(pattern_recognizer, "REGEX_TIMEOUT_SECONDS", 0.01)
    pattern = presidio.Pattern("slow", r"(?:x|x|x)+y", 0.9)
    slow = presidio.PatternRecognizer(supported_entity="SLOW", patterns=[pattern])
    with pytest.raises(PatternTimeout):
        slow.analyze("x" * 5000, ["SLOW"], None)
    monkeypatch.setattr(matching, "_SECONDS", 0.01)
    ours = matching.Patterns(slow, frozenset(), lambda scene: [(0, len(scene.text))])
    with pytest.raises(PatternTimeout):
        list(ours.find(Scene("x" * 5000), 0.4, hot=False))


def test_loading_from_many_threads_gives_one_module() -> None:
    seen: list[object] = []
    threads = [threading.Thread(target=lambda: seen.append(load())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert {id(module) for module in seen} == {id(load())}


def test_words_are_tokens_with_offsets_and_stop_words_do_not_count() -> None:
    words, starts = tokenise("my passport_number: 12-34 (é)")
    assert words == ["my", "passport", "_", "number", ":", "12", "-", "34", "(", "é", ")"]
    assert [("my passport_number: 12-34 (é)")[a : a + len(w)] for w, a in zip(words, starts, strict=True)] == words
    assert [word for word in words if is_word(word)] == ["passport", "number", "12", "34", "é"]
    assert {"the", "call", "us"} <= stop_words()
    assert nlp_engine().process_text("call the Bank", "en").keywords == ["bank"]
