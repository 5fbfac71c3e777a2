"""Configuration: one `gateway.yaml`, the environment, and secret files; every value knows where it came from.

Order, last wins: default, `gateway.yaml`, environment. The setting `server.port` is `GATEWAY_SERVER__PORT` in the
environment; a secret may also be a file: `GATEWAY_DATABASE__URL_FILE=/run/secrets/url`, or in YAML
`url: {file: /run/secrets/url}` or `url: {env: DATABASE_URL}`. Unknown keys are refused with the nearest known one.
Nothing is read at import: `load` takes the path and the environment.
"""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self, get_args

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
    metrics_token: SecretStr | None = Field(
        None, min_length=16, description="Token that `/metrics` asks for; absent: it is not served."
    )


class Database(Section):
    """PostgreSQL. Without a URL an embedded server starts in the data directory."""

    url: SecretStr | None = Field(None, description="`postgresql://…`; absent: the embedded server.")
    pool_min: int = Field(1, ge=0, description="Connections each worker opens at start; idle ones close in time.")
    pool_max: int = Field(16, ge=1, description="Connections each worker may open.")
    connect_timeout_s: float = Field(5.0, gt=0, description="Seconds to wait for a connection.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.pool_min > self.pool_max:
            raise ValueError("pool_min must not be larger than pool_max")
        return self


class Keys(Section):
    """Where the key ring is."""

    file: Path = Field(Path("keys/keyring.json"), description="Key ring file, readable by its owner only.")
    command: tuple[str, ...] = Field((), description="A command that prints the key ring instead of a file.")


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


class Retrieval(Section):
    """Search over documents."""

    top_k: int = Field(6, ge=1, le=50, description="Passages given to a model when the request does not say.")
    threads: int = Field(1, ge=1, le=64, description="Threads of the built-in embedder.")
    chunk_tokens: int = Field(200, ge=32, le=512, description="Tokens in a chunk.")
    chunk_overlap: int = Field(40, ge=0, le=256, description="Tokens that neighbouring chunks share.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.chunk_overlap >= self.chunk_tokens:
            raise ValueError("chunk_overlap must be smaller than chunk_tokens")
        return self


class Ingest(Section):
    """Limits of reading documents."""

    max_pages: int = Field(2000, ge=1, description="Pages of one document.")
    max_text_chars: int = Field(20_000_000, ge=1000, description="Characters of text taken from one document.")
    max_expansion_bytes: int = Field(209_715_200, ge=1024, description="Bytes an archive (DOCX) may unpack to.")
    timeout_s: float = Field(120.0, gt=0, description="Seconds one document may take to parse.")
    memory_mb: int = Field(2048, ge=256, description="Memory of the parsing process, in MiB.")


class Audit(Section):
    """The audit log's writer."""

    queue: int = Field(10_000, ge=1, description="Records that may wait; more are refused with 503.")
    batch: int = Field(512, ge=1, le=10_000, description="Records in one commit at most.")
    timeout_s: float = Field(5.0, gt=0, description="Seconds a commit may take before the request is refused.")


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
    ingest: Ingest = Ingest()
    audit: Audit = Audit()

    @field_validator("models")
    @classmethod
    def _named_once(cls, models: tuple[ModelEntry, ...]) -> tuple[ModelEntry, ...]:
        given = [model.name for model in models]
        if twice := sorted({name for name in given if given.count(name) > 1}):
            raise ValueError(f"model named twice: {', '.join(twice)}")
        return models

    def path(self, part: Path) -> Path:
        """A configured path, resolved against the data directory."""
        return part if part.is_absolute() else self.data_dir / part


class Loaded:
    """Settings and, for each dotted name, where its value came from."""

    def __init__(self, settings: Settings, origins: Mapping[str, str], file: Path | None) -> None:
        self.settings = settings
        self.origins = origins
        self.file = file


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


def names(section: type[Section] = Settings, prefix: str = "") -> list[str]:
    """Every setting's dotted name; the catalogue's are `models[].…`."""
    found: list[str] = []
    for key, field in section.model_fields.items():
        inner = _section_of(field.annotation)
        if inner is None:
            found.append(prefix + key)
        elif key == "models":
            found.extend(names(inner, f"{prefix}models[]."))
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
    known = {name.upper().replace(".", "__"): name for name in names() if not name.startswith("models[]")}
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
        if name == "keys.command" and not from_file:
            try:
                value = shlex.split(str(value))
            except ValueError:
                raise BadSettings(f"environment variable {variable}: a quote is not closed") from None
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
        elif SecretStr in get_args(field.annotation):
            if isinstance(tree[key], dict):
                tree[key] = _secret(tree[key], name, environ, base, origins)
            elif isinstance(tree[key], str) and not tree[key].strip():
                # Taken as "none", an unset variable in a deployment would change which database is used.
                raise BadSettings(
                    f"{origins.get(name, 'settings')}: {name} is set but empty", hint="give it a value, or leave it out"
                )


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
