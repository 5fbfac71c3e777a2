"""Records in the form of OCSF, class API Activity (6003), for a SIEM. Pure.

A record is a request to the gateway and what became of it, which that class is for. What OCSF has no field for stands
under `unmapped`, as the record has it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from gateway.audit.terms import DENY, facts_of
from gateway.model import Json

VERSION: Final = "1.3.0"
_CLASS, _CATEGORY = 6003, 6
_ACTIVITIES: Final = (
    (1, ("create", "activate", "submit", "approve", "ingest", "release", "feedback")),
    (2, ("read", "list", "search", "show", "explain", "history", "verify", "receipt", "reveal", "export")),
    (3, ("rotate", "rollback", "update", "change", "retry")),
    (4, ("delete", "revoke", "cancel", "erase", "prune")),
)
_CHAT: Final = 99
_STATUS: Final = {"Unknown": 0, "Success": 1, "Failure": 2, "Other": 99}


def ocsf(told: Json, log: str) -> Json:
    """One record, masked or not, as an event. log: the log's name."""
    held = told.get("detail")
    detail: Json = held if isinstance(held, dict) else {}
    facts = list(facts_of(told))
    action = told.get("action") or ""
    activity, name = _activity(action)
    failed = next((value for field, value in facts if field == "error" and value), "")
    status = "Failure" if failed or told.get("kind") == "refusal" or told.get("problem") else "Success"
    at = told.get("at")
    event: Json = {
        "activity_id": activity,
        "activity_name": name,
        "category_uid": _CATEGORY,
        "category_name": "Application Activity",
        "class_uid": _CLASS,
        "class_name": "API Activity",
        "type_uid": _CLASS * 100 + activity,
        "time": int(datetime.fromisoformat(at).timestamp() * 1000) if at else 0,
        "severity_id": 3 if told.get("problem") else 1,
        "status": status,
        "status_id": _STATUS[status],
        "metadata": {
            "version": VERSION,
            "product": {"name": "gateway", "vendor_name": "gateway"},
            "uid": f"{told['stream']}/{told['seq']}",
            "log_name": log,
            "correlation_uid": told.get("request", ""),
            "labels": [told["kind"]] if told.get("kind") else [],
        },
        "actor": {"user": _user(told, detail)},
        "api": {"operation": action or told.get("kind", ""), "request": {"uid": told.get("request", "")}},
        "src_endpoint": {"name": _text(detail.get("client")) or "unknown"},
        "resources": [{"type": field, "name": value} for field, value in facts if field in ("collection", "document")],
        "unmapped": {
            name: told[name]
            for name in ("detail", "content", "policy", "hash", "retention", "problem", "erased", "masked")
            if told.get(name) not in (None, "")
        },
    }
    if failed:
        event["status_code"] = failed
        event["api"]["response"] = {"error": failed}
    if any(fact == ("decision", DENY) for fact in facts):
        event["unmapped"]["decision"] = DENY
    return event


def _activity(action: str) -> tuple[int, str]:
    words = action.replace("_", ".").split(".")
    for number, known in _ACTIVITIES:
        if any(word in known for word in words):
            return number, ("Create", "Read", "Update", "Delete")[number - 1]
    return _CHAT, action or "Other"


def _user(told: Json, detail: Json) -> Json:
    user: Json = {"uid": _text(told.get("principal")) or "unknown", "name": _text(detail.get("name")) or "unknown"}
    roles = detail.get("roles")
    if isinstance(roles, list) and roles:
        user["groups"] = [{"name": role, "type": "role"} for role in roles]
    return user


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
