"""Reasons that stand in the clear of notes and records, checked so that they name nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.errors import Invalid
from gateway.model import Principal, PrivacyPolicy
from gateway.redaction import Redactor

MAX_REASON: Final = 300


async def reason_of(
    redactor: Redactor, privacy: PrivacyPolicy, principal: Principal, reason: str, secrets: Sequence[str]
) -> str:
    """The reason, masked. Raises Invalid where it is none, or names one of `secrets`."""
    text = reason.strip()
    if not text or len(text) > MAX_REASON or not text.isprintable():
        raise Invalid(f"a reason is one line of {MAX_REASON} characters at most", param="reason")
    if any(secret.casefold() in text.casefold() for secret in secrets):
        raise Invalid("the reason names whom or what it is about", hint="give a ticket's number", param="reason")
    (done,) = await redactor.redact([text], privacy, principal.tenant)
    return done.redacted.text
