"""Journeys of those who govern: policies, keys, and the audit log."""

from gateway.audit import Filters
from gateway.govern.credentials import Credentials
from gateway.govern.entrance import Entrance
from gateway.govern.erasure import Erased, Erasure
from gateway.govern.guard import ITSELF, Guard
from gateway.govern.holds import Holds
from gateway.govern.ids import new_request_id
from gateway.govern.log import Log
from gateway.govern.policies import Policies
from gateway.govern.reembedding import Plan, Reembedded, Reembedding
from gateway.govern.retention import Retention
from gateway.govern.rotating import RingReport, Rotation
from gateway.govern.tuning import Report, Tuning

__all__ = [
    "ITSELF",
    "Credentials",
    "Entrance",
    "Erased",
    "Erasure",
    "Filters",
    "Guard",
    "Holds",
    "Log",
    "Plan",
    "Policies",
    "Reembedded",
    "Reembedding",
    "Report",
    "Retention",
    "RingReport",
    "Rotation",
    "Tuning",
    "new_request_id",
]
