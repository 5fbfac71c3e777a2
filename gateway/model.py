"""The frozen nouns that cross the doors of rooms; nothing here does I/O or reads a clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

EVERYONE = "*"
"""The principal that every caller carries; a document allowed to it is readable by its collection's readers."""

ANSWER = "answer"
"""Stands for a collection in `entity:<TYPE>@answer`: values that models bring in. No collection has this name."""

Json: TypeAlias = dict[str, Any]


class Zone(StrEnum):
    """Where a model runs, from the organisation's point of view, safest first."""

    LOCAL = "local"
    PRIVATE = "private"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking. `id` names the credential (never the secret), `name` is for people, `client` where he is."""

    id: str
    name: str
    roles: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    tenant: str = "default"
    client: str = field(default="", compare=False, repr=False)

    @property
    def who(self) -> Json:
        """His name for a record, and his address if there is one."""
        return {"name": self.name, **({"client": self.client} if self.client else {})}

    @property
    def marks(self) -> tuple[str, ...]:
        """Every name a document's allow or deny list may call this caller by."""
        groups = (f"group:{group}" for group in self.groups)
        return EVERYONE, f"user:{self.name}", *sorted(f"role:{role}" for role in self.roles), *sorted(groups)


@dataclass(frozen=True, slots=True)
class Decision:
    """One answer of the access policy. Truthy when allowed; `reason` is a sentence for the person asking."""

    allowed: bool
    object: str
    action: str
    reason: str
    rule: str | None
    """`access.csv:12` of the deciding rule; None when nothing matched, which means no."""
    digest: str
    """The bundle that decided."""

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True, slots=True)
class Filter:
    """What one caller may read, ready to stand in one WHERE clause. Empty collections or labels admit nothing."""

    tenant: str
    collections: tuple[str, ...]
    labels: tuple[str, ...]
    marks: tuple[str, ...]
    digest: str
    refused: tuple[Decision, ...] = ()
    """Collections asked for by name and refused, with reasons."""

    def admits(self, passage: Passage, at: datetime | None = None) -> bool:
        """The second look: the same rule as the WHERE clause, over one passage in memory, expiry as of `at`."""
        marks = set(self.marks)
        return (
            (at is None or passage.expires_at is None or at < passage.expires_at)
            and passage.tenant == self.tenant
            and passage.collection in self.collections
            and passage.label in self.labels
            and bool(marks.intersection(passage.allow))
            and not marks.intersection(passage.deny)
        )


@dataclass(frozen=True, slots=True)
class Span:
    """Personal data found in a text. Offsets are code points of the text that was scanned."""

    start: int
    end: int
    type: str
    score: float


@dataclass(frozen=True, slots=True)
class Replaced:
    """One replaced span: where the original stood, where the token stands, and nothing of its value."""

    start: int
    end: int
    type: str
    score: float
    token: str
    token_start: int
    """Offset of the token in the redacted text; its end is `token_start + len(token)`."""
    parts: tuple[str, ...] = ()
    """Keyed digests of the value's words (names only), extra lexical terms for search."""


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text with its personal data replaced by stable keyed tokens."""

    text: str
    spans: tuple[Replaced, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Spans by entity type."""
        found: dict[str, int] = {}
        for span in self.spans:
            found[span.type] = found.get(span.type, 0) + 1
        return found


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How careful routing must be: the labels of everything in the request, and the kinds of personal data in it."""

    labels: frozenset[str]
    entities: frozenset[str] = frozenset()
    unscannable: frozenset[str] = frozenset()
    """Kinds of content that could not be scanned (`image`, `audio`, `file`)."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One retrieved chunk. `text` is redacted when its collection is; offsets point into the original document."""

    id: str
    document: str
    """Document id."""
    title: str
    source: str
    collection: str
    label: str
    tenant: str
    allow: tuple[str, ...]
    deny: tuple[str, ...]
    ordinal: int
    page: int | None
    start: int
    end: int
    text: str
    score: float
    dense: float = 0.0
    sparse: float = 0.0
    heading: str = ""
    plain: bool = False
    """Whether its collection is kept in plain text, so that it must be redacted before anything else sees it."""
    expires_at: datetime | None = None
    version: int = 0
    """Of its document: another one may hold something else at the same place."""


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    input: float = 0.0
    output: float = 0.0


@dataclass(frozen=True, slots=True)
class Model:
    """One entry of the catalogue: a name callers use, bound to a provider's model in a zone."""

    name: str
    provider: str
    """`openai` (any server that speaks its wire), `ollama`, `litellm` or `extractive`."""
    target: str
    """The model's name on the provider's side."""
    zone: Zone
    base_url: str = ""
    context: int = 8192
    """Tokens of prompt and answer together."""
    price: Price = Price()
    priced: bool = False
    """Whether the operator stated the price, be it zero; otherwise a listed one may be filled in."""
    quality: float = 0.5
    """0 to 1, the operator's judgement; higher is better."""
    latency_ms: float = 1000.0
    """Expected time to a first token, replaced by measurement once there is one."""
    tools: bool = True
    origin: str = "config"
    """`config`, `discovered` (found at Ollama) or `built-in`."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One model as routing saw it. `refusal` says why it was not eligible; None means it was."""

    model: str
    zone: Zone
    score: float
    cost_usd: float
    latency_ms: float
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """The models to try, best first, and why."""

    models: tuple[Model, ...]
    reason: str
    zones: tuple[Zone, ...]
    """Zones the request's sensitivity allows."""
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Preference:
    """What the caller asked of routing; None leaves it to policy."""

    model: str = "auto"
    prefer: str | None = None
    """`cost`, `latency` or `quality`."""
    max_cost_usd: float | None = None
    max_latency_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One chat completion for a provider: an OpenAI-shaped body without `model`, already redacted."""

    body: Json
    stream: bool
    question: str = ""
    """The last user text, redacted; what the extractive answerer answers."""
    passages: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The exact bytes about to leave for one model. Credentials are added by the provider at the socket."""

    model: Model
    body: bytes
    stream: bool
    endpoint: str
    """Where it goes, without credentials, as the egress record names it."""
    call: Call


