"""Where a passage opens: an address below the gateway's own, which holds ids and numbers and nothing of the text."""

from __future__ import annotations

from urllib.parse import quote

from gateway.model import Passage
from gateway.retrieval import name_of


def link(passage: Passage, highlight: tuple[int, int] | None = None) -> str:
    """The passage's path, with the version of its document; `highlight`: first and last sentence to be shown."""
    path = (
        f"/v1/collections/{quote(passage.collection, safe='')}/documents/{quote(passage.document, safe='')}"
        f"/passages/{name_of(passage)}?version={passage.version}"
    )
    return path if highlight is None else f"{path}&highlight={highlight[0]}-{highlight[1]}"
