"""The installed price list is read without importing LiteLLM."""

from __future__ import annotations

import subprocess
import sys

from gateway.routing.prices import listed, price_file


def test_known_models_with_and_without_prefix() -> None:
    found = listed({"gpt-4o-mini", "openai/gpt-4o-mini", "nobody-lists-this"})
    assert set(found) == {"gpt-4o-mini", "openai/gpt-4o-mini"}
    mini = found["gpt-4o-mini"]
    assert (mini.price.input, mini.price.output, mini.context, mini.tools) == (0.15, 0.6, 128_000, True)
    assert listed(()) == {}
    assert price_file() is not None


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import sys; from gateway.routing.prices import listed; import gateway.routing; "
        "assert listed({'gpt-4o-mini'}); "
        "print([name for name in ('litellm', 'ollama', 'openai', 'httpx') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
