"""Who may replace a document that is there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.ingest.replace import needs_delete
from gateway.policy import build, load_files
from gateway.retrieval import Held
from tests.ingest.bench import EMIL, HANA, POLICIES

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("old", "new", "allow", "deny", "needed"),
    [
        ("internal", "internal", ("*",), (), False),
        ("internal", "confidential", ("*",), (), False),
        ("confidential", "internal", ("*",), (), True),
        ("restricted", "restricted", ("*",), (), True),
        ("internal", "internal", ("user:amy",), (), True),
        ("internal", "internal", ("*",), ("role:hr",), True),
        ("unknown", "internal", ("*",), (), True),
    ],
)
def test_needs_delete(old: str, new: str, allow: tuple[str, ...], deny: tuple[str, ...], needed: bool) -> None:
    bundle = build(load_files(POLICIES))
    held = Held("d", b"", "", old, allow, deny, 1, 1)
    assert needs_delete(bundle, HANA, "hr", held, new, NOW) is needed
    assert needs_delete(bundle, EMIL, "hr", held, new, NOW)


def test_an_expired_document_is_one_that_nobody_may_read() -> None:
    bundle = build(load_files(POLICIES))
    held = Held("d", b"", "", "internal", ("*",), (), 1, 1, expires_at=NOW)
    assert needs_delete(bundle, HANA, "hr", held, "internal", NOW)
    assert not needs_delete(bundle, HANA, "hr", held, "internal", NOW - timedelta(seconds=1))
