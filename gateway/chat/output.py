"""What is looked for in a model's answer before it is restored: personal data that the model made up or let out.

Who may see it is decided like everything else, with `answer` for the collection: `entity:EMAIL_ADDRESS@answer`, action
`reveal`. Nothing that stands in the prompt, or that the caller typed, is the model's own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

from gateway.chat.apart import LONG, apart
from gateway.chat.records import CHARACTERS_PER_TOKEN, estimate_tokens
from gateway.chat.restoring import Reading
from gateway.chat.sight import with_parts
from gateway.chat.values import Grounded
from gateway.errors import RedactionUnavailable
from gateway.model import ANSWER, Json, Model
from gateway.redaction import OutputRule, Rendering, detector_of, leaves
from gateway.redaction.scan_output import always, of_rules
from gateway.redaction.tokens import Written

_NAMES: Final = frozenset(("PERSON", "LOCATION", "ORGANIZATION", "STREET_ADDRESS", "NRP", "JOB_TITLE"))
"""Types that are words; where none of them is looked for, only words with digits or `@` are."""
_FEW: Final = frozenset(("AGE",))
"""Types that may have four digits or fewer."""
_BETWEEN: Final = re.compile(r"[\W_]+")
_LEAST: Final = 3
"""Letters and digits of a value that may be told by comparing."""
_JSON: Final = frozenset(("json_object", "json_schema"))


async def reading_for(
    grounded: Grounded,
    model: Model,
    failed: Callable[[RedactionUnavailable], object],
    rendering: Rendering | None = None,
) -> Reading:
    """How this caller is to read what `model` answers; `failed` is told when it cannot be scanned.

    `rendering`: what stood for tokens in what the model was sent.
    """
    sight, body = with_parts(grounded.sight_of(model), rendering), grounded.body
    before = rendering.unrender if rendering else None
    asked = grounded.scanned.admitted.asked
    bundle, principal = asked.bundle, asked.principal
    wanted = (body.get("response_format") or {}).get("type") if isinstance(body.get("response_format"), dict) else None
    if model.provider == "extractive" or not bundle.privacy.enabled:
        # What is quoted from documents is guarded by right alone.
        return Reading(sight, before=before, json=wanted in _JSON)

    def hidden(kind: str) -> bool:
        return not bundle.decide(principal, f"entity:{kind}@{ANSWER}", "reveal")

    shown = frozenset(kind for kind in _NAMES if not hidden(kind))
    detector = detector_of(bundle.privacy, shown)
    custom = [rule for rule in bundle.privacy.recognizers if hidden(rule.type)]
    words = bool(detector.wanted & _NAMES) or any(rule.deny_list for rule in custom)
    few = always if any(hidden(kind) for kind in detector.wanted & _FEW) else of_rules(custom)
    own = _Own([asked.body, body], [*sight.values.values()])
    if (size := estimate_tokens(body) * CHARACTERS_PER_TOKEN) > LONG:
        await apart(size, own.fold)
    return Reading(
        sight,
        OutputRule(
            detector.find,
            hidden,
            own,
            Written((*sight.values, *sight.masks)),
            words=words,
            few=few,
            failed=failed,
        ),
        before,
        json=wanted in _JSON,
    )


class _Own:
    """Whether a value stood in the prompt or was typed. The texts are folded when the first value asks."""

    def __init__(self, bodies: list[Json], values: list[str]) -> None:
        self._bodies = bodies
        self._values = values
        self._folded: str | None = None

    def __call__(self, value: str) -> bool:
        wanted = _fold(value)
        if len(wanted) < _LEAST:
            return False
        return wanted in self.fold()

    def fold(self) -> str:
        """The texts made comparable; done once."""
        if self._folded is None:
            texts = [leaf.text for body in self._bodies for leaf in leaves(body)]
            self._folded = _fold("\0".join((*texts, *self._values)))
        return self._folded


def _fold(text: str) -> str:
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", text).casefold())
