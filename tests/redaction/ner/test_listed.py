"""Names in rows of names."""

from __future__ import annotations

from gateway.model import Span
from gateway.redaction.ner.listed import entries, heads


def test_speakers_beside_speakers() -> None:
    text = "Marek: hast du die nummer?\nInes: ja warte\nBot: hi\nNotes: none\nMarek: danke\n"
    found = [Span(0, 5, "PERSON", 0.9)]
    names = {text.index("Ines"), text.index("Bot")}
    assert [text[s.start : s.end] for s in heads(text, found, names.__contains__)] == ["Ines", "Marek"]
    assert list(heads(text, [], names.__contains__)) == []


def test_names_of_a_list() -> None:
    text = "santa\n1) Amina\n2) Joost\n3) Mr Roe\nend\n- Amina\n- milk\n- Bread\n- Salt\n"
    names = {at for at in range(len(text)) if text.startswith(("Amina", "Joost"), at)}
    assert [text[s.start : s.end] for s in entries(text, [], names.__contains__)] == ["Amina", "Joost"]
    taken = [Span(9, 14, "PERSON", 0.9)]
    assert [text[s.start : s.end] for s in entries(text, taken, names.__contains__)] == ["Joost"]
