"""What the embedder reads and which terms a passage gets."""

from __future__ import annotations

from gateway.ingest.passages import make_chunks
from gateway.ingest.values import Clean
from gateway.model import Redacted, Replaced
from gateway.retrieval import Embedder, Heading, Parsed, part_id
from gateway.retrieval.sparse import term_id, words
from tests.retrieval.models import model_dir

TOKEN = "[PERSON_k3f9a2c17qzx]"


def span(start: int, end: int, token_start: int, part: str) -> Replaced:
    return Replaced(start, end, "PERSON", 0.9, TOKEN, token_start, (part,))


class Listening(Embedder):
    """Remembers what it was given."""

    def __init__(self) -> None:
        super().__init__(model_dir())
        self.heard: list[str] = []

    async def embed(self, texts):  # type: ignore[no-untyped-def]
        self.heard += texts
        return await super().embed(texts)


async def test_heading_and_title_are_read_and_found_but_not_stored() -> None:
    text = "# Pay\n\nJane Roe earns much."
    parsed = Parsed(text, "", "markdown", (), (Heading(2, 5, 1),), ((0, len(text)),))
    body = Redacted(f"# Pay\n\n{TOKEN} earns much.", (span(7, 15, 7, "roe"),))
    title = Redacted(f"Contract of {TOKEN}", (span(12, 20, 12, "title-roe"),))
    embedder = Listening()
    try:
        (chunk,) = await make_chunks(embedder, Clean(parsed, body, title, Redacted("c.md"), {}))
    finally:
        embedder.close()
    assert embedder.heard == ["Contract of PERSON\nPay\n# Pay\n\nPERSON earns much."]
    assert chunk.piece.text == body.text
    assert (chunk.piece.start, chunk.piece.end) == (0, len(text))
    assert len(chunk.vector) == 384
    for term in (*map(term_id, words(f"contract pay earns {TOKEN}")), part_id("roe"), part_id("title-roe")):
        assert term in chunk.weights


async def test_title_that_opens_the_headings_is_read_once() -> None:
    text = "# Leave\n\nThirty days."
    parsed = Parsed(text, "Leave", "markdown", (), (Heading(2, 7, 1),), ((0, len(text)),))
    embedder = Listening()
    try:
        await make_chunks(embedder, Clean(parsed, Redacted(text), Redacted("Leave"), Redacted("l.md"), {}))
    finally:
        embedder.close()
    assert embedder.heard == ["Leave\n# Leave\n\nThirty days."]
