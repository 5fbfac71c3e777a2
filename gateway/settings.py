"""Configuration: one `gateway.yaml`, the environment, and secret files; every value knows where it came from.

Order, last wins: default, `gateway.yaml`, environment. The setting `server.port` is `GATEWAY_SERVER__PORT` in the
environment; a secret may also be a file: `GATEWAY_DATABASE__URL_FILE=/run/secrets/url`, or in YAML
`url: {file: /run/secrets/url}` or `url: {env: DATABASE_URL}`. Unknown keys are refused with the nearest known one.
Nothing is read at import: `load` takes the path and the environment.
"""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Mapping, MutableMapping
from ipaddress import ip_network
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, Self, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from gateway.errors import BadSettings
from gateway.model import Zone

ENV_PREFIX = "GATEWAY_"
CONFIG_VARIABLE = "GATEWAY_CONFIG"


class Section(BaseModel):
    """A frozen group of settings that refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class Server(Section):
    """The HTTP server."""

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on.")
    workers: int = Field(1, ge=1, le=64, description="Server processes.")
    root_path: str = Field("", description="Prefix when a proxy serves the gateway under a sub-path, e.g. `/llm`.")
    max_body_bytes: int = Field(10_485_760, ge=1024, description="Largest JSON request body, in bytes.")
    max_upload_bytes: int = Field(33_554_432, ge=1024, description="Largest uploaded document, in bytes.")
    max_concurrency: int = Field(256, ge=1, description="Requests one worker serves at a time; more get 429.")
    trusted_proxies: tuple[str, ...] = Field(
        (), description="Networks of proxies whose word on the caller's address counts, e.g. `10.0.0.0/8`; or `unix`."
    )
    forwarded_header: Literal["x-forwarded-for", "forwarded"] = Field(
        "x-forwarded-for", description="The one header that these proxies write it into."
    )
    metrics_token: SecretStr | None = Field(
        None, min_length=16, description="Token that `/metrics` asks for; absent: it is not served."
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for one in proxies:
            try:
                if one != "unix":
                    ip_network(one)
            except ValueError:
                raise ValueError("expected networks like 10.0.0.0/8 or fd00::/8, single addresses, or unix") from None
        return proxies


class Database(Section):
    """PostgreSQL. Without a URL an embedded server starts in the data directory."""

    url: SecretStr | None = Field(None, description="`postgresql://…`; absent: the embedded server.")
    pool_min: int = Field(1, ge=0, description="Connections each worker opens at start; idle ones close in time.")
    pool_max: int = Field(16, ge=1, description="Connections each worker may open.")
    connect_timeout_s: float = Field(5.0, gt=0, description="Seconds to wait for a connection.")
    replicas: tuple[SecretStr, ...] = Field((), description="Servers that follow it; searches go there when fresh.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.pool_min > self.pool_max:
            raise ValueError("pool_min must not be larger than pool_max")
        return self


class Transit(Section):
    """A key of HashiCorp Vault or OpenBao that seals the key ring file."""

    url: str = Field("", description="Address of the server, e.g. `https://vault.example.org:8200`.")
    key: str = Field("gateway", min_length=1, description="Name of the transit key.")
    mount: str = Field("transit", min_length=1, description="Where the transit engine is mounted.")
    token: SecretStr | None = Field(None, description="A token that may encrypt, decrypt and rewrap with the key.")
    namespace: str = Field("", description="Namespace, where the server has them.")
    ca_file: Path | None = Field(None, description="Certificates to trust instead of the system's.")
    timeout_s: float = Field(10.0, gt=0, description="Seconds a call may take.")


class Keys(Section):
    """Where the key ring is, and what seals it."""

    file: Path = Field(Path("keys/keyring.json"), description="Key ring file, readable by its owner only.")
    command: tuple[str, ...] = Field((), description="A command that prints the key ring instead of a file.")
    store_command: tuple[str, ...] = Field((), description="A command that keeps the key ring given on its input.")
    kek: SecretStr | None = Field(None, description="Key that seals the key ring file: 32 bytes in base64.")
    transit: Transit = Transit()

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [
            name
            for name, given in (("command", self.command), ("kek", self.kek), ("transit.url", self.transit.url))
            if given
        ]
        if len(ways) > 1:
            raise ValueError(f"choose one of {' and '.join(ways)}")
        if self.store_command and not self.command:
            raise ValueError("store_command goes with command")
        if self.transit.url and self.transit.token is None:
            raise ValueError("transit.url needs transit.token")
        return self


class Policies(Section):
    """Where policy files lie."""

    dir: Path = Field(Path("policies"), description="Policy files; put in force at first start, then by `activate`.")


class ModelPrice(Section):
    """US dollars per million tokens."""

    input: float = Field(0.0, ge=0, description="Per million tokens of prompt.")
    output: float = Field(0.0, ge=0, description="Per million tokens of answer.")


class ModelEntry(Section):
    """One model of the catalogue."""

    name: str = Field(description="Name that callers use.", min_length=1)
    provider: Literal["openai", "ollama", "litellm"] = Field(
        description="`openai`: any server speaking its wire; `ollama`; `litellm`: every other provider."
    )
    target: str = Field("", description="The provider's own name for the model; the same as `name` when absent.")
    zone: Zone = Field(description="`local`, `private` or `external`.")
    base_url: str = Field("", description="Where the server is, e.g. `https://api.openai.com/v1`.")
    api_key: SecretStr | None = Field(None, description="The provider's key.")
    context: int = Field(8192, ge=256, description="Tokens of prompt and answer together.")
    price: ModelPrice | None = Field(None, description="Absent: LiteLLM's installed price list, else free.")
    quality: float = Field(0.5, ge=0, le=1, description="Your judgement of the model's answers, 0 to 1.")
    latency_ms: float = Field(1000.0, gt=0, description="Expected time to the first token until it is measured.")
    tools: bool = Field(True, description="Whether the model takes tools.")


class Ollama(Section):
    """A local Ollama, found by itself."""

    url: str = Field("http://127.0.0.1:11434", description="Where to look for Ollama.")
    discover: bool = Field(True, description="Whether to offer the models found there.")
    zone: Zone = Field(Zone.LOCAL, description="Zone of the models found there.")
    refresh_s: float = Field(30.0, gt=0, description="Seconds between looks.")


class Upstream(Section):
    """Patience with models' servers."""

    connect_timeout_s: float = Field(5.0, gt=0, description="Seconds to connect.")
    first_byte_timeout_s: float = Field(60.0, gt=0, description="Seconds until the answer begins.")
    idle_timeout_s: float = Field(30.0, gt=0, description="Seconds a stream may be silent.")
    timeout_s: float = Field(300.0, gt=0, description="Seconds an answer that is not streamed may take.")
    max_response_bytes: int = Field(33_554_432, ge=1024, description="Largest answer taken from a model's server.")


