"""The doors for administrators: `/admin/api/...`. Pages come beside them later."""

from gateway.admin.doors import Doors
from gateway.admin.routes import router

__all__ = ["Doors", "router"]
