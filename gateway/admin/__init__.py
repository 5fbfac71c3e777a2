"""The doors for administrators: `/admin/api/...`. Pages come beside them later."""

from gateway.admin.audit import router as audit_router
from gateway.admin.doors import Doors
from gateway.admin.routes import router

__all__ = ["Doors", "audit_router", "router"]
