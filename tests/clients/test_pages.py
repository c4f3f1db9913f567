"""The pages that the client asks for, and the headers that it sends."""

import asyncio
from typing import Any

import pytest

from client import AgenticPlatformError, Client
from conftest import System

MODEL = "us.anthropic.claude-sonnet-4-20250514-v1:0"
HELLO = {"messages": [{"role": "user", "content": "What is 2+2?"}]}


def get(system: System, path: str, provider: str = "") -> Any:
    async def ask() -> Any:
        client = Client(system.url)
        if provider:
            client.set_provider(provider)
        try:
            return await client.get(path)
        finally:
            await client.close()

    return asyncio.run(ask())


def complete(client: Client) -> dict[str, Any]:
    async def ask() -> dict[str, Any]:
        try:
            return await client.completions(HELLO)
        finally:
            await client.close()

    return asyncio.run(ask())


def test_pages(system: System) -> None:
    model = {
        "name": MODEL,
        "provider": "bedrock",
        "capabilities": ["chat", "tool_use"],
    }
    llm = {"default": "default", "available": ["default"]}
    assert get(system, "/healthz")["status"] == "ok"
    assert get(system, "/readyz")["status"] == "ok"
    assert get(system, "/api/v1/llm/models") == {"models": [model]}
    assert get(system, "/api/v1/providers")["llm"] == llm
    status = get(system, "/api/v1/providers/status")
    assert "llm/default" in status["checks"]


def test_providers_of_other_primitives_are_ignored(system: System) -> None:
    client = Client(system.url)
    client.set_provider("agentcore")
    assert complete(client)["content"] == "2 + 2 = 4."


def test_caller_credentials(system: System) -> None:
    """The fake Bedrock knows the first pair of keys, and rejects the other."""
    client = Client(system.url)
    client.set_aws_credentials("AKIDFAKEBEDROCK", "fake-bedrock-secret-key")
    assert complete(client)["content"] == "2 + 2 = 4."
    client = Client(system.url)
    client.set_aws_credentials("AKIDFAKEBEDROCK", "another-secret-key")
    with pytest.raises(AgenticPlatformError, match="HTTP 401"):
        complete(client)
