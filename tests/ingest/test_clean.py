"""A whole document redacted as one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.crypto.keyring import KeyRing
from gateway.ingest import clean
from gateway.ingest.clean import TAIL, clean_document, short_title
from gateway.ingest.values import Asked, Request
from gateway.model import Principal, Redacted, Replaced
from gateway.policy import Bundle, build, load_files
from gateway.redaction import Redactor, find_tokens
from gateway.retrieval import TITLE_BOUND, TITLE_LENGTH, Parsed, render_for_embedding
from tests.ingest.bench import POLICIES


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return build(load_files(POLICIES))


@pytest.fixture
def redactor(ring: KeyRing) -> Iterator[Redactor]:
    made = Redactor(ring, timeout_s=60)
    yield made
    made.close()


def asked(bundle: Bundle, mode: str = "redacted", name: str = "note.txt") -> Asked:
    request = Request("r", Principal("k", "amy"), bundle)
    return Asked(request, "hr", mode, True, name, b"", b"", b"", "", None, "internal", ("*",), (), None)


def parsed(text: str, title: str = "") -> Parsed:
    return Parsed(text, title, "text", (), (), ((0, len(text)),))


async def test_text_title_and_name_together(redactor: Redactor, bundle: Bundle) -> None:
    text = "Signed by Dr Jane Roe, jane.roe@example.org."
    done = await clean_document(redactor, asked(bundle, name="Jane Roe.txt"), parsed(text, "Letter of Jane Roe"))
    assert "Roe" not in done.body.text + done.title.text + done.source.text
    (token,) = set(find_tokens(done.title.text))
    assert done.originals[token].value.endswith("Jane Roe")
    assert set(find_tokens(done.body.text + done.title.text + done.source.text)) == set(done.originals)
    assert done.source.text == f"{token}.txt"


async def test_tokens_are_type_words_to_the_embedder(redactor: Redactor, bundle: Bundle) -> None:
    """The two rooms never meet; this holds their idea of a token's shape together."""
    text = "Signed by Dr Jane Roe, jane.roe@example.org, GB29 NWBK 6016 1331 9268 19, EMP-12345."
    done = await clean_document(redactor, asked(bundle), parsed(text))
    assert len(done.body.spans) == 4
    rendered = render_for_embedding(done.body.text)
    assert "[" not in rendered
    assert "EMAIL ADDRESS" in rendered


async def test_title_is_the_name_when_the_file_states_none(redactor: Redactor, bundle: Bundle) -> None:
    done = await clean_document(redactor, asked(bundle, name="2026/Travel policy.pdf"), parsed("text"))
    assert done.title.text == "Travel policy"


async def test_plain_is_left_alone(redactor: Redactor, bundle: Bundle) -> None:
    done = await clean_document(redactor, asked(bundle, "plain"), parsed("Dr Jane Roe"))
    assert (done.body.text, dict(done.originals)) == ("Dr Jane Roe", {})


async def test_result_does_not_depend_on_how_it_was_cut(
    redactor: Redactor, bundle: Bundle, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    paragraphs = "\n\n".join(f"Paragraph {n}. Call +49 30 9018{n:03} about it." for n in range(300))
    text = f"From Dr Jane Roe.\n\n{paragraphs}\n\nJane Roe"
    whole = await clean_document(redactor, asked(bundle), parsed(text))
    monkeypatch.setattr(clean, "GROUP", 5_000)
    other = Redactor(ring, timeout_s=60)
    try:
        parts = await clean_document(other, asked(bundle), parsed(text))
    finally:
        other.close()
    assert parts.body == whole.body
    assert "Roe" not in whole.body.text


def test_tail_of_a_bounded_title_never_stays() -> None:
    """Tokens may draw a long title together so far that its cut end comes within the length that is kept."""
    token, value = "[EMAIL_ADDRESS_k3f9a2c17qzx]", TITLE_BOUND - TAIL - 100
    text = f"To {token} " + "a" * (TITLE_BOUND - value - 4)
    span = Replaced(3, 3 + value, "EMAIL_ADDRESS", 1.0, token, 3)
    assert short_title(Redacted(text, (span,))) == Redacted(f"To {token}", (span,))
    plain = short_title(Redacted("word " * (TITLE_BOUND // 5)))
    assert TITLE_LENGTH - 5 <= len(plain.text) <= TITLE_LENGTH
