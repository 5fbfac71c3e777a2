from __future__ import annotations

from gateway.model import CustomRecognizer
from tests.policy.test_privacy_file import policy_of


def test_a_recognizer_with_everything() -> None:
    policy, findings = policy_of(
        "recognizers:\n"
        "  - {name: a, type: A, patterns: [{regex: '\\d+-x', score: 0.3}], checksum: luhn, context: [b],\n"
        "     deny_list: [' c ', c, d], deny_list_score: 0.8, allow_list: [e], languages: [en, de]}\n"
    )
    assert findings == []
    assert policy.recognizers == (
        CustomRecognizer(
            name="a",
            type="A",
            patterns=((r"(?:\G|(?<![\d]))(?:\d+-x)", 0.3),),
            context=("b",),
            deny_list=("c", "d"),
            deny_list_score=0.8,
            allow_list=("e",),
            checksum="luhn",
            languages=("en", "de"),
        ),
    )


def test_a_deny_list_needs_something_in_it() -> None:
    for keys in ("deny_list: []", "patterns: []", "patterns: [], deny_list: []"):
        assert policy_of(f"recognizers: [{{name: a, type: A, {keys}}}]\n")[1] == [("missing-key", "privacy.yaml:1")]
