"""Presidio, loaded without what we do not use of it, and silent.

Importing presidio_analyzer pulls in spaCy, thinc and tldextract (2 to 3 s, 70 MB). The recognizers used here need none
of them: spaCy stands only in annotations and in engines that are not built, tldextract only in the e-mail recognizer's
check of the domain, which is replaced. So placeholders stand in for them while Presidio is imported, and go afterwards:
whoever imports the real ones later gets the real ones.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import re
import sys
import threading
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Final

from gateway.errors import Broken

_PLACEHOLDERS: Final = {
    "spacy": ("tokens", "language", "vocab", "util", "pipeline", "cli"),
    "thinc": ("api", "types"),
    "tldextract": (),
}
_LOCK: Final = threading.Lock()
_REGEX_SECONDS: Final = 2
_WORD: Final = re.compile(r"[^\W_]+|[^\w\s]|_")


class _Anything(type):
    """A class with every attribute; used as a decorator it leaves the function as it is."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_args, **_named: lambda decorated: decorated


class _Nothing(metaclass=_Anything):
    pass


class _Placeholder(ModuleType):
    __path__: ClassVar[list[str]] = []  # type: ignore[misc]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing


class _NoSilentSkip(logging.Filter):
    """Presidio logs a pattern that ran out of time and goes on without it; here that is a failure of the scan."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno >= logging.WARNING and record.exc_info and record.exc_info[0] is TimeoutError:
            raise PatternTimeout
        return False


class PatternTimeout(TimeoutError):
    """A pattern took longer than it may; carries nothing."""


@lru_cache(maxsize=1)
def load() -> ModuleType:
    """The `presidio_analyzer` package, imported once (about a second). Safe from any thread."""
    with _LOCK:
        _silence()
        absent = _stand_in()
        try:
            import presidio_analyzer  # noqa: PLC0415  late: it takes a second
            import presidio_analyzer.predefined_recognizers  # noqa: PLC0415
        finally:
            for name in absent:
                sys.modules.pop(name, None)
        _silence()
        _limit(presidio_analyzer)
        return presidio_analyzer


def _stand_in() -> list[str]:
    absent = []
    for package, modules in _PLACEHOLDERS.items():
        if package in sys.modules or "presidio_analyzer" in sys.modules:
            continue
        for name in (package, *(f"{package}.{module}" for module in modules)):
            sys.modules[name] = _Placeholder(name)
            absent.append(name)
    return absent


def _silence() -> None:
    """Presidio attaches a handler that prints decisions, texts included, and logs what it finds."""
    for name in ("decision_process", "presidio-analyzer"):
        logger = logging.getLogger(name)
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
    logging.getLogger("decision_process").setLevel(logging.CRITICAL + 1)
    chatty = logging.getLogger("presidio-analyzer")
    chatty.setLevel(logging.WARNING)
    if not any(isinstance(known, _NoSilentSkip) for known in chatty.filters):
        chatty.addFilter(_NoSilentSkip())


def _limit(presidio: ModuleType) -> None:
    """One pattern may run two seconds over one piece of text, not Presidio's sixty."""
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith(presidio.__name__) and "REGEX_TIMEOUT_SECONDS" in vars(module):
            module.REGEX_TIMEOUT_SECONDS = _REGEX_SECONDS  # type: ignore[attr-defined]


@lru_cache(maxsize=1)
def stop_words() -> frozenset[str]:
    """English function words, from spaCy's plain data file, read without importing spaCy."""
    found = importlib.util.find_spec("spacy")
    if found is None or found.origin is None:
        raise Broken(
            "spacy, which presidio-analyzer requires, is not installed", hint="install the locked requirements"
        )
    path = Path(found.origin).parent / "lang" / "en" / "stop_words.py"
    spec = importlib.util.spec_from_file_location("_gateway_stop_words", path)
    if spec is None or spec.loader is None:
        raise Broken("spacy's list of stop words cannot be read", hint="install the locked requirements")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return frozenset(module.STOP_WORDS)


def tokenise(text: str) -> tuple[list[str], list[int]]:
    """Words and single punctuation marks, and where each begins: what context words are looked for in."""
    words: list[str] = []
    starts: list[int] = []
    for match in _WORD.finditer(text):
        words.append(match[0])
        starts.append(match.start())
    return words, starts


def is_word(token: str) -> bool:
    """Whether a token may be a context word: neither punctuation nor a stop word, as Presidio sorts them out."""
    return token[0].isalnum() and token.lower() not in stop_words()


def nlp_engine() -> Any:
    """A Presidio NlpEngine that tokenises and no more, for Presidio's own AnalyzerEngine (tests compare with it)."""
    presidio = load()
    base = presidio.nlp_engine.NlpEngine
    artifacts = presidio.nlp_engine.NlpArtifacts

    class PlainNlpEngine(base):  # type: ignore[misc, valid-type]
        """Tokens without linguistics."""

        def load(self) -> None:
            """Nothing to load."""

        def is_loaded(self) -> bool:
            """Always."""
            return True

        def process_text(self, text: str, language: str) -> Any:
            """Tokens as their own lemmas."""
            words, starts = tokenise(text)
            return artifacts([], words, starts, words, self, language)

        def process_batch(self, texts: Any, language: str, **_options: Any) -> Any:
            """One after another."""
            for text in texts:
                yield text, self.process_text(text, language)

        def is_stopword(self, word: str, language: str) -> bool:  # noqa: ARG002
            """As spaCy's list has it."""
            return word.lower() in stop_words()

        def is_punct(self, word: str, language: str) -> bool:  # noqa: ARG002
            """Anything but a word."""
            return not word[0].isalnum()

        def get_supported_entities(self) -> list[str]:
            """None: it recognises nothing."""
            return []

        def get_supported_languages(self) -> list[str]:
            """The one label every recognizer here carries."""
            return ["en"]

    return PlainNlpEngine()
