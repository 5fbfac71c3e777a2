"""Passages of a redacted document: no token is ever cut, and offsets hold in both texts."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model import Redacted, Replaced
from gateway.retrieval import Heading, Parsed, join, pieces, windows
from gateway.retrieval.pieces import HEADING_LENGTH, LONGEST, WINDOW, shorten

TOKEN = "[PERSON_k3f9a2c17qzx]"


def redact(text: str, values: list[str]) -> Redacted:
    """A stand-in with the shape of the real thing: each value replaced by one token."""
    spans, parts, at, length = [], [], 0, 0
    for match in re.finditer("|".join(map(re.escape, values)) or r"(?!)", text):
        parts += [text[at : match.start()], TOKEN]
        length += match.start() - at
        spans.append(Replaced(match.start(), match.end(), "PERSON", 0.9, TOKEN, length, ("p",)))
        length += len(TOKEN)
        at = match.end()
    return Redacted("".join([*parts, text[at:]]), tuple(spans))


def parsed(text: str, chunks: list[tuple[int, int]], headings: tuple[Heading, ...] = (), pages: int = 0) -> Parsed:
    size = len(text) // pages if pages else 0
    return Parsed(
        text, "", "text", tuple((n + 1, n * size, (n + 1) * size) for n in range(pages)), headings, tuple(chunks)
    )


def test_boundary_inside_a_span_moves_outwards() -> None:
    text = "Paid to Jane Roe in May. Then Jane Roe left."
    redacted = redact(text, ["Jane Roe"])
    first, second = pieces(parsed(text, [(0, 12), (12, 33)]), redacted)
    assert text[first.start : first.end] == "Paid to Jane Roe"
    assert first.text == f"Paid to {TOKEN}"
    assert text[second.start : second.end] == "Jane Roe in May. Then Jane Roe"
    assert second.text == f"{TOKEN} in May. Then {TOKEN}"
    assert [(s.start, s.token_start) for s in second.spans] == [(0, 0), (22, second.text.rindex(TOKEN))]


def test_headings_and_pages() -> None:
    text = "# Pay\n\n## Jane Roe\nEarns much. Really.\n## Others\nLess."
    spots = [(2, 5, 1), (10, 18, 2), (text.index("Others"), text.index("Others") + 6, 2)]
    headings = tuple(Heading(*spot) for spot in spots)
    body = text.index("Really")
    chunks = [(0, body), (body, body + 7), (text.index("## Others"), len(text))]
    found = list(pieces(parsed(text, chunks, headings, pages=2), redact(text, ["Jane Roe"])))
    assert [piece.heading for piece in found] == [f"Pay > {TOKEN}", f"Pay > {TOKEN}", "Pay > Others"]
    assert found[0].heading_spans[0].token_start == len("Pay > ")
    assert found[0].heading_spans[0].parts == ("p",)
    assert [piece.page for piece in found] == [1, 2, 2]
    assert [piece.ordinal for piece in found] == [0, 1, 2]


def test_plain_document() -> None:
    (piece,) = pieces(parsed("some text", [(0, 9)]), Redacted("some text"))
    assert (piece.text, piece.heading, piece.page, piece.spans) == ("some text", "", None, ())


def test_windows_cover_and_end_at_paragraphs() -> None:
    text = "\n\n".join(f"paragraph {n} " + "x" * 700 for n in range(100))
    found = windows(text)
    assert len(found) > 5
    assert "".join(text[start:end] for start, end in found) == text
    assert all(text[:end].endswith("\n\n") for _, end in found[:-1])
    assert all(end - start <= WINDOW for start, end in found)
    assert windows("") == [(0, 0)]
    assert windows("short") == [(0, 5)]


def test_windows_of_one_endless_paragraph_overlap() -> None:
    text = "word " * 40_000
    found = windows(text)
    assert found[0][0] == 0
    assert found[-1][1] == len(text)
    for left, right in pairwise(found):
        assert left[0] < right[0] < left[1] < right[1]
    assert all(end - start <= LONGEST for start, end in found)


def test_value_at_a_cut_is_replaced_once() -> None:
    text = ("word " * 11_990 + "Jane Roe ") * 4
    found = windows(text)
    assert len(found) > 2
    joined = join(text, found, [redact(text[start:end], ["Jane Roe"]) for start, end in found])
    assert joined == redact(text, ["Jane Roe"])


def test_longer_span_stands_where_two_cross() -> None:
    text = "Dr Jane Roe Smith called"
    left = Redacted("", (Replaced(3, 11, "PERSON", 0.9, "[PERSON_aaaaaaaaaaaa]", 3),))
    right = Redacted("", (Replaced(3, 17, "PERSON", 0.9, "[PERSON_bbbbbbbbbbbb]", 3),))
    joined = join(text, [(0, 14), (0, 24)], [left, right])
    assert joined.text == "Dr [PERSON_bbbbbbbbbbbb] called"


@given(st.lists(st.sampled_from(["Jane Roe", "x", " ", "\n\n", "Bob"]), max_size=30), st.data())
@settings(max_examples=150)
def test_any_boundaries(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts)
    redacted = redact(text, ["Jane Roe", "Bob"])
    places = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(lambda p: (min(p), max(p)))
    chunks = data.draw(st.lists(places, max_size=4))
    for piece, chunk in zip(pieces(parsed(text, chunks), redacted), chunks, strict=True):
        assert piece.start <= chunk[0]
        assert piece.end >= chunk[1]
        assert piece.text == redact(text[piece.start : piece.end], ["Jane Roe", "Bob"]).text
        for span in piece.spans:
            assert piece.text[span.token_start :].startswith(span.token)


def test_long_heading_is_cut_between_words_and_tokens() -> None:
    heading = "word " * 38 + "Jane Roe and more"
    text = f"# {heading}\nBody."
    whole = parsed(text, [(0, len(text))], (Heading(2, 2 + len(heading), 1),))
    (piece,) = pieces(whole, redact(text, ["Jane Roe"]))
    assert piece.heading == ("word " * 38).strip()
    assert piece.heading_spans == ()
    (glued,) = pieces(parsed("x" * 500, [(0, 500)], (Heading(0, 500, 1),)), Redacted("x" * 500))
    assert glued.heading == "x" * HEADING_LENGTH


@given(st.lists(st.sampled_from(["Jane Roe", "word", " ", "\n"]), max_size=20), st.integers(1, 120))
def test_shortened_text_holds_whole_tokens_only(parts: list[str], length: int) -> None:
    whole = redact("".join(parts), ["Jane Roe"])
    short = shorten(whole, length)
    assert len(short.text) <= length
    assert whole.text.startswith(short.text)
    assert short.text.count("[") == short.text.count("]") == len(short.spans)
