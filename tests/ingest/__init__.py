"""Tests of the ingest journey."""
