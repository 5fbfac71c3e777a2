"""One chat request, from an identified caller to a recorded answer. The order lives here and nowhere else.

    admit -> scan -> ground -> route -> (prepare -> look at the bytes -> intent, durable) -> send -> restore
          -> outcome, durable -> the last byte

A stage that fails stops the line; the refusal is recorded before the caller hears of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from datetime import datetime

from gateway.audit import AuditLog
from gateway.chat import records
from gateway.chat.apart import apart
from gateway.chat.attempt import Attempt
from gateway.chat.covering import call_of, cover_all, rendered, rendering_of
from gateway.chat.find import Finder, Found
from gateway.chat.options import Options
from gateway.chat.output import reading_for
from gateway.chat.prompt import earlier_texts, last_question, with_passages, without_own_words
from gateway.chat.restoring import Reading, StreamRestorer, answer_text, restore_answer
from gateway.chat.sight import count_types, look
from gateway.chat.support import Support
from gateway.chat.values import Admitted, Answer, Asked, Grounded, Routed, Scanned, Streamed
from gateway.chat.vectors import Asking
from gateway.chat.zones import naming_unscannable, zones_of
from gateway.errors import (
    Broken,
    EgressBlocked,
    GatewayError,
    ModelNotFound,
    NotPermitted,
    RateLimited,
    UpstreamFailed,
    UpstreamTimeout,
)
from gateway.model import Decision, Json, Model, Principal, Sensitivity, Zone
from gateway.policy import Current
from gateway.redaction import Redactor, find_originals, find_tokens, leaves, replace_leaves, unscannable
from gateway.retrieval import Lineage
from gateway.routing import Router

log = logging.getLogger("gateway.chat")

DEFAULT_ANSWER_TOKENS = 512
FALLS_BACK = (UpstreamFailed, UpstreamTimeout, RateLimited)


class Chat:
    """The chat journey; one instance serves every request of a worker."""

    def __init__(
        self,
        *,
        current: Current,
        redactor: Redactor,
        finder: Finder,
        router: Router,
        lineage: Lineage,
        audit: AuditLog,
        now: Callable[[], datetime],
        top_k: int,
        support: Support,
    ) -> None:
        self._current = current
        self._redactor = redactor
        self._finder = finder
        self._router = router
        self._lineage = lineage
        self._audit = audit
        self._now = now
        self._top_k = top_k
        self._support = support

    async def ask(self, request: str, principal: Principal, body: Json, options: Options) -> Answer | Streamed:
        """Answer one request. Raises a GatewayError, recorded, when any stage refuses or fails."""
        asked = Asked(request, principal, body, options, self._current.bundle)
        watch = records.Watch(time.perf_counter)
        try:
            admitted = self._admit(asked)
            watch.mark("access", admitted)
            scanned = await self._scan(admitted)
            watch.mark("privacy", scanned)
            grounded = await self._ground(scanned, watch.left)
            watch.mark("retrieval", grounded)
            routed = self._route(grounded)
            watch.mark("routing", routed)
            if admitted.options.dry_run or admitted.options.mode == "passages":
                return await self._without_model(routed, watch)
            if scanned.body.get("stream"):
                return await self._stream(routed, watch)
            return await self._complete(routed, watch)
        except GatewayError as error:
            await self._refuse(asked, error, watch)
            raise
        except Exception as fault:  # noqa: BLE001 - nothing may pass unrecorded
            # A fault of ours is recorded like any refusal; its text may hold content and goes nowhere.
            broken = _broken(request, fault)
            await self._refuse(asked, broken, watch, fault=type(fault).__name__)
            raise broken from None

    def models(self, principal: Principal) -> list[Model]:
        """Models this caller may use by name, `auto` and assistants first."""
        bundle = self._current.bundle
        named = [_bound("auto", "policy")]
        named += [_bound(name, "assistant") for name in sorted(bundle.routing.assistants)]
        offered = [*named, *self._router.models]
        return [model for model in offered if bundle.decide(principal, f"model:{model.name}", "use")]

    def model(self, principal: Principal, name: str) -> Model:
        """One of `models`. Raises ModelNotFound, whether it does not exist or is not for this caller."""
        for model in self.models(principal):
            if model.name == name:
                return model
        raise ModelNotFound("no such model for this caller", param="model", hint="GET /v1/models lists them")

    # --- stages ----------------------------------------------------------------------------------------------------

    def _admit(self, asked: Asked) -> Admitted:
        """Access: the model's name, the assistant behind it, every collection named."""
        name = asked.options.preference.model
        use = asked.bundle.decide(asked.principal, f"model:{name}", "use")
        self.model(asked.principal, name)
        options, system = asked.options, ""
        assistant = asked.bundle.routing.assistants.get(name)
        if assistant is not None:
            options, system = options.bound_to(assistant), assistant.system
        scope = None
        if options.collections:
            scope = asked.bundle.plan(asked.principal, options.collections, options.collections)
            if scope.refused:
                raise NotPermitted(
                    scope.refused[0].reason,
                    param="gateway.collections",
                    hint="ask an administrator for the right to read it",
                )
        return Admitted(asked, options, system, (use,), scope)

    async def _scan(self, admitted: Admitted) -> Scanned:
        """Privacy: every string that can hold content, replaced by keyed tokens."""
        asked = admitted.asked
        found = leaves(asked.body)
        done = await self._redactor.redact([leaf.text for leaf in found], asked.bundle.privacy, asked.principal.tenant)
        body = replace_leaves(asked.body, found, [redaction.redacted.text for redaction in done])
        typed = {token: original for redaction in done for token, original in redaction.originals.items()}
        return Scanned(
            admitted,
            body,
            last_question(asked.body),
            typed,
            count_types(typed.values()),
            frozenset(unscannable(asked.body)),
        )

    async def _ground(self, scanned: Scanned, left: list[Json]) -> Grounded:
        """Retrieval: passages this caller may read, and what they will be shown of the values behind the tokens.

        `left` is told what went to a server for that.
        """
        admitted, asked = scanned.admitted, scanned.admitted.asked
        question = last_question(scanned.body)
        found = Found()
        said = await self._lineage.labels_of(asked.principal.tenant, earlier_texts(asked.body, scanned.body))
        if admitted.scope is not None:
            top_k = admitted.options.top_k or self._top_k
            types = frozenset(scanned.typed[token].type for token in find_tokens(question) if token in scanned.typed)
            asking = Asking(asked.id, asked.principal, asked.bundle, scanned.question, question, said, types, left)
            found = await self._finder.find(asking, admitted.scope, top_k)
        own, found, typed = await apart(len(question) * len(found.entries), lambda: cover_all(scanned, found))
        sight = look(asked.bundle, asked.principal, typed, found.entries)
        quoting = look(asked.bundle, asked.principal, {}, found.entries)
        body = with_passages(own, found.passages, cite=admitted.options.cite, system=admitted.system)
        labels = {passage.label for passage in found.passages} | {asked.bundle.routing.default_label} | said
        entities = {original.type for original in sight.originals.values()}
        sensitivity = Sensitivity(frozenset(labels), frozenset(entities), scanned.unscannable)
        return Grounded(scanned, body, last_question(own), found, sight, quoting, sensitivity)

    def _route(self, grounded: Grounded) -> Routed:
        """Routing: sensitivity first, then what the caller may use, then the objective."""
        admitted = grounded.scanned.admitted
        bundle = admitted.asked.bundle
        zones = zones_of(grounded)
        principal = admitted.asked.principal

        def permitted(model: Model) -> Decision:
            return bundle.decide(principal, f"model:{model.name}", "use")

        body = grounded.body
        with naming_unscannable(grounded):
            route = self._router.choose(
                policy=bundle.routing,
                zones=zones,
                preference=admitted.options.preference,
                permitted=permitted,
                tokens_in=records.estimate_tokens(body),
                tokens_out=body.get("max_completion_tokens") or body.get("max_tokens") or DEFAULT_ANSWER_TOKENS,
                needs_tools=bool(body.get("tools") or body.get("functions")),
                grounded=bool(grounded.found.passages),
            )
        return Routed(grounded, route)

    async def _send(self, routed: Routed, model: Model, number: int, watch: records.Watch) -> Attempt:
        """Prepare the exact bytes, look at them once more, and make the intent durable."""
        grounded = routed.grounded
        bundle = grounded.scanned.admitted.asked.bundle
        plain = model.zone in bundle.privacy.plain_zones
        call = call_of(grounded, plain=plain)
        outgoing, rendering, shown = self._router.prepare(model, call), None, None
        if bundle.privacy.methods and model.provider != "extractive":
            # Nothing of what the built-in answerer is given leaves the process.
            renderer = self._redactor.renderer(grounded.scanned.admitted.asked.principal.tenant)
            rendering = await asyncio.to_thread(rendering_of, call, grounded, renderer, model.zone)
            if rendering is not None:
                shown, outgoing = outgoing.body, self._router.prepare(model, rendered(call, rendering))
        if not plain:
            body, originals = without_own_words(outgoing.body), grounded.sight.originals
            leaked = await apart(len(body), lambda: find_originals(body, originals))
            if leaked:
                raise EgressBlocked(
                    "personal data stood in the bytes about to leave: " + ", ".join(sorted(set(leaked))),
                    hint="nothing was sent; the refusal is on record under this request id",
                )
        return await Attempt.begin(self._audit, routed, outgoing, number, watch, self._now, rendering, shown)

    # --- answers ---------------------------------------------------------------------------------------------------

    async def _complete(self, routed: Routed, watch: records.Watch) -> Answer:
        failure: GatewayError | None = None
        for number, model in enumerate(routed.route.models):
            attempt = await self._send(routed, model, number, watch)
            try:
                raw = await self._router.complete(attempt.sending.outgoing)
                rendering = attempt.sending.rendering
                reading = await reading_for(routed.grounded, model, self._redactor.failed, rendering)
                answer = await apart(len(answer_text(raw)), lambda: restore_answer(raw, reading))  # noqa: B023
                finish = [str(choice.get("finish_reason")) for choice in raw.get("choices", [])]
                said = "".join(reading.said)
                await self._remember(routed, [said, answer_text(answer)])
                answer, support = await self._support.whole(routed.grounded, model, reading, answer)
                position = await attempt.finish(said, raw.get("usage"), finish, reading.masked, support)
            except FALLS_BACK as error:
                await attempt.fail(error)
                failure = error
                continue
            except BaseException as fault:
                await attempt.fail(fault)
                raise
            note = records.note(routed, model, position, reading.masked, support)
            return Answer({**answer, "model": model.name, "gateway": note}, _headers(routed, model))
        raise failure or Broken("a route without models", hint="report it with the request id")

    async def _stream(self, routed: Routed, watch: records.Watch) -> Streamed:
        """Start the stream; the first chunk is awaited here, so that a fallback is still possible."""
        failure: GatewayError | None = None
        for number, model in enumerate(routed.route.models):
            attempt = await self._send(routed, model, number, watch)
            upstream = self._router.stream(attempt.sending.outgoing)
            try:
                reading = await reading_for(routed.grounded, model, self._redactor.failed, attempt.sending.rendering)
                first = await anext(upstream)
            except (StopAsyncIteration, *FALLS_BACK) as error:
                ended = UpstreamFailed("the model's server ended its stream before it began")
                failure = error if isinstance(error, GatewayError) else ended
                await attempt.fail(failure)
                continue
            except BaseException as fault:
                await _close(upstream)
                await attempt.fail(fault)
                raise
            watch.mark("first_token")
            pump = self._pump(attempt, reading, first, upstream)
            # Started up to its first yield, so that closing it always ends the attempt, even if nobody ever reads it.
            await anext(pump)
            return Streamed(pump, _headers(routed, model))
        raise failure or Broken("a route without models", hint="report it with the request id")

    async def _pump(
        self, attempt: Attempt, reading: Reading, first: Json, upstream: AsyncIterator[Json]
    ) -> AsyncGenerator[Json, None]:
        """Pass chunks on as they come, restored; hold the finishing one until the outcome is durable."""
        routed, model = attempt.sending.routed, attempt.sending.outgoing.model
        restorer = StreamRestorer(reading)
        checking = self._support.open(routed.grounded, model, reading)
        last: Json | None = None
        usage: object = None
        try:
            yield {}
            async for chunk in _chain(first, upstream):
                usage = chunk.get("usage") or usage
                for out in restorer.feed({**chunk, "model": model.name}):
                    if last is not None:
                        yield last
                        last = None
                    checking.chunk(out)
                    if any(choice.get("finish_reason") for choice in out["choices"]):
                        last = _without_usage(out)
                    else:
                        yield _without_usage(out)
            finish = [restorer.finish_reasons[place] for place in sorted(restorer.finish_reasons)]
            rest = restorer.finish()
            await self._remember(routed, [restorer.raw_text, reading.sight.show(restorer.raw_text)])
            support = await checking.finish({"choices": rest})
            position = await attempt.finish(restorer.raw_text, usage, finish, restorer.masked, support)
            final = last or {**first, "model": model.name, "choices": rest}
            if last is not None and rest:
                yield {**last, "choices": rest}
            yield {**final, "gateway": records.note(routed, model, position, restorer.masked, support)}
            if usage and (routed.grounded.body.get("stream_options") or {}).get("include_usage"):
                yield {**final, "choices": [], "usage": usage}
        except GatewayError as error:
            await attempt.fail(error, restorer.raw_text, usage, restorer.masked)
            raise
        except Exception as fault:  # noqa: BLE001 - nothing may pass unrecorded
            await attempt.fail(fault, restorer.raw_text, usage, restorer.masked)
            raise _broken(routed.grounded.scanned.admitted.asked.id, fault) from None
        except BaseException as gone:
            # The caller hung up; what was said so far is on record all the same.
            with contextlib.suppress(GatewayError):
                await self._remember(routed, [restorer.raw_text])
            await attempt.fail(gone, restorer.raw_text, usage, restorer.masked)
            raise
        finally:
            checking.close()
            await _close(upstream)

    async def _without_model(self, routed: Routed, watch: records.Watch) -> Answer:
        """`dry_run` and `mode: passages`: everything but the sending."""
        grounded = routed.grounded
        options = grounded.scanned.admitted.options
        await self._remember(routed, [passage.text for passage in grounded.found.passages])
        position = await self._audit.append(records.unsent(routed, watch, self._now()))
        text = "" if options.dry_run else records.quote_passages(grounded)
        body: Json = {
            "id": f"chatcmpl-{grounded.scanned.admitted.asked.id}",
            "object": "chat.completion",
            "created": int(self._now().timestamp()),
            "model": routed.route.models[0].name if options.dry_run else "passages",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        }
        answer = restore_answer(body, Reading(grounded.quoting))
        note = records.note(routed, routed.route.models[0], position)
        return Answer({**answer, "gateway": {**note, "sent": False}}, _headers(routed, routed.route.models[0]))

    async def _remember(self, routed: Routed, texts: list[str]) -> None:
        """What is said from labelled passages carries their labels when it comes back in a later request."""
        grounded = routed.grounded
        asked = grounded.scanned.admitted.asked
        labels = grounded.sensitivity.labels - {asked.bundle.routing.default_label}
        if labels:
            await self._lineage.remember(asked.principal.tenant, texts, labels)

    async def _refuse(self, asked: Asked, error: GatewayError, watch: records.Watch, fault: str | None = None) -> None:
        await self._audit.append(records.refusal(asked, error, watch, self._now(), fault))