class Redaction(Section):
    """The detector."""

    threads: int = Field(2, ge=1, le=64, description="Threads that scan text.")
    timeout_s: float = Field(10.0, gt=0, description="Seconds a scan may take; longer is refused, never skipped.")
    queue: int = Field(128, ge=1, description="Scans that may wait; more are refused with 503.")
    cache_entries: int = Field(4096, ge=0, description="Texts whose findings are kept, by keyed digest.")
    keep_hours: float = Field(24.0, ge=0, le=8784, description="Hours that `/v1/restore` knows tokens; 0: none.")


class TextEmbedding(Section):
    """What turns texts into vectors."""

    kind: Literal["built-in", "onnx", "ollama", "openai", "llama_index"] = Field(
        "built-in", description="Which embedder; `openai`: any server speaking its wire."
    )
    path: Path | None = Field(None, description="`onnx`: the folder with `model.onnx` and `tokenizer.json`.")
    url: str = Field("", description="`openai`: the server's address with `/v1`; `ollama`: absent: `ollama.url`.")
    model: str = Field("", description="`openai`, `ollama`: the server's name for the model.")
    api_key: SecretStr | None = Field(None, description="The server's key.")
    class_path: str = Field("", description="`llama_index`: `module:Class` of a `BaseEmbedding` that is installed.")
    arguments: dict[str, Any] = Field({}, description="`llama_index`: what the class is made with, by name.")
    zone: Zone | None = Field(None, description="Where its texts go; absent: `external`, or `ollama.zone`.")
    dimensions: int | None = Field(None, ge=1, le=4000, description="Numbers in a vector, where there is a choice.")
    query_prefix: str = Field("", description="Put before each question, as the model was trained.")
    document_prefix: str = Field("", description="Put before each passage.")
    adapter: Path | None = Field(None, description="A map over its vectors that `gateway tune` has learned.")
    batch: int = Field(32, ge=1, le=2048, description="Texts in one request.")
    encoding: Literal["float", "base64"] = Field("float", description="`openai`: how vectors come back.")
    timeout_s: float = Field(
        30.0, gt=0, description="Seconds a question may take; a request of an ingest four times that."
    )


