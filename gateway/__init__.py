"""A self-hosted gateway between an organisation, its documents and language models."""

__version__ = "0.1.0"