@dataclass(frozen=True, slots=True)
class RoutingPolicy:
    """routing.yaml, checked. Zones by label, most careful objective and limits."""

    labels: tuple[str, ...]
    """Every label, least sensitive first."""
    zones: Mapping[str, frozenset[Zone]]
    """Label -> zones its data may reach. A label not named here reaches none."""
    entity_zones: Mapping[str, frozenset[Zone]] = field(default_factory=dict)
    """Entity type -> zones a request holding it (redacted or not) may reach; absent means no further limit."""
    default_label: str = "internal"
    """Label of a request that carries no document."""
    objective: str = "quality"
    """`cost`, `latency` or `quality`, when the caller states none."""
    max_cost_usd: float | None = None
    fallbacks: int = 1
    unscannable_zones: frozenset[Zone] = frozenset({Zone.LOCAL})
    assistants: Mapping[str, Assistant] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assistant:
    """A model name that policy binds to collections and a model choice, e.g. `hr-assistant`."""

    name: str
    collections: tuple[str, ...]
    model: str = "auto"
    system: str = ""
    top_k: int = 6


@dataclass(frozen=True, slots=True)
class CustomRecognizer:
    """One recognizer an administrator wrote in privacy.yaml."""

    name: str
    type: str
    patterns: tuple[tuple[str, float], ...] = ()
    """(regular expression, score)"""
    context: tuple[str, ...] = ()
    deny_list: tuple[str, ...] = ()
    """Literal values always found: whole words, in any case, with or without accents."""
    deny_list_score: float = 1.0
    allow_list: tuple[str, ...] = ()
    """Values this recognizer passes over, exactly as written."""
    checksum: str = ""
    """Name of the check that what a pattern matched must pass, such as `luhn`; empty for none."""
    languages: tuple[str, ...] = ()
    """Languages of the texts it reads; empty for every language."""


@dataclass(frozen=True, slots=True)
class PrivacyPolicy:
    """privacy.yaml, checked."""

    enabled: bool = True
    languages: tuple[str, ...] = ("en",)
    entities: tuple[str, ...] = ()
    """Types to look for; empty means every type known."""
    threshold: float = 0.4
    allow_list: tuple[str, ...] = ()
    recognizers: tuple[CustomRecognizer, ...] = ()
    regions: tuple[str, ...] = ("us", "uk", "de")
    """Packs of recognizers for the numbers of countries; read where `entities` does not name every type itself."""
    without: tuple[str, ...] = ()
    """Built-in types not looked for, though `entities` or a region brings them; custom recognizers still find them."""
    methods: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Type or `*` -> zone or `*` -> `token` (the default), `surrogate`, `format`, `mask`, `hash`, `drop` or `block`."""
    refuse: Mapping[str, frozenset[Zone]] = field(default_factory=dict)
    """Entity type -> zones it may not reach even as a token."""
    tools: tuple[str, ...] = ("*",)
    """Names of tools, `*` for any characters, in whose arguments values are restored; elsewhere the type is shown."""
    plain_zones: frozenset[Zone] = frozenset()
    """Zones that receive original text. Empty: every zone receives tokens."""
    instructions: str = "quarantine"
    hidden_text: str = "strip"
    """Documents that speak to a model: `allow`, `flag` or `quarantine`; that hide text: `strip` or `refuse`."""

    def method(self, type_: str, zone: Zone) -> str:
        """What a zone receives for a value of this type: what is said of the type counts before what is said of `*`."""
        for key in (type_, "*"):
            said = self.methods.get(key, {})
            if (method := said.get(zone) or said.get("*")) is not None:
                return method
        return "token"

    def blocks(self, type_: str, zone: Zone) -> bool:
        """Whether a request with a value of this type may not go to the zone at all."""
        return zone in self.refuse.get(type_, ()) or self.method(type_, zone) == "block"


@dataclass(frozen=True, slots=True)
class Record:
    """One audit record before it is sealed. `content` is sealed; everything else too, but for id, kind and time."""

    kind: str
    """`intent`, `outcome`, `refusal` or `event`."""
    request: str
    """Request id that ties intent and outcome."""
    at: datetime
    principal: str
    action: str
    """`chat`, `search`, `redact`, `ingest`, `policy.activate`, `key.create`, ..."""
    policy: str
    """Bundle digest in force."""
    detail: Json = field(default_factory=dict)
    """Decisions, counts, route, digests, timings: facts without content."""
    content: Json = field(default_factory=dict)
    """Texts: prompt and answer as they left, that is, masked."""
    statement: Json | None = None
    retention: str = ""
    """What a receipt may show to anyone, so nothing personal; the class it is kept under, empty for the usual one."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a durable record stands: proof that it was written before the caller went on."""

    stream: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a check found. `where` is `file:line` where there is one."""

    severity: str
    """`error` stops a bundle from being used; `warning` does not."""
    where: str
    message: str
    hint: str = ""


def join_findings(findings: Sequence[Finding]) -> str:
    """A compact listing for people, one finding a line."""
    return "\n".join(f"{f.where}: {f.severity}: {f.message}" + (f" ({f.hint})" if f.hint else "") for f in findings)
