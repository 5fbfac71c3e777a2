"""Routing: which model may and should answer, and the calls to it.

`Router` is the room's door for journeys; `choose` is the pure decision behind it.
"""

from gateway.routing.catalog import EXTRACTIVE, Catalog, check_model
from gateway.routing.choose import choose
from gateway.routing.health import Health, HealthView
from gateway.routing.providers.base import Provider, Timeouts
from gateway.routing.providers.extractive import NO_PASSAGES as NOTHING_FOUND
from gateway.routing.providers.ollama import OllamaSite, Pulled
from gateway.routing.router import Router

__all__ = [
    "EXTRACTIVE",
    "NOTHING_FOUND",
    "Catalog",
    "Health",
    "HealthView",
    "OllamaSite",
    "Provider",
    "Pulled",
    "Router",
    "Timeouts",
    "check_model",
    "choose",
]
