"""What each stage of a chat request hands to the next. Each holds what it was made from; nothing is changed later."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field

from gateway.chat.find import Found
from gateway.chat.options import Options
from gateway.chat.sight import Sight
from gateway.model import Decision, Filter, Json, Model, Outgoing, Position, Principal, Route, Sensitivity
from gateway.policy import Bundle
from gateway.redaction import Original, Rendering


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came through the door, its caller known."""

    id: str
    principal: Principal
    body: Json = field(repr=False)
    options: Options
    bundle: Bundle
    """The policy this request is held to from beginning to end, whatever is activated meanwhile."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """May use the model's name and read the collections; assistants are resolved."""

    asked: Asked
    options: Options
    system: str
    decisions: tuple[Decision, ...]
    scope: Filter | None
    """None when no collection was asked for."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """Every string of the body redacted."""

    admitted: Admitted
    body: Json = field(repr=False)
    question: str = field(repr=False)
    """The last user text as typed."""
    typed: Mapping[str, Original] = field(repr=False)
    counts: Mapping[str, int]
    unscannable: frozenset[str]


@dataclass(frozen=True, slots=True)
class Grounded:
    """Passages found, and what the caller will get to see."""

    scanned: Scanned
    body: Json = field(repr=False)
    """Redacted, with the passages in it."""
    redacted_question: str
    found: Found
    sight: Sight
    """For what a model writes: what the caller typed returns to him."""
    quoting: Sight
    """For what is quoted from documents: by right alone, so that a list of guesses learns nothing."""
    sensitivity: Sensitivity

    def sight_of(self, model: Model) -> Sight:
        """The sight for one model's answer; the built-in answerer quotes."""
        return self.quoting if model.provider == "extractive" else self.sight


@dataclass(frozen=True, slots=True)
class Routed:
    """Models chosen, best first."""

    grounded: Grounded
    route: Route


@dataclass(frozen=True, slots=True)
class Sending:
    """One attempt whose intent is durable: only now may the bytes leave."""

    routed: Routed
    outgoing: Outgoing = field(repr=False)
    intent: Position
    attempt: int
    rendering: Rendering | None = field(default=None, repr=False)
    """What stands for tokens in what was sent; None: the tokens themselves."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, restored for its caller."""

    body: Json = field(repr=False)
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer as it comes: OpenAI-shaped chunks, restored. The last one waits for its record to be durable.

    Whoever does not read it to its end closes it (`chunks.aclose()`): that hangs up upstream and records how it ended.
    """

    chunks: AsyncGenerator[Json, None] = field(repr=False)
    headers: Mapping[str, str]
