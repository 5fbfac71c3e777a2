"""Passages: every word in one, none over a heading, offsets exact."""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.retrieval.readers.markup import markdown_headings
from gateway.retrieval.split import boundaries, sentences, splitter
from tests.retrieval import files


def count(text: str) -> list[int]:
    return [0] * len(text.split())


SPLIT = splitter(count, 40, 8)


def cut(text: str) -> list[str]:
    places = boundaries(text, markdown_headings(text), SPLIT)
    assert places == sorted(places)
    return [text[start:end] for start, end in places]


def test_short_way_in_gives_the_same_as_the_front_door() -> None:
    """In a fresh process each: without the rest of LlamaIndex, and with it loaded before."""
    code = (
        "import sys\n{before}\nfrom gateway.retrieval.split import splitter\n"
        "text = 'One sentence here, with commas, and more. Another one! A third? ' * 30 + 'word ' * 200\n"
        "print(splitter(str.split, 25, 5)(text))\n"
        "print('llama_index.core.indices' in sys.modules, file=sys.stderr)\n"
    )
    light, full = (
        subprocess.run([sys.executable, "-c", code.format(before=before)], capture_output=True, text=True, check=True)
        for before in ("", "import llama_index.core")
    )
    assert light.stdout == full.stdout
    assert len(light.stdout) > 100
    assert (light.stderr, full.stderr) == ("False\n", "True\n")


def test_short_text_is_one_passage() -> None:
    assert cut("  Just one sentence.  ") == ["Just one sentence."]


def test_long_text_is_covered_and_overlaps() -> None:
    text = " ".join(f"Sentence number {n} has exactly seven words." for n in range(60))
    passages = cut(text)
    assert len(passages) > 8
    assert all(len(count(passage)) <= 40 for passage in passages)
    for n in range(60):
        assert any(f"number {n} has" in passage for passage in passages)
    assert all(passage.endswith("words.") for passage in passages)
    places = boundaries(text, [], SPLIT)
    assert all(right[0] < left[1] for left, right in pairwise(places))


def test_repeated_text_keeps_its_place() -> None:
    """Passages that read alike stand one after the other, not all at the first."""
    text = "The same sentence again and again. " * 100
    places = boundaries(text, [], SPLIT)
    covered: set[int] = set()
    for start, end in places:
        covered.update(range(start, end))
    assert [n for n, letter in enumerate(text.strip()) if n not in covered and not letter.isspace()] == []


def test_no_passage_reaches_over_a_heading() -> None:
    passages = cut(files.MARKDOWN.decode())
    assert passages[0].startswith("# Leave\n\n## Annual leave")
    assert passages[-1].startswith("## Sick leave")
    assert not any("30 days" in passage and "first day" in passage for passage in passages)


def test_a_word_without_end() -> None:
    wide = splitter(lambda text: [0] * len(text), 40, 8)
    assert "".join(text for text in (("ab" * 500)[s:e] for s, e in boundaries("ab" * 500, [], wide))) != ""


@given(st.text(alphabet=st.sampled_from("ab .!?\n#-1)*|。”"), max_size=300))
@settings(max_examples=200, deadline=None)
def test_nothing_is_lost(text: str) -> None:
    assert "".join(sentences(text)) == text
    small = splitter(count, 5, 2)
    covered: set[int] = set()
    for start, end in boundaries(text, markdown_headings(text), small):
        assert 0 <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        covered.update(range(start, end))
    assert all(n in covered for n, letter in enumerate(text) if not letter.isspace())


def test_run_of_full_stops_is_split_in_proportion() -> None:
    begun = time.process_time()
    assert sentences("." * 60_000 + "x") == ["." * 60_000 + "x"]
    assert sentences("Wait... what?! Yes.\n") == ["Wait... ", "what?! ", "Yes.\n"]
    assert time.process_time() - begun < 2
