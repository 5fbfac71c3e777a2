"""Whole fake upstreams on loopback, with faults: simulators, not mocks.

    async with OpenAISimulator() as upstream:                       # base URL: upstream.url (".../v1")
        upstream.default = Behaviour(text="Paris")                  # every request from now on
        upstream.next(Behaviour(fault=Fault.CUT), Behaviour())      # ... but these first, one a request
        ...
        upstream.requests[0].body                                   # the exact bytes received
        upstream.requests[0].json["messages"]
        await upstream.disconnected(1)                              # until one client went away mid-answer

Without a script the simulator echoes the last user text. `OllamaSimulator` adds /api/version, tags, show, ps and
pull to the same /v1 (base URL: `ollama.root`, no path). `AnthropicSimulator` serves
/v1/messages. All listen on a free port of 127.0.0.1 until the block ends.

Fixtures: `from tests.simulators.fixtures import ollama_upstream, openai_upstream` in a conftest or test module.
"""

from tests.simulators.anthropic import AnthropicSimulator
from tests.simulators.behaviour import Behaviour, Fault, Received, ToolCall
from tests.simulators.ollama import LocalModel, OllamaSimulator
from tests.simulators.openai_wire import OpenAISimulator

__all__ = [
    "AnthropicSimulator",
    "Behaviour",
    "Fault",
    "LocalModel",
    "OllamaSimulator",
    "OpenAISimulator",
    "Received",
    "ToolCall",
]