class SpladeModel(Section):
    """Learned term weights from a local model."""

    path: Path | None = Field(None, description="Folder with the masked language model's `model.onnx`.")
    query_path: Path | None = Field(None, description="The same for questions; absent: the same model.")
    document_terms: int = Field(256, ge=1, le=2000, description="Terms kept of a passage, the heaviest.")
    query_terms: int = Field(64, ge=1, le=512, description="Terms kept of a question, the heaviest.")


class ElserEndpoint(Section):
    """Learned term weights from an Elasticsearch inference endpoint."""

    url: str = Field("", description="Address of Elasticsearch.")
    inference_id: str = Field("", description="Name of its `sparse_embedding` endpoint.")
    api_key: SecretStr | None = Field(None, description="Its API key, base64 as Elasticsearch gives it out.")
    zone: Zone = Field(Zone.EXTERNAL, description="Where its texts go.")
    batch: int = Field(16, ge=1, le=512, description="Texts in one request.")
    timeout_s: float = Field(
        30.0, gt=0, description="Seconds a question may take; a request of an ingest four times that."
    )
    document_terms: int = Field(256, ge=1, le=2000, description="Terms kept of a passage, the heaviest.")
    query_terms: int = Field(64, ge=1, le=512, description="Terms kept of a question, the heaviest.")


class RerankerModel(Section):
    """A second look at the best passages."""

    kind: Literal["none", "cross-encoder", "colbert"] = Field("none", description="Which reranker.")
    path: Path | None = Field(None, description="Folder with its `model.onnx` and `tokenizer.json`.")
    top_n: int = Field(24, ge=1, le=200, description="Passages it looks at; those behind them keep their order.")
    timeout_s: float = Field(2.0, gt=0, description="Seconds it may take; then the order before it stands.")
    max_tokens: int | None = Field(None, ge=32, le=8192, description="Tokens of question and passage together.")


class Retrieval(Section):
    """Search over documents."""

    top_k: int = Field(6, ge=1, le=50, description="Passages given to a model when the request does not say.")
    threads: int = Field(1, ge=1, le=64, description="Threads of the built-in embedder.")
    chunk_tokens: int = Field(200, ge=32, le=512, description="Tokens in a chunk.")
    chunk_overlap: int = Field(40, ge=0, le=256, description="Tokens that neighbouring chunks share.")
    chunking: Literal["sentences", "window", "hierarchy"] = Field(
        "sentences", description="How documents are cut: `window`: a sentence is found, what is around it returned."
    )
    window_sentences: int = Field(3, ge=1, le=10, description="`window`: sentences on each side.")
    hierarchy: tuple[int, ...] = Field((1200, 400), description="`hierarchy`: tokens of passages above chunks.")
    merge_ratio: float = Field(0.5, ge=0, lt=1, description="`hierarchy`: share of parts found that brings the whole.")
    embedder: TextEmbedding = TextEmbedding()
    sparse: Literal["bm25", "splade", "elser", "bm25+splade", "bm25+elser"] = Field(
        "bm25", description="Which term weights are kept and searched."
    )
    splade: SpladeModel = SpladeModel()
    elser: ElserEndpoint = ElserEndpoint()
    reranker: RerankerModel = RerankerModel()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.chunk_overlap >= self.chunk_tokens:
            raise ValueError("chunk_overlap must be smaller than chunk_tokens")
        sizes = (*self.hierarchy, self.chunk_tokens)
        if self.chunking == "hierarchy" and (len(sizes) < 2 or any(a <= b for a, b in pairwise(sizes))):
            raise ValueError("hierarchy must fall from size to size, and end above chunk_tokens")
        return self


