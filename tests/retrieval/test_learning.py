"""What a map is learned from: a collection's passages and their questions."""

from __future__ import annotations

from datetime import timedelta

from gateway.crypto.keyring import KeyRing
from gateway.retrieval import Index
from gateway.retrieval.learning import passages_of, questions_of
from gateway.store import Store
from tests.retrieval.corpus import NOW, clock, document
from tests.retrieval.methods.planted import passage


async def test_passages_are_those_that_are_searched(database: Store, ring: KeyRing) -> None:
    index = Index(database, ring, clock)
    for name in ("handbook", "other"):
        await index.create_collection("default", name, label="internal", by="test")
    title = "[PERSON_0123456789ab]"
    await index.put_document(document(index, "a.txt", [passage(1), passage(2)], title=title, counts={"IBAN": 1}))
    await index.put_document(document(index, "b.txt", [passage(3)], state="quarantined"))
    await index.put_document(document(index, "c.txt", [passage(4)], expires_at=NOW - timedelta(days=9_000)))
    await index.put_document(document(index, "d.txt", [passage(5)], collection="other"))
    found = await passages_of(database, "default", "handbook")
    assert [one.text for one in found] == [passage(1), passage(2)]
    assert set(found[0].types) == {"PERSON", "IBAN"}
    assert found[0].whole == f"PERSON\n{passage(1)}"
    assert len(found[0].vector) == 384
    assert (found[0].label, found[0].plain) == ("internal", False)
    assert len(await passages_of(database, "default", "handbook", most=1)) == 1
    made = questions_of(found)
    assert {at for at, _ in made} == {0, 1}
    assert questions_of(found) == made
    assert len(questions_of(found, most=1)) == 1
