"""Redaction as a service to the journeys: off the event loop, bounded, and closed when anything fails."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple
from typing import Final, TypeVar

import orjson

from gateway.crypto.digest import keyed, sha256
from gateway.crypto.keyring import KeyRing
from gateway.crypto.secret import SecretBytes
from gateway.errors import GatewayError, RedactionUnavailable
from gateway.model import PrivacyPolicy, Redacted, Replaced, Span
from gateway.redaction.detect import Detector
from gateway.redaction.linking import NO_LINKS, PERSON, Links, link
from gateway.redaction.nouns import Original, Redaction
from gateway.redaction.occurrences import needle, standing
from gateway.redaction.spans import resolve
from gateway.redaction.surrogates import Renderer
from gateway.redaction.tokens import Minter, token_spans
from gateway.redaction.views import plainly

T = TypeVar("T")

START_S: Final = 120.0
"""Seconds that loading the recognizers may take on a busy machine."""
_POLICIES: Final = 8
_SHORT: Final = 4_000
"""Characters looked up in the cache on the event loop."""
_SCANNED: Final = 16_000
"""Characters of different texts scanned together."""
_WARM_UP: Final = (
    "Dear Dr A. Example,\nName: A. Example <a@example.org>, born 1 May 1970, 10.0.0.1, +44 20 7946 0000, "
    "passport, account, licence 123-45-6789012345678, GB00 0000, AB0000000, us, number\n"
)
"""Passes every gate once, so that no request waits for a pattern to be compiled."""


class Redactor:
    """Replaces personal data by keyed tokens.

    Detector failures, time-outs and a full queue raise RedactionUnavailable; content never stands in the error.
    Findings (never texts) are cached by a keyed digest of text and policy, so a conversation's history is scanned once.
    """

    def __init__(
        self, ring: KeyRing, *, threads: int = 2, timeout_s: float = 10.0, queue: int = 128, cache_entries: int = 4096
    ) -> None:
        self._ring = ring
        self._timeout_s = timeout_s
        self._queue = queue
        self._threads = threads
        self._waiting = 0
        self.failures: dict[str, int] = {}
        """Texts and answers that could not be scanned, by reason."""
        self._pool: ThreadPoolExecutor | None = None
        self._cache = _Cache(ring.stable("redaction cache"), cache_entries)
        self._detectors: OrderedDict[bytes, Detector] = OrderedDict()
        self._digests: dict[int, tuple[PrivacyPolicy, bytes]] = {}
        self._lock = threading.Lock()
        self._loaded = False

    async def start(self) -> None:
        """Load the recognizers (about a second, in a thread), so that the first request does not wait for them."""
        await self._in_thread(lambda: self._detector(PrivacyPolicy()).find(_WARM_UP), START_S)
        self._loaded = True

    def close(self) -> None:
        """Give the threads back; a scan under way ends by itself."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    async def redact(
        self, texts: Sequence[str], policy: PrivacyPolicy, tenant: str, *, linked: bool = True, apart: bool = False
    ) -> list[Redaction]:
        """Each text redacted, in order.

        `linked`: the texts belong together (one request, one document); a value found in one of them is replaced
        wherever it stands in any, by the rule of `occurrences`. `apart`: each is a whole of its own, linked within
        itself alone. Raises RedactionUnavailable.
        """
        if not policy.enabled or not any(texts):
            return [Redaction(Redacted(text), {}) for text in texts]
        minter = self._minter(tenant)
        deadline = math.inf

        def check() -> None:
            if time.monotonic() > deadline:
                raise TimeoutError

        def work() -> list[Redaction]:
            return self._redact(texts, policy, minter, check, linked=linked, apart=apart)

        try:
            if not self._loaded:
                # A command does not start it; loading is no part of the time a text may take.
                await self.start()
            deadline = time.monotonic() + self._timeout_s
            # Short texts scanned before need no thread: a conversation's history, or the same question again.
            if sum(map(len, texts)) <= _SHORT and self._guarded(lambda: self._known(texts, policy)):
                return self._guarded(work)
            return await self._in_thread(work)
        except RedactionUnavailable as error:
            self.failed(error)
            raise

    def failed(self, error: RedactionUnavailable) -> None:
        """Count one text or answer that was not let through because it could not be scanned."""
        self.failures[error.reason] = self.failures.get(error.reason, 0) + 1

    @property
    def waiting(self) -> int:
        """Scans under way or waiting for a thread."""
        return self._waiting

    def _known(self, texts: Sequence[str], policy: PrivacyPolicy) -> bool:
        digest = self._digest(policy)
        return digest in self._detectors and all(self._cache.get(digest, text) is not None for text in texts)

    def _digest(self, policy: PrivacyPolicy) -> bytes:
        """The digest of a policy, computed once for each object: a bundle's policy never changes."""
        held = self._digests.get(id(policy))
        if held is None or held[0] is not policy:
            if len(self._digests) >= _POLICIES:
                self._digests.clear()
            held = self._digests[id(policy)] = (policy, _digest(policy))
        return held[1]

    def part_tokens(self, text: str, tenant: str) -> list[str]:
        """Keyed digests of every word of a query that could be part of a name: extra search terms."""
        return list(self._minter(tenant).parts(text))

    def tokens_for(self, value: str, types: Iterable[str], tenant: str) -> list[str]:
        """The token that a value has as each of these types; for a search of what was recorded."""
        minter = self._minter(tenant)
        return [minter.token(type_, value) for type_ in types]

    def spans_in(self, text: str, policy: PrivacyPolicy) -> list[Span]:
        """What `redact` would replace in one text, found here and now; for evaluation. Raises RedactionUnavailable."""
        if not policy.enabled:
            return []

        def work() -> list[Span]:
            detector = self._detector(policy)
            found = [detector.find(text)]
            link([text], found, detector.known_types, lambda: None, frozenset(policy.allow_list))
            return found[0]

        return self._guarded(work)

    def renderer(self, tenant: str) -> Renderer:
        """What zones receive for this tenant's tokens, and the way back."""
        return Renderer(self._ring.stable("rendering", tenant.encode()), self._minter(tenant))

    def _minter(self, tenant: str) -> Minter:
        return Minter(self._ring.stable("token", tenant.encode()))

    async def _in_thread(self, work: Callable[[], T], timeout_s: float | None = None) -> T:
        if self._waiting >= self._queue + self._threads:
            raise RedactionUnavailable(
                "too many texts are waiting to be scanned", hint="try again in a moment", reason="queue_full"
            )
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="redaction")
        try:
            job = self._pool.submit(self._guarded, work)
        except RuntimeError:
            # No thread can be had, or the pool broke: the next text gets a new one.
            broken, self._pool = self._pool, None
            broken.shutdown(wait=False)
            raise RedactionUnavailable(
                "no thread could be had to scan with", hint="try again in a moment", reason="no_thread"
            ) from None
        with self._lock:
            self._waiting += 1
        # Counted until the thread is free again, not until the caller stops waiting.
        job.add_done_callback(lambda _: self._done())
        try:
            async with asyncio.timeout(timeout_s or self._timeout_s):
                return await asyncio.wrap_future(job)
        except TimeoutError:
            raise _slow(timeout_s or self._timeout_s) from None

    def _done(self) -> None:
        with self._lock:
            self._waiting -= 1

    def _guarded(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except GatewayError:
            raise
        except TimeoutError:
            raise _slow(self._timeout_s) from None
        except Exception as error:  # noqa: BLE001  whatever a recognizer raises may hold what it was reading
            kind = type(error).__name__
        raise RedactionUnavailable(
            f"the detector failed ({kind})", hint="look at the recognizers of privacy.yaml; nothing was sent"
        )

    def _detector(self, policy: PrivacyPolicy) -> Detector:
        key = self._digest(policy)
        with self._lock:
            detector = self._detectors.get(key)
            if detector is not None:
                self._detectors.move_to_end(key)
                return detector
        detector = Detector(policy)
        with self._lock:
            self._detectors[key] = detector
            while len(self._detectors) > _POLICIES:
                self._detectors.popitem(last=False)
        return detector

    def _redact(
        self,
        texts: Sequence[str],
        policy: PrivacyPolicy,
        minter: Minter,
        check: Callable[[], None],
        *,
        linked: bool,
        apart: bool,
    ) -> list[Redaction]:
        detector = self._detector(policy)
        found = self._findings(texts, policy, detector, check)
        allowed = frozenset(policy.allow_list)
        if linked and not apart:
            links = link(texts, found, detector.known_types, check, allowed)
            return redactions(texts, found, minter, links)
        done: list[Redaction] = []
        for text, spans in zip(texts, found, strict=True):
            alone = [spans]
            links = link([text], alone, detector.known_types, check, allowed) if apart else NO_LINKS
            done += redactions([text], alone, minter, links)
        return done

    def _findings(
        self, texts: Sequence[str], policy: PrivacyPolicy, detector: Detector, check: Callable[[], None]
    ) -> list[list[Span]]:
        """What the detector finds in each text, each different one scanned once, or never where it was before."""
        digest = self._digest(policy)
        known = {text: self._cache.get(digest, text) for text in dict.fromkeys(texts)}
        for group in _together([text for text, spans in known.items() if spans is None]):
            for text, spans in zip(group, detector.find_all(group, check), strict=True):
                known[text] = tuple(spans)
                self._cache.put(digest, text, tuple(spans))
        return [list(known[text] or ()) for text in texts]


def _together(texts: Sequence[str]) -> Iterator[list[str]]:
    """Short texts in groups, long ones alone: what is scanned at once, and kept when it has been."""
    group: list[str] = []
    size = 0
    for text in texts:
        if group and size + len(text) > _SCANNED:
            yield group
            group, size = [], 0
        group.append(text)
        size += len(text)
    if group:
        yield group


def redactions(
    texts: Sequence[str], found: Sequence[Sequence[Span]], minter: Minter, links: Links = NO_LINKS
) -> list[Redaction]:
    """Texts that belong together, each span (in order, none overlapping) replaced by its token.

    A part of a whole name, and a second spelling of any value, is another form of it: the same id, and it returns as it
    was written. The form that has the id alone is the whole as it was written first, neither in capitals nor without.
    """
    tokens: dict[tuple[str, str], str] = {}
    first: dict[str, str] = {}
    values: list[list[tuple[str, str]]] = []
    for index, (text, spans) in enumerate(zip(texts, found, strict=True)):
        values.append([])
        for span in spans:
            value = plainly(text[span.start : span.end], span.type)
            whole = links.whole(index, span, value) or value
            if (span.type, whole) not in tokens:
                token = tokens[span.type, whole] = minter.token(span.type, whole)
                if token not in first or (_flat(first[token]) and not _flat(whole)):
                    first[token] = whole
            values[-1].append((value, tokens[span.type, whole]))
    parts: dict[str, tuple[str, ...]] = {}
    return [
        _redaction(text, spans, known, first, parts, minter)
        for text, spans, known in zip(texts, found, values, strict=True)
    ]


def _flat(value: str) -> bool:
    return value.islower() or value.isupper()


def _redaction(
    text: str,
    spans: Sequence[Span],
    values: Sequence[tuple[str, str]],
    first: Mapping[str, str],
    parts: dict[str, tuple[str, ...]],
    minter: Minter,
) -> Redaction:
    """`values`: what each span says, and the token of the whole it belongs to; `first`: that whole as first written.

    `parts`: name -> `Minter.parts`, as far as they are known; grows.
    """
    out: list[str] = []
    replaced: list[Replaced] = []
    originals: dict[str, Original] = {}
    at = length = 0
    for span, (value, whole) in zip(spans, values, strict=True):
        token = whole if value == first[whole] else minter.form(whole, value)
        out += (text[at : span.start], token)
        length += span.start - at
        if span.type == PERSON and value not in parts:
            parts[value] = minter.parts(value)
        words = parts[value] if span.type == PERSON else ()
        replaced.append(Replaced(span.start, span.end, span.type, span.score, token, length, words))
        originals.setdefault(token, Original(value, span.type))
        length += len(token)
        at = span.end
    out.append(text[at:])
    return Redaction(Redacted("".join(out), tuple(replaced)), originals)


def cover(text: str, originals: Mapping[str, Original]) -> tuple[str, frozenset[str]]:
    """Replace known values wherever they stand by their tokens; also which tokens were put in. Pure.

    For values that are known only after a text was redacted: a name typed without title that a retrieved passage holds.
    """
    known = [(token, original, one) for token, original in originals.items() if (one := needle(original.value))]
    taken = [(start, end) for start, end, _ in token_spans(text)]
    spans = {
        Span(start, end, known[index][0], 1.0) for index, start, end in standing(text, [one for _, _, one in known])
    }
    out: list[str] = []
    at = 0
    used: set[str] = set()
    for span in resolve(text, spans, taken):
        out += (text[at : span.start], span.type)
        used.add(span.type)
        at = span.end
    out.append(text[at:])
    return "".join(out), frozenset(used)


def _digest(policy: PrivacyPolicy) -> bytes:
    """Of everything that decides what is found."""
    asked = [policy.languages, policy.regions, policy.entities, policy.without, policy.threshold, policy.allow_list]
    parts = [*asked, [astuple(rule) for rule in policy.recognizers]]
    return sha256(orjson.dumps(parts))


def _slow(seconds: float) -> RedactionUnavailable:
    return RedactionUnavailable(
        f"the detector did not finish within {seconds:g} s",
        hint="send less text at once, or raise redaction.timeout_s",
        reason="timeout",
    )


class _Cache:
    """Findings by keyed digest of policy and text, the least recently used dropped first. For several threads."""

    def __init__(self, key: SecretBytes, entries: int) -> None:
        self._key = key
        self._entries = entries
        self._kept: OrderedDict[bytes, tuple[Span, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, policy: bytes, text: str) -> tuple[Span, ...] | None:
        """The spans kept for a text, or None."""
        name = self._name(policy, text)
        with self._lock:
            spans = self._kept.get(name)
            if spans is not None:
                self._kept.move_to_end(name)
            return spans

    def put(self, policy: bytes, text: str, spans: tuple[Span, ...]) -> None:
        """Keep a text's spans."""
        name = self._name(policy, text)
        with self._lock:
            self._kept[name] = spans
            while len(self._kept) > self._entries:
                self._kept.popitem(last=False)

    def _name(self, policy: bytes, text: str) -> bytes:
        return keyed(self._key, policy + text.encode("utf-8", "surrogatepass"))
