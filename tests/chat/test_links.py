"""Where passages open: ids and numbers, nothing of the text."""

from __future__ import annotations

from dataclasses import replace

from gateway.chat.links import link
from tests.routing.helpers import passage


def test_links() -> None:
    one = replace(passage("secret text", 1), document="d1", id="d1.4", collection="hr", version=3)
    assert link(one) == "/v1/collections/hr/documents/d1/passages/4?version=3"
    assert link(one, (2, 3)) == "/v1/collections/hr/documents/d1/passages/4?version=3&highlight=2-3"
    assert link(replace(one, id="d1.p0")).endswith("/passages/p0?version=3")
    assert "secret" not in link(one, (0, 0))
