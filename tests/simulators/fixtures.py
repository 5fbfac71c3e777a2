"""The simulators as pytest fixtures."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.simulators.ollama import OllamaSimulator
from tests.simulators.openai_wire import OpenAISimulator


@pytest_asyncio.fixture
async def openai_upstream() -> AsyncIterator[OpenAISimulator]:
    async with OpenAISimulator() as upstream:
        yield upstream


@pytest_asyncio.fixture
async def ollama_upstream() -> AsyncIterator[OllamaSimulator]:
    async with OllamaSimulator() as upstream:
        yield upstream