class QdrantCluster(Section):
    """A Qdrant cluster that keeps vectors and terms, with `index: qdrant`."""

    urls: tuple[str, ...] = Field((), description="Its nodes, or one address before them.")
    api_key: SecretStr | None = Field(None, description="Its API key.")
    ca_file: Path | None = Field(None, description="Certificates to trust instead of the system's.")
    timeout_s: float = Field(5.0, gt=0, description="Seconds a request may take.")
    prefix: str = Field(
        "gateway", pattern=r"^[A-Za-z0-9_-]{1,64}$", description="How names of collections begin; one a deployment."
    )
    shards: int = Field(1, ge=1, le=4096, description="Shards of collections that are made.")
    replicas: int = Field(1, ge=1, le=16, description="Copies of each shard, of collections that are made.")
    on_disk: bool = Field(False, description="Whole vectors and terms on disk, read as needed, instead of in memory.")
    quantisation: Literal["none", "int8"] = Field(
        "none", description="`int8`: vectors of a quarter of the size are kept in memory and walked."
    )


class Ingest(Section):
    """Reading documents: limits, and the workers of the queue."""

    max_pages: int = Field(2000, ge=1, description="Pages of one document.")
    max_text_chars: int = Field(20_000_000, ge=1000, description="Characters of text taken from one document.")
    max_expansion_bytes: int = Field(
        209_715_200, ge=1024, description="Bytes an archive (DOCX, EPUB, ..) may unpack to."
    )
    timeout_s: float = Field(120.0, gt=0, description="Seconds one document may take to parse.")
    memory_mb: int = Field(2048, ge=256, description="Memory of the parsing process, in MiB.")
    ocr: bool = Field(True, description="Read scanned pages with Tesseract where it is on PATH.")
    ocr_languages: str = Field(
        "eng",
        pattern=r"^[A-Za-z0-9_/]{2,40}(\+[A-Za-z0-9_/]{2,40}){0,9}$",
        description="Its languages, e.g. `eng+deu`.",
    )
    ocr_timeout_s: float = Field(60.0, gt=0, description="Seconds one scanned page may take.")
    ocr_max_pages: int = Field(200, ge=1, description="Scanned pages of one document.")
    parsers: int = Field(2, ge=1, le=64, description="Parsing processes at most; idle ones end.")
    workers: int = Field(1, ge=0, le=64, description="Tasks one server process takes from the queue; 0: none here.")
    stalled_s: float = Field(30.0, ge=2, description="Seconds without a heartbeat until a worker is taken for dead.")
    max_batch_files: int = Field(1000, ge=1, le=100_000, description="Files in one upload.")
    max_batch_bytes: int = Field(134_217_728, ge=1024, description="Bytes of all files in one upload.")
    queue_files: int = Field(20_000, ge=1, description="Files that may wait; more are refused with 429.")
    queue_bytes: int = Field(4_294_967_296, ge=1024, description="Bytes of all files that wait.")
    keep_jobs_days: float = Field(7.0, ge=0, description="Days that ended jobs are kept, with files that failed.")


class SourceRights(Section):
    """Other rights for a part of a source."""

    path: str = Field(description="Items whose key is this or lies below it, e.g. `hr/contracts`.", min_length=1)
    label: str | None = Field(None, description="Sensitivity label.")
    allow: tuple[str, ...] | None = Field(None, description="Only for these, e.g. `group:hr`.")
    deny: tuple[str, ...] | None = Field(None, description="Never for these.")


