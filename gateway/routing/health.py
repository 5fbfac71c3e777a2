"""How each model has been doing: moving time to first token, failures in a row, and rest after them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.errors import GatewayError, RateLimited, UpstreamFailed, UpstreamTimeout

SMOOTHING: Final = 0.2
"""Weight of the newest latency in the moving mean."""
FAILURES_TO_REST: Final = 2
REST_S: Final = 5.0
"""First rest; it doubles with each further failure."""
MAX_REST_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class HealthView:
    """One model's state at one moment."""

    latency_ms: float | None = None
    """Moving mean of the time to the first token; None until a stream measured it."""
    failures: int = 0
    """In a row."""
    rest_s: float = 0.0
    """Seconds until it may be tried again; 0 when it may be tried now."""
    limited: bool = False
    """Whether it rests because the provider said: too many requests."""

    @property
    def ready(self) -> bool:
        """Whether it may be tried now."""
        return self.rest_s <= 0


@dataclass(slots=True)
class _State:
    latency_ms: float | None = None
    failures: int = 0
    until: float = 0.0
    limited: bool = False


class Health:
    """Kept by one process about the calls it made. `clock` gives monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._states: dict[str, _State] = {}

    def succeeded(self, model: str) -> None:
        """An answer came to its proper end."""
        state = self._state(model)
        state.failures, state.until, state.limited = 0, 0.0, False

    def measured(self, model: str, first_token_ms: float) -> None:
        """A stream gave its first content after this time."""
        state = self._state(model)
        before = state.latency_ms
        state.latency_ms = first_token_ms if before is None else before + SMOOTHING * (first_token_ms - before)

    def failed(self, model: str, error: GatewayError) -> None:
        """A call failed. Only what tells about the server counts; a request it found wrong does not."""
        now = self._clock()
        state = self._state(model)
        if isinstance(error, RateLimited):
            state.until = max(state.until, now + min(error.retry_after_s or REST_S, MAX_REST_S))
            state.limited = True
        elif isinstance(error, (UpstreamFailed, UpstreamTimeout)):
            state.failures += 1
            if state.failures >= FAILURES_TO_REST:
                doubled = REST_S * 2.0 ** min(state.failures - FAILURES_TO_REST, 10)
                state.until = max(state.until, now + min(doubled, MAX_REST_S))
                state.limited = False

    def view(self, model: str) -> HealthView:
        """The model's state now; a model never called is ready."""
        state = self._states.get(model)
        if state is None:
            return HealthView()
        return HealthView(state.latency_ms, state.failures, max(0.0, state.until - self._clock()), state.limited)

    def views(self) -> Mapping[str, HealthView]:
        """Every model called so far."""
        return {model: self.view(model) for model in self._states}

    def _state(self, model: str) -> _State:
        return self._states.setdefault(model, _State())
