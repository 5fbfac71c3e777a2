"""The audit log: sealed, chained, durable before an effect and before an answer, and verifiable."""

from __future__ import annotations

from gateway.audit.log import AuditLog
from gateway.audit.read import Reader
from gateway.audit.snapshot import check
from gateway.audit.verdicts import Fault, Report, State, StreamReport, Unfinished, Verdict
from gateway.audit.verify import Verifier

__all__ = [
    "AuditLog",
    "Fault",
    "Reader",
    "Report",
    "State",
    "StreamReport",
    "Unfinished",
    "Verdict",
    "Verifier",
    "check",
]
