"""What reads files, with the limits of the settings."""

from __future__ import annotations

from gateway.retrieval import Parser, find_recogniser
from gateway.settings import Settings


def parser_of(settings: Settings) -> Parser:
    """One of the pool; nothing is started."""
    limits = settings.ingest
    return Parser(
        settings.data_dir / "cache" / "parser",
        max_bytes=settings.server.max_upload_bytes,
        max_pages=limits.max_pages,
        max_text_chars=limits.max_text_chars,
        max_expansion_bytes=limits.max_expansion_bytes,
        timeout_s=limits.timeout_s,
        memory_mb=limits.memory_mb,
        chunk_tokens=settings.retrieval.chunk_tokens,
        chunk_overlap=settings.retrieval.chunk_overlap,
        chunking=settings.retrieval.chunking,
        window_sentences=settings.retrieval.window_sentences,
        hierarchy=settings.retrieval.hierarchy,
        recogniser=find_recogniser(
            languages=limits.ocr_languages,
            timeout_s=limits.ocr_timeout_s,
            max_pages=limits.ocr_max_pages,
            memory_mb=limits.memory_mb,
        )
        if limits.ocr
        else None,
    )
