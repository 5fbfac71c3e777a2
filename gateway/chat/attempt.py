"""One sending of a request to one model: it begins with a durable intent and ends in exactly one outcome."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from gateway.audit import AuditLog
from gateway.chat import records
from gateway.chat.values import Routed, Sending
from gateway.errors import GatewayError
from gateway.model import Json, Outgoing, Position, Record
from gateway.redaction import Rendering

log = logging.getLogger("gateway.chat")

CLIENT_CLOSED = "client_closed"


class Attempt:
    """Made by `begin`. `finish` or `fail` ends it, whichever comes first, and no cancellation loses that."""

    def __init__(self, sending: Sending, audit: AuditLog, watch: records.Watch, now: Callable[[], datetime]) -> None:
        self.sending = sending
        self._audit = audit
        self._watch = watch
        self._now = now
        self._ending: asyncio.Task[Position] | None = None

    @classmethod
    async def begin(
        cls,
        audit: AuditLog,
        routed: Routed,
        outgoing: Outgoing,
        number: int,
        watch: records.Watch,
        now: Callable[[], datetime],
        rendering: Rendering | None = None,
        shown: bytes | None = None,
    ) -> Attempt:
        """Make the intent durable. Cancelled meanwhile, the attempt still ends with an outcome.

        `shown`: what the record holds of the bytes sent, where `rendering` put something in the place of tokens.
        """
        record = records.intent(routed, outgoing, number, now(), rendering, shown)
        writing = asyncio.ensure_future(audit.append(record))
        try:
            intent = await asyncio.shield(writing)
        except asyncio.CancelledError as gone:
            intent = await writing
            await cls(Sending(routed, outgoing, intent, number, rendering), audit, watch, now).fail(gone)
            raise
        watch.left.append(records.left_for_answer(outgoing, number))
        watch.mark("intent")
        return cls(Sending(routed, outgoing, intent, number, rendering), audit, watch, now)

    async def finish(
        self,
        text: str,
        usage: object,
        finish: Sequence[str],
        masked: Mapping[str, int] | None = None,
        support: Sequence[Json] | None = None,
    ) -> Position:
        """The answer is complete. `text`: with tokens and masks; `masked`: the model's own values that were, by type.

        `support`: what became of each sentence.

        Raises AuditUnavailable: then there is no answer.
        """
        self._watch.mark("model")
        record = records.outcome(
            self.sending, text, usage, finish, self._watch, self._now(), masked=masked, support=support
        )
        return await self._end(record)

    async def fail(
        self, fault: BaseException, text: str = "", usage: object = None, masked: Mapping[str, int] | None = None
    ) -> None:
        """The attempt ended without a complete answer; `text` is what came before. Raises nothing of its own."""
        if self._ending is not None:
            await asyncio.wait({self._ending})
            return
        self._watch.mark("failed")
        code = _code(fault)
        kind = None if isinstance(fault, GatewayError) or code == CLIENT_CLOSED else type(fault).__name__
        record = records.outcome(
            self.sending, text, usage, [], self._watch, self._now(), error=code, fault=kind, masked=masked
        )
        try:
            await self._end(record)
        except GatewayError as error:
            # The intent stands without an outcome, as after a crash; what failed first is what the caller hears.
            request = self.sending.routed.grounded.scanned.admitted.asked.id
            log.error("request %s: its outcome could not be recorded: %s", request, error.code)

    async def _end(self, record: Record) -> Position:
        self._ending = asyncio.ensure_future(self._audit.append(record))
        # Shielded: a cancelled request must not take its own record with it.
        return await asyncio.shield(self._ending)


def _code(fault: BaseException) -> str:
    if isinstance(fault, GatewayError):
        return fault.code
    if isinstance(fault, asyncio.CancelledError | GeneratorExit):
        return CLIENT_CLOSED
    return "internal_error"