def _broken(request: str, fault: Exception) -> Broken:
    """A fault of ours as the caller hears of it. Its class and place are logged; its text may hold content."""
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace else "unknown"
    log.error("request %s failed: %s at %s", request, type(fault).__name__, place)
    return Broken("the gateway failed on this request", hint=f"report it with the request id {request}")


def _bound(name: str, origin: str) -> Model:
    """A name that policy resolves to a model; shown beside real ones."""
    return Model(name=name, provider="gateway", target=name, zone=Zone.LOCAL, origin=origin)


def _headers(routed: Routed, model: Model) -> Mapping[str, str]:
    return {"x-gateway-policy": routed.grounded.scanned.admitted.asked.bundle.digest, "x-gateway-model": model.name}


def _without_usage(chunk: Json) -> Json:
    """Usage belongs in its own last chunk, and only when the caller asked for it."""
    return {key: value for key, value in chunk.items() if key != "usage"} if "usage" in chunk else chunk


async def _close(stream: AsyncIterator[Json]) -> None:
    """Close the connection upstream now, not when the garbage collector comes by."""
    if isinstance(stream, AsyncGenerator):
        await stream.aclose()


async def _chain(first: Json, rest: AsyncIterator[Json]) -> AsyncIterator[Json]:
    yield first
    async for chunk in rest:
        yield chunk