class SourceEntry(Section):
    """One place that a collection is kept in step with."""

    name: str = Field(description="Name of the source.", pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    kind: Literal["folder", "s3", "web", "imap"] = Field(description="What kind of place it is.")
    collection: str = Field(description="Where its documents go.", min_length=1)
    label: str | None = Field(None, description="Sensitivity label; absent: the collection's.")
    allow: tuple[str, ...] | None = Field(None, description="Only for these; absent: every reader of the collection.")
    deny: tuple[str, ...] | None = Field(None, description="Never for these.")
    under: tuple[SourceRights, ...] = Field((), description="Other rights for parts of it.")
    roles: tuple[str, ...] = Field((), description="Roles it acts with: policy says what these may write and delete.")
    groups: tuple[str, ...] = Field((), description="Groups it acts with.")
    every_s: float = Field(300.0, ge=0, description="Seconds between runs; 0: only on demand.")
    max_removed_percent: float = Field(
        30.0, ge=0, le=100, description="Share of its documents that one run may delete without confirmation."
    )
    path: Path | None = Field(None, description="`folder`: the folder.")
    bucket: str = Field("", description="`s3`: the bucket.")
    prefix: str = Field("", description="`s3`: only objects below this.")
    endpoint: str = Field("", description="`s3`: the server's address; absent: AWS.")
    region: str = Field("us-east-1", description="`s3`: the region.")
    access_key_id: str = Field("", description="`s3`: the key's id.")
    secret_access_key: SecretStr | None = Field(None, description="`s3`: the key; absent: none is sent.")
    urls: tuple[str, ...] = Field((), description="`web`: the pages.")
    robots: bool = Field(True, description="`web`: whether robots.txt is respected.")
    allow_private: tuple[str, ...] = Field((), description="`web`: private hosts and networks that may be fetched.")
    host: str = Field("", description="`imap`: the mail server.")
    port: int = Field(993, ge=1, le=65535, description="`imap`: its port, with TLS.")
    user: str = Field("", description="`imap`: the account.")
    password: SecretStr | None = Field(None, description="`imap`: its password.")
    mailbox: str = Field("INBOX", description="`imap`: the mailbox; it is never changed.")
    ca_file: Path | None = Field(None, description="`imap`: certificates to trust beside the system's own.")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needed = {"folder": ("path",), "s3": ("bucket",), "web": ("urls",), "imap": ("host", "user", "password")}
        if missing := [name for name in needed[self.kind] if not getattr(self, name)]:
            raise ValueError(f"a source of kind {self.kind} needs {' and '.join(missing)}")
        return self


class WitnessEntry(Section):
    """One place outside the database where signed checkpoints of the audit log are kept."""

    kind: Literal["file", "http", "command", "database"] = Field(description="What it is.")
    path: Path | None = Field(None, description="`file`: where; relative to the data directory.")
    url: str = Field("", description="`http`: submission prefix of a C2SP witness.")
    key: str = Field("", description="`http`: its verifier key, NAME+ID+KEY.")
    command: tuple[str, ...] = Field((), description="`command`: what is run, the checkpoint on its standard input.")
    dsn: SecretStr | None = Field(None, description="`database`: address of another PostgreSQL.")
    timeout_s: float = Field(10.0, gt=0, description="Seconds it may take.")


class Retention(Section):
    """How long the audit log keeps records, by class; absent: for ever."""

    requests_days: int | None = Field(None, ge=1, le=36_525, description="Questions, answers, searches, redactions.")
    documents_days: int | None = Field(None, ge=1, le=36_525, description="What was done with documents.")
    administration_days: int | None = Field(
        None, ge=1, le=36_525, description="Policies, keys, the log itself, and whatever else there is."
    )
    every_h: float = Field(24.0, gt=0, le=720, description="Hours between looks for records that are over.")


class Audit(Section):
    """The audit log's writer."""

    queue: int = Field(10_000, ge=1, description="Records that may wait; more are refused with 503.")
    batch: int = Field(512, ge=1, le=10_000, description="Records in one commit at most.")
    timeout_s: float = Field(5.0, gt=0, description="Seconds a commit may take before the request is refused.")
    origin: str = Field("", description="The log's name in checkpoints; absent: one made of the signing key.")
    checkpoint_s: float = Field(2.0, gt=0, le=3600, description="Seconds between signed checkpoints.")
    witnesses: tuple[WitnessEntry, ...] = Field(
        (WitnessEntry(kind="file", path=Path("audit/checkpoint")),), description="Who keeps them."
    )
    retention: Retention = Retention()


class Telemetry(Section):
    """Traces for a collector. Without an endpoint there are none."""

    otlp_endpoint: str = Field("", description="Collector that takes OTLP over HTTP, e.g. `http://127.0.0.1:4318`.")
    authorization: SecretStr | None = Field(None, description="Its `Authorization` header.")
    service: str = Field("gateway", min_length=1, max_length=100, description="`service.name` of the traces.")
    sample: float = Field(1.0, ge=0, le=1, description="Share of traces that is sent.")
    every_s: float = Field(2.0, gt=0, le=60, description="Seconds between sendings.")
    timeout_s: float = Field(5.0, gt=0, le=60, description="Seconds one may take.")


class Settings(Section):
    """Everything an operator may set."""

    data_dir: Path = Field(Path(), description="Data directory; relative to the folder of `gateway.yaml`.")
    server: Server = Server()
    database: Database = Database()
    keys: Keys = Keys()
    policies: Policies = Policies()
    models: tuple[ModelEntry, ...] = Field((), description="The catalogue; the built-in answerer is always there.")
    ollama: Ollama = Ollama()
    upstream: Upstream = Upstream()
    redaction: Redaction = Redaction()
    retrieval: Retrieval = Retrieval()
    index: Literal["postgresql", "qdrant"] = Field(
        "postgresql", description="Where vectors and terms are kept and searched."
    )
    qdrant: QdrantCluster = QdrantCluster()
    ingest: Ingest = Ingest()
    sources: tuple[SourceEntry, ...] = Field((), description="Places that collections are kept in step with.")
    audit: Audit = Audit()
    telemetry: Telemetry = Telemetry()

    @field_validator("models")
    @classmethod
    def _named_once(cls, models: tuple[ModelEntry, ...]) -> tuple[ModelEntry, ...]:
        _once("model", [model.name for model in models])
        return models

    @field_validator("sources")
    @classmethod
    def _source_once(cls, sources: tuple[SourceEntry, ...]) -> tuple[SourceEntry, ...]:
        _once("source", [source.name for source in sources])
        return sources

    @model_validator(mode="after")
    def _index_somewhere(self) -> Self:
        if self.index == "qdrant" and not self.qdrant.urls:
            raise ValueError("index: qdrant needs qdrant.urls")
        return self

    def path(self, part: Path) -> Path:
        """A configured path, resolved against the data directory."""
        return part if part.is_absolute() else self.data_dir / part


def _once(what: str, given: list[str]) -> None:
    if twice := sorted({name for name in given if given.count(name) > 1}):
        raise ValueError(f"{what} named twice: {', '.join(twice)}")


class Loaded:
    """Settings and, for each dotted name, where its value came from."""

    def __init__(self, settings: Settings, origins: Mapping[str, str], file: Path | None) -> None:
        self.settings = settings
        self.origins = origins
        self.file = file
        self.withheld: dict[str, str] = {}
        """Environment variables that `withhold` took out."""

    def __repr__(self) -> str:
        return f"<Loaded {self.file}>"


def find_file(given: Path | None, environ: Mapping[str, str], cwd: Path) -> Path | None:
    """The configuration file: the one given, else `GATEWAY_CONFIG`, else `gateway.yaml` here; None when there is none.

    Raises BadSettings when one was named and is not there.
    """
    named = given or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    if named is not None:
        if named.is_dir():
            named = named / "gateway.yaml"
        if not named.is_file():
            raise BadSettings(f"no configuration file at {named}", hint="run `gateway init DIR`, or mend --config")
        return named
    here = cwd / "gateway.yaml"
    return here if here.is_file() else None


def load(path: Path | None, environ: Mapping[str, str], cwd: Path) -> Loaded:
    """Read, merge and check. Raises BadSettings that names the key, its place and the nearest known key."""
    origins: dict[str, str] = {}
    tree: dict[str, Any] = {}
    base = cwd
    if path is not None:
        base = path.resolve().parent
        tree = _read_yaml(path, origins)
    _apply_environment(tree, environ, origins)
    _resolve_secrets(tree, "", Settings, environ, base, origins)
    try:
        settings = Settings.model_validate(tree)
    except ValidationError as error:
        raise BadSettings(_explain(error, origins)) from None
    data_dir = settings.data_dir if settings.data_dir.is_absolute() else (base / settings.data_dir)
    settings = settings.model_copy(update={"data_dir": data_dir.resolve()})
    for name in names():
        origins.setdefault(name, "default")
    return Loaded(settings, origins, path)


def withhold(loaded: Loaded, environ: MutableMapping[str, str]) -> None:
    """Take the variables that keys came from out of the environment, so that no child process inherits them."""
    for name in ("keys.kek", "keys.transit.token"):
        variable = loaded.origins.get(name, "").removeprefix("environment ")
        if variable in environ:
            loaded.withheld[variable] = environ.pop(variable)


def names(section: type[Section] = Settings, prefix: str = "") -> list[str]:
    """Every setting's dotted name; of a list of groups, such as the catalogue's `models[].…`."""
    found: list[str] = []
    for key, field in section.model_fields.items():
        inner = _section_of(field.annotation)
        if inner is None:
            found.append(prefix + key)
        elif get_origin(field.annotation) is tuple:
            found.extend(names(inner, f"{prefix}{key}[]."))
        else:
            found.extend(names(inner, f"{prefix}{key}."))
    return found


def _section_of(annotation: Any) -> type[Section] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    for part in get_args(annotation):
        inner = _section_of(part)
        if inner is not None:
            return inner
    return None


def _read_yaml(path: Path, origins: dict[str, str]) -> dict[str, Any]:
    try:
        text = path.read_text("utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        tree = yaml.safe_load(text)
    except OSError as error:
        raise BadSettings(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadSettings(f"{path} is not UTF-8 text") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadSettings(f"{path.name}:{line}: not YAML", hint="check indentation and quotes on that line") from None
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise BadSettings(f"{path.name}:1: expected settings by name", hint="write `server:` and so on")
    _note_lines(node, "", path.name, origins)
    return tree


def _note_lines(node: yaml.Node | None, prefix: str, file: str, origins: dict[str, str]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = f"{prefix}{key.value}"
            origins[name] = f"{file}:{key.start_mark.line + 1}"
            _note_lines(value, f"{name}.", file, origins)
    elif isinstance(node, yaml.SequenceNode):
        for place, item in enumerate(node.value):
            origins[f"{prefix}{place}"] = f"{file}:{item.start_mark.line + 1}"
            _note_lines(item, f"{prefix}{place}.", file, origins)


def _apply_environment(tree: dict[str, Any], environ: Mapping[str, str], origins: dict[str, str]) -> None:
    known = {name.upper().replace(".", "__"): name for name in names() if "[]" not in name}
    collapsed = {name.replace("_", ""): name for name in known}
    for variable in sorted(environ):
        plain = variable.removeprefix(ENV_PREFIX)
        if not variable.startswith(ENV_PREFIX):
            continue
        if "__" not in plain and plain not in known:
            # GATEWAY_KEY and the like belong to clients; GATEWAY_SERVER_PORT was meant for us.
            suffix = "_FILE" if plain.endswith("_FILE") and plain.replace("_", "") not in collapsed else ""
            meant = collapsed.get(plain.removesuffix(suffix).replace("_", ""))
            if meant is not None:
                raise BadSettings(
                    f"environment variable {variable} names no setting",
                    hint=f"did you mean {ENV_PREFIX}{meant}{suffix}? two underscores stand for a dot",
                )
            continue
        from_file = plain.removesuffix("_FILE") in known and plain.endswith("_FILE")
        name = known.get(plain.removesuffix("_FILE") if from_file else plain)
        if name is None:
            raise BadSettings(
                f"environment variable {variable} names no setting",
                hint=_nearest(plain, known, lambda k: ENV_PREFIX + k),
            )
        value: Any = {"file": environ[variable]} if from_file else environ[variable]
        if name in ("keys.command", "keys.store_command") and not from_file:
            try:
                value = shlex.split(str(value))
            except ValueError:
                raise BadSettings(f"environment variable {variable}: a quote is not closed") from None
        elif name in ("database.replicas", "qdrant.urls", "server.trusted_proxies") and not from_file:
            value = str(value).split()
        at = tree
        *groups, last = name.split(".")
        for group in groups:
            inner = at.get(group)
            if not isinstance(inner, dict):
                inner = at[group] = {}
            at = inner
        at[last] = value
        origins[name] = f"environment {variable}"


def _resolve_secrets(
    tree: Any, prefix: str, section: type[Section], environ: Mapping[str, str], base: Path, origins: dict[str, str]
) -> None:
    """Replace `{file: …}` and `{env: …}` at secret settings by what they hold."""
    if not isinstance(tree, dict):
        return
    for key, field in section.model_fields.items():
        if key not in tree:
            continue
        name = f"{prefix}{key}"
        inner = _section_of(field.annotation)
        if inner is not None and isinstance(tree[key], list):
            for place, item in enumerate(tree[key]):
                _resolve_secrets(item, f"{name}.{place}.", inner, environ, base, origins)
        elif inner is not None:
            _resolve_secrets(tree[key], f"{name}.", inner, environ, base, origins)
        elif get_origin(field.annotation) is tuple and SecretStr in get_args(field.annotation):
            tree[key] = _secrets(tree[key], name, environ, base, origins)
        elif SecretStr in get_args(field.annotation):
            if isinstance(tree[key], dict):
                tree[key] = _secret(tree[key], name, environ, base, origins)
            elif isinstance(tree[key], str) and not tree[key].strip():
                # Taken as "none", an unset variable in a deployment would change which database is used.
                raise BadSettings(
                    f"{origins.get(name, 'settings')}: {name} is set but empty", hint="give it a value, or leave it out"
                )


def _secrets(given: Any, name: str, environ: Mapping[str, str], base: Path, origins: dict[str, str]) -> Any:
    """A list of secrets: one source that holds all of them, or a list of which each may have its own."""
    if isinstance(given, dict):
        return _secret(given, name, environ, base, origins).split()
    if isinstance(given, list):
        return [_secret(one, name, environ, base, origins) if isinstance(one, dict) else one for one in given]
    return given


def _secret(source: dict[str, Any], name: str, environ: Mapping[str, str], base: Path, origins: dict[str, str]) -> str:
    if set(source) == {"file"}:
        path = base / str(source["file"])
        try:
            value = path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise BadSettings(f"cannot read the secret file of {name}: {path}") from None
        origins[name] = f"file {path}"
    elif set(source) == {"env"}:
        value = environ.get(str(source["env"]), "").strip()
        origins[name] = f"environment {source['env']}"
    else:
        raise BadSettings(f"{name}: expected a value, `{{file: PATH}}` or `{{env: NAME}}`")
    if not value:
        raise BadSettings(f"{name}: {origins[name]} is empty or not set")
    return value


def _explain(error: ValidationError, origins: Mapping[str, str]) -> str:
    """What pydantic found, as one line a fault; never the value, which may be a secret."""
    lines = []
    for fault in error.errors(include_input=False, include_url=False, include_context=False):
        name = ".".join(str(part) for part in fault["loc"])
        where = _place(fault["loc"], origins)
        if fault["type"] == "extra_forbidden":
            siblings = _siblings(fault["loc"][:-1])
            near = _nearest(str(fault["loc"][-1]), dict.fromkeys(siblings, ""), lambda k: k)
            lines.append(f"{where}: unknown setting {name}; {near}")
        else:
            message = fault["msg"].removeprefix("Value error, ")
            lines.append(f"{where}: {name}: {message[:1].lower()}{message[1:]}")
    return "\n".join(lines)


def _place(location: tuple[int | str, ...], origins: Mapping[str, str]) -> str:
    """Where a setting comes from; of one that is missing, where the nearest group around it begins."""
    for length in range(len(location), 0, -1):
        name = ".".join(str(part) for part in location[:length])
        inside = (where for key, where in origins.items() if key.startswith(f"{name}."))
        if where := origins.get(name) or next(inside, None):
            return where
    return "settings"


def _siblings(location: tuple[int | str, ...]) -> list[str]:
    section: type[Section] = Settings
    for part in location:
        if isinstance(part, int):
            continue
        field = section.model_fields.get(part)
        inner = _section_of(field.annotation) if field else None
        if inner is None:
            return []
        section = inner
    return list(section.model_fields)


def _nearest(wrong: str, known: Mapping[str, str], show: Any) -> str:
    close = difflib.get_close_matches(wrong, list(known), n=1, cutoff=0.5)
    if close:
        return f"did you mean {show(close[0])}?"
    return "known here: " + ", ".join(show(k) for k in list(known)[:12]) if known else "no settings are known here"
