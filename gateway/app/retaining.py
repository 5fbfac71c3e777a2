"""Retention, wired: what the settings say of each class."""

from __future__ import annotations

from collections.abc import Callable

from gateway.audit import Pruner
from gateway.govern import Guard, Retention
from gateway.settings import Settings


def retention(settings: Settings, pruner: Pruner, guard: Guard, request_id: Callable[[], str]) -> Retention:
    """The journey over an open log."""
    kept = settings.audit.retention
    days = {
        "requests": kept.requests_days,
        "documents": kept.documents_days,
        "administration": kept.administration_days,
    }
    return Retention(pruner, guard, days, request_id)
