"""How an error looks on the OpenAI wire, and the headers every answer carries."""

from __future__ import annotations

import math

import orjson
from starlette.responses import Response

from gateway.errors import GatewayError, Unauthenticated
from gateway.model import Json

REQUEST_ID = "x-gateway-request-id"
RETRY_AFTER_S = 1

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    409: "conflict_error",
    413: "invalid_request_error",
    415: "invalid_request_error",
    429: "rate_limit_error",
}


def error_body(error: GatewayError) -> Json:
    """`{"error": {"message", "type", "param", "code"}}`, the hint behind the message."""
    message = f"{error.message}; {error.hint}" if error.hint else error.message
    kind = _TYPES.get(error.status, "api_error")
    return {"error": {"message": message, "type": kind, "param": error.param, "code": error.code}}


def error_response(error: GatewayError, request_id: str) -> Response:
    """The whole response. Clients are told not to retry what cannot succeed unchanged."""
    headers = {"x-request-id": request_id, REQUEST_ID: request_id}
    if error.retry:
        headers["retry-after"] = str(math.ceil(error.retry_after_s or RETRY_AFTER_S))
    else:
        headers["x-should-retry"] = "false"
    if isinstance(error, Unauthenticated):
        headers["www-authenticate"] = "Bearer"
    return json_response(error_body(error), status=error.status, headers=headers)


def json_response(body: object, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON response; `no-store`, since answers are for one caller."""
    return Response(
        orjson.dumps(body), status, {"cache-control": "no-store", **(headers or {})}, media_type="application/json"
    )
