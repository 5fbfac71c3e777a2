"""The audit log: sealed, chained, durable before an effect and before an answer, and verifiable."""

from __future__ import annotations

from gateway.audit.bundle import Exported, Lock, key_lock, passphrase_lock, write_bundle
from gateway.audit.certificate import certify, open_certificate
from gateway.audit.classes import CLASSES, class_of, expired
from gateway.audit.erasing import Forgetting
from gateway.audit.follow import Tail, span
from gateway.audit.held import Held
from gateway.audit.hold import Hold
from gateway.audit.index import Compared, Index
from gateway.audit.keytable import KeyTable
from gateway.audit.log import AuditLog
from gateway.audit.masking import masked
from gateway.audit.ocsf import ocsf
from gateway.audit.prune import Pruned, Pruner
from gateway.audit.read import Reader
from gateway.audit.receipt import Receipts
from gateway.audit.rewrap import Holder, Rewrapped, Rewrapping
from gateway.audit.sealer import Sealer
from gateway.audit.search import Filters, Search
from gateway.audit.snapshot import check
from gateway.audit.terms import Terms
from gateway.audit.tlog.check import NotProven, VerifierKey
from gateway.audit.unbundle import check_bundle
from gateway.audit.verdicts import Fault, Report, State, StreamReport, Unfinished, Verdict
from gateway.audit.verify import Verifier

__all__ = [
    "CLASSES",
    "AuditLog",
    "Compared",
    "Exported",
    "Fault",
    "Filters",
    "Forgetting",
    "Held",
    "Hold",
    "Holder",
    "Index",
    "KeyTable",
    "Lock",
    "NotProven",
    "Pruned",
    "Pruner",
    "Reader",
    "Receipts",
    "Report",
    "Rewrapped",
    "Rewrapping",
    "Sealer",
    "Search",
    "State",
    "StreamReport",
    "Tail",
    "Terms",
    "Unfinished",
    "Verdict",
    "Verifier",
    "VerifierKey",
    "certify",
    "check",
    "check_bundle",
    "class_of",
    "expired",
    "key_lock",
    "masked",
    "ocsf",
    "open_certificate",
    "passphrase_lock",
    "span",
    "write_bundle",
]
