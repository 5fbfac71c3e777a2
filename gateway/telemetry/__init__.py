"""Traces for a collector that speaks OpenTelemetry's protocol: which stage took how long, and no content."""

from __future__ import annotations

from gateway.telemetry.otlp import Exporter
from gateway.telemetry.tracer import Tracer

__all__ = ["Exporter", "Tracer"]
