"""Which documents may go to an embedder's server."""

from __future__ import annotations

import pytest

from gateway.errors import NoRoute
from gateway.ingest.egress import going, may_leave
from gateway.ingest.values import Asked, Clean, Request
from gateway.model import Principal, Redacted, Replaced, Zone
from gateway.policy import build, load_files
from gateway.retrieval import PLAIN, REDACTED, Parsed, TextEmbedder
from gateway.retrieval.methods.remote import Remote, RemoteEmbedder
from tests.ingest.bench import POLICIES


def party(zone: Zone) -> TextEmbedder:
    return RemoteEmbedder(Remote("openai", "https://embeddings.example.org/v1", "m", zone))


def asked(label: str, mode: str = REDACTED, change: tuple[bytes, bytes] = (b"", b"")) -> Asked:
    files = {name: content.replace(*change) for name, content in load_files(POLICIES).items()}
    request = Request("r", Principal("k", "hana"), build(files))
    return Asked(request, "c", mode, True, "n.txt", b"", b"", b"", "", None, label, ("*",), (), None)


def clean(*types: str) -> Clean:
    spans = tuple(Replaced(at, at + 1, kind, 1.0, f"[{kind}_k3f9a2c17qzx]", at) for at, kind in enumerate(types))
    parsed = Parsed("text", "", "text", (), (), ((0, 4),))
    return Clean(parsed, Redacted("text", spans), Redacted("t"), Redacted("s"), {})


@pytest.mark.parametrize(
    ("label", "zone", "may"),
    [
        ("internal", Zone.EXTERNAL, True),
        ("confidential", Zone.EXTERNAL, False),
        ("confidential", Zone.PRIVATE, True),
        ("restricted", Zone.PRIVATE, False),
        ("restricted", Zone.LOCAL, True),
        ("unknown", Zone.LOCAL, False),
    ],
)
def test_the_label_decides(label: str, zone: Zone, may: bool) -> None:
    if may:
        may_leave(asked(label), clean(), [party(zone)])
    else:
        with pytest.raises(NoRoute, match=f"zone {zone.value}"):
            may_leave(asked(label), clean(), [party(zone)])
    may_leave(asked(label), clean(), [])


def test_a_type_that_is_kept_from_a_zone_keeps_the_document_from_it() -> None:
    rule = (b"entity_zones: {}", b"entity_zones: {IBAN_CODE: [local]}")
    may_leave(asked("internal", change=rule), clean("PERSON"), [party(Zone.EXTERNAL)])
    with pytest.raises(NoRoute):
        may_leave(asked("internal", change=rule), clean("PERSON", "IBAN_CODE"), [party(Zone.EXTERNAL)])


def test_plain_text_goes_only_where_original_text_may() -> None:
    for zone in Zone:
        with pytest.raises(NoRoute, match="a plain collection's text"):
            may_leave(asked("public", PLAIN), clean(), [party(zone)])


def test_what_an_intent_says() -> None:
    assert going([], clean()) == {}
    (told,) = going([party(Zone.PRIVATE)], clean())["egress"]
    assert told == {
        "id": "openai/m/own/plain",
        "zone": "private",
        "endpoint": "https://embeddings.example.org/v1/embeddings",
        "texts": 1,
        "characters": 4,
    }
