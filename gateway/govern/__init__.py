"""Journeys of those who govern: policies, keys, and the audit log."""

from gateway.govern.credentials import Credentials
from gateway.govern.guard import ITSELF, Guard
from gateway.govern.log import Log
from gateway.govern.policies import Policies

__all__ = ["ITSELF", "Credentials", "Guard", "Log", "Policies"]
