"""Retrieval: documents in, passages out, and nobody finds what he may not read.

Keeper of LlamaIndex, the parsers and the embedder's runtime. Importing it imports none of them.
"""

from __future__ import annotations

from gateway.retrieval.embed import Embedder, render_for_embedding
from gateway.retrieval.erasing import COVER, Cleaned, Documents, cover
from gateway.retrieval.extract import TITLE_BOUND
from gateway.retrieval.fuse import dense_weight
from gateway.retrieval.grounding.sentences import Sentences, sentences
from gateway.retrieval.grounding.support import Evidence, Source, Verdict, Weighed, judge, weigh
from gateway.retrieval.index import Index
from gateway.retrieval.lineage import Lineage
from gateway.retrieval.methods.adapter import AdaptedEmbedder
from gateway.retrieval.methods.base import Ledger, Reranker, SparseEncoder, TextEmbedder, egress_of
from gateway.retrieval.methods.chunks import parents_of
from gateway.retrieval.methods.leaving import Party, forbidden, leaving
from gateway.retrieval.methods.parents import Merging
from gateway.retrieval.methods.ranking import Ranking
from gateway.retrieval.methods.space import Space
from gateway.retrieval.methods.space import current as current_space
from gateway.retrieval.methods.space import expect as expect_embedder
from gateway.retrieval.methods.terms import Terms
from gateway.retrieval.nouns import (
    MODES,
    PLAIN,
    QUARANTINED,
    READY,
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
from gateway.retrieval.ocr import Recogniser, find_recogniser
from gateway.retrieval.opening import name_of
from gateway.retrieval.parse import Parser
from gateway.retrieval.passages import chunks_of
from gateway.retrieval.pieces import TITLE_LENGTH, join, pieces, shorten, windows
from gateway.retrieval.quarantine import Quarantine
from gateway.retrieval.reembed import Beside, Kind, Size, Stale
from gateway.retrieval.report import Report, report_of
from gateway.retrieval.sparse import VERSION as TERMS_VERSION
from gateway.retrieval.sparse import document_terms, part_id, query_terms
from gateway.retrieval.split import splitter, word_pieces

__all__ = [
    "COVER",
    "MODES",
    "PLAIN",
    "QUARANTINED",
    "READY",
    "REDACTED",
    "TERMS_VERSION",
    "TITLE_BOUND",
    "TITLE_LENGTH",
    "AdaptedEmbedder",
    "Beside",
    "Chunk",
    "Cleaned",
    "Collection",
    "Document",
    "Documents",
    "Embedder",
    "Evidence",
    "Heading",
    "Held",
    "Index",
    "Kind",
    "Ledger",
    "Lineage",
    "Merging",
    "NewDocument",
    "Parsed",
    "Parser",
    "Party",
    "Piece",
    "Quarantine",
    "Ranking",
    "Recogniser",
    "Report",
    "Reranker",
    "Sentences",
    "Size",
    "Source",
    "Space",
    "SparseEncoder",
    "Stale",
    "Stored",
    "Terms",
    "TextEmbedder",
    "Verdict",
    "Weighed",
    "chunks_of",
    "cover",
    "current_space",
    "dense_weight",
    "document_terms",
    "egress_of",
    "expect_embedder",
    "find_recogniser",
    "forbidden",
    "join",
    "judge",
    "leaving",
    "name_of",
    "parents_of",
    "part_id",
    "pieces",
    "query_terms",
    "render_for_embedding",
    "report_of",
    "sentences",
    "shorten",
    "splitter",
    "weigh",
    "windows",
    "word_pieces",
]
