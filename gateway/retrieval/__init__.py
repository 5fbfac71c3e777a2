"""Retrieval: documents in, passages out, and nobody finds what he may not read.

Keeper of LlamaIndex, the parsers and the embedder's runtime. Importing it imports none of them.
"""

from __future__ import annotations

from gateway.retrieval.embed import Embedder, render_for_embedding
from gateway.retrieval.extract import TITLE_BOUND
from gateway.retrieval.index import Index
from gateway.retrieval.lineage import Lineage
from gateway.retrieval.nouns import (
    MODES,
    PLAIN,
    REDACTED,
    Chunk,
    Collection,
    Document,
    Heading,
    Held,
    NewDocument,
    Parsed,
    Piece,
    Stored,
)
from gateway.retrieval.parse import Parser
from gateway.retrieval.pieces import TITLE_LENGTH, join, pieces, shorten, windows
from gateway.retrieval.sparse import VERSION as TERMS_VERSION
from gateway.retrieval.sparse import document_terms, part_id, query_terms

__all__ = [
    "MODES",
    "PLAIN",
    "REDACTED",
    "TERMS_VERSION",
    "TITLE_BOUND",
    "TITLE_LENGTH",
    "Chunk",
    "Collection",
    "Document",
    "Embedder",
    "Heading",
    "Held",
    "Index",
    "Lineage",
    "NewDocument",
    "Parsed",
    "Parser",
    "Piece",
    "Stored",
    "document_terms",
    "join",
    "part_id",
    "pieces",
    "query_terms",
    "render_for_embedding",
    "shorten",
    "windows",
]
