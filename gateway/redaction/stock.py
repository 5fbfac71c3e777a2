"""Presidio as it comes: its own AnalyzerEngine with its default recognizers, to measure ours against.

Run it in a process of its own: the rest of this room loads Presidio without spaCy. With a spaCy model for English that
is installed the engine finds names and places too; without one, names are beyond it. Nothing is downloaded.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

from gateway.model import Span
from gateway.redaction.presidio import load, nlp_engine

MODELS: Final = ("en_core_web_lg", "en_core_web_trf", "en_core_web_md", "en_core_web_sm")
"""Best known first; the first is the one that Presidio asks for."""


@dataclass(frozen=True, slots=True)
class Stock:
    """Presidio's engine; `name` says which, with which model."""

    name: str
    model: str | None
    _engine: Any

    @classmethod
    def open(cls) -> Stock:
        """Load everything (some seconds). Must be the first in its process to import Presidio."""
        spacy: Any = importlib.import_module("spacy")
        tldextract: Any = importlib.import_module("tldextract")
        # The list of public suffixes that came with the package; the default would fetch one.
        tldextract.extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
        presidio = load()
        installed = set(spacy.util.get_installed_models())
        model = next((name for name in MODELS if name in installed), None)
        engine = presidio.AnalyzerEngine(nlp_engine=_linguistics(presidio, model), supported_languages=["en"])
        return cls(f"presidio-analyzer {version('presidio-analyzer')}, {model or 'no name model'}", model, engine)

    def find(self, text: str) -> list[Span]:
        """Everything it finds in a text but what lies inside a longer finding (a host inside an e-mail address)."""
        found = [
            Span(one.start, one.end, one.entity_type, float(one.score))
            for one in self._engine.analyze(text, language="en")
        ]
        return _outermost(found)


def _linguistics(presidio: Any, model: str | None) -> Any:
    if model is None:
        return nlp_engine()
    names = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": model}]}
    return presidio.nlp_engine.NlpEngineProvider(nlp_configuration=names).create_engine()


def _outermost(found: list[Span]) -> list[Span]:
    """Without findings inside longer ones; of those at the same place the one with the best score stays."""
    kept: list[Span] = []
    furthest = -1
    for span in sorted(found, key=lambda one: (one.start, -one.end, -one.score, one.type)):
        if span.end > furthest:
            kept.append(span)
            furthest = span.end
    return kept
