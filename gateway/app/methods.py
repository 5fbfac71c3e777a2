"""What turns documents and questions into vectors and terms, and what ranks again, as the settings choose it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass

from gateway.crypto import Secret
from gateway.errors import BadSettings, Unavailable
from gateway.model import Zone
from gateway.retrieval import Embedder, Reranker, SparseEncoder, Terms, TextEmbedder
from gateway.retrieval.methods.adapter import AdaptedEmbedder
from gateway.retrieval.methods.colbert import ColBert
from gateway.retrieval.methods.cross import CrossEncoder
from gateway.retrieval.methods.elser import Elser
from gateway.retrieval.methods.llama import LlamaEmbedder
from gateway.retrieval.methods.onnx import OnnxEmbedder
from gateway.retrieval.methods.remote import Remote, RemoteEmbedder
from gateway.retrieval.methods.splade import Splade
from gateway.settings import Settings

log = logging.getLogger("gateway.app")


@dataclass(frozen=True, slots=True)
class Methods:
    """What a process searches with."""

    embedder: TextEmbedder
    terms: Terms
    reranker: Reranker | None

    async def start(self) -> None:
        """Load everything. Raises BadSettings or Broken.

        A server that does not answer yet is no reason not to start: questions are searched by words until it does.
        """
        await asyncio.gather(*(_start(one) for one in (self.embedder, self.terms.learned, self.reranker) if one))


async def _start(one: TextEmbedder | SparseEncoder | Reranker) -> None:
    try:
        await one.start()
    except Unavailable as error:
        log.warning("%s: %s", error.code, error.message)


def open_methods(settings: Settings, stack: AsyncExitStack) -> Methods:
    """What the settings choose, to be closed with `stack`. Loads and sends nothing. Raises BadSettings."""
    embedder = embedder_of(settings)
    stack.callback(embedder.close)
    terms = terms_of(settings)
    if terms.learned is not None:
        stack.callback(terms.learned.close)
    for one in (embedder.inner if isinstance(embedder, AdaptedEmbedder) else embedder, terms.learned):
        if isinstance(one, RemoteEmbedder | Elser):
            stack.push_async_callback(one.aclose)
    reranker = reranker_of(settings)
    if reranker is not None:
        stack.callback(reranker.close)
    return Methods(embedder, terms, reranker)


def embedder_of(settings: Settings) -> TextEmbedder:
    """The embedder of `retrieval.embedder`, under its adapter where there is one.

    Loads no model and sends nothing. Raises BadSettings for what cannot be one.
    """
    adapter = settings.retrieval.embedder.adapter
    if adapter is None:
        return _plain(settings)
    return AdaptedEmbedder(_plain(settings), settings.path(adapter))


def _plain(settings: Settings) -> TextEmbedder:
    asked, threads = settings.retrieval.embedder, settings.retrieval.threads
    key = Secret(asked.api_key.get_secret_value()) if asked.api_key else None
    if asked.kind == "built-in":
        return Embedder(settings.data_dir / "cache", threads=threads)
    if asked.kind == "onnx":
        if asked.path is None:
            raise BadSettings("retrieval.embedder.path is not set", hint="the folder that holds the model")
        return OnnxEmbedder(
            settings.path(asked.path),
            threads=threads,
            dimensions=asked.dimensions,
            query_prefix=asked.query_prefix,
            document_prefix=asked.document_prefix,
        )
    if asked.kind == "llama_index":
        return LlamaEmbedder(
            asked.class_path,
            asked.arguments,
            zone=asked.zone or Zone.EXTERNAL,
            api_key=key,
            dimensions=asked.dimensions,
            batch=asked.batch,
            timeout_s=asked.timeout_s,
            query_prefix=asked.query_prefix,
            document_prefix=asked.document_prefix,
        )
    ollama = asked.kind == "ollama"
    return RemoteEmbedder(
        Remote(
            kind=asked.kind,
            url=asked.url or (settings.ollama.url if ollama else ""),
            model=asked.model,
            zone=asked.zone or (settings.ollama.zone if ollama and not asked.url else Zone.EXTERNAL),
            api_key=key,
            dimensions=asked.dimensions,
            encoding=asked.encoding,
            batch=asked.batch,
            timeout_s=asked.timeout_s,
            query_prefix=asked.query_prefix,
            document_prefix=asked.document_prefix,
        )
    )


def terms_of(settings: Settings) -> Terms:
    """The term weights of `retrieval.sparse`. Loads and sends nothing. Raises BadSettings."""
    words, _, learned = settings.retrieval.sparse.rpartition("+")
    if settings.retrieval.sparse == "bm25":
        return Terms()
    if learned == "splade":
        splade = settings.retrieval.splade
        if splade.path is None:
            raise BadSettings("retrieval.splade.path is not set", hint="the folder that holds the model")
        return Terms(
            Splade(
                settings.path(splade.path),
                settings.path(splade.query_path) if splade.query_path else None,
                threads=settings.retrieval.threads,
                document_terms=splade.document_terms,
                query_terms=splade.query_terms,
            ),
            words=bool(words),
        )
    elser = settings.retrieval.elser
    return Terms(
        Elser(
            elser.url,
            elser.inference_id,
            zone=elser.zone,
            api_key=Secret(elser.api_key.get_secret_value()) if elser.api_key else None,
            batch=elser.batch,
            timeout_s=elser.timeout_s,
            document_terms=elser.document_terms,
            query_terms=elser.query_terms,
        ),
        words=bool(words),
    )


def reranker_of(settings: Settings) -> Reranker | None:
    """The reranker of `retrieval.reranker`; None where none is chosen. Loads nothing. Raises BadSettings."""
    asked = settings.retrieval.reranker
    if asked.kind == "none":
        return None
    if asked.path is None:
        raise BadSettings("retrieval.reranker.path is not set", hint="the folder that holds the model")
    if asked.kind == "colbert":
        return ColBert(settings.path(asked.path), threads=settings.retrieval.threads)
    return CrossEncoder(settings.path(asked.path), threads=settings.retrieval.threads, max_tokens=asked.max_tokens)
