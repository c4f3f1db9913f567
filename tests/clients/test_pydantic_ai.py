"""Pydantic AI on three APIs: the same questions give the same history on each."""

from collections.abc import AsyncIterable
from typing import Any

import boto3
import pytest
from pydantic import BaseModel
from pydantic_ai import Agent, ModelSettings
from pydantic_ai.messages import ModelMessage, ThinkingPart, ToolCallPart
from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel, AnthropicModelSettings
from pydantic_ai.models.bedrock import BedrockConverseModel, BedrockModelSettings
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIChatModelSettings
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.bedrock import BedrockProvider
from pydantic_ai.providers.openai import OpenAIProvider

from conftest import System

MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
APIS = ["openai", "anthropic", "bedrock"]
BUDGET = {"type": "enabled", "budget_tokens": 1024}
# How each model asks for thinking.
THINKING: dict[str, ModelSettings] = {
    "openai": OpenAIChatModelSettings(openai_reasoning_effort="low", max_tokens=4000),
    "anthropic": AnthropicModelSettings(anthropic_thinking=BUDGET, max_tokens=4000),
    "bedrock": BedrockModelSettings(
        bedrock_additional_model_requests_fields={"thinking": BUDGET}, max_tokens=4000
    ),
}


def model(system: System, api: str) -> Model:
    url = system.url
    if api == "openai":
        provider = OpenAIProvider(base_url=url + "/v1", api_key="none")
        return OpenAIChatModel(MODEL, provider=provider)
    if api == "anthropic":
        provider = AnthropicProvider(base_url=url, api_key="none")
        return AnthropicModel(MODEL, provider=provider)
    client = boto3.client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="none",
        aws_secret_access_key="none",
    )
    return BedrockConverseModel(MODEL, provider=BedrockProvider(bedrock_client=client))


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"{city} has rain"


def told(history: list[ModelMessage]) -> list[Any]:
    """Who said what, without ids, times and what only one API has."""
    return [[part_told(part) for part in message.parts] for message in history]


def part_told(part: Any) -> Any:
    if isinstance(part, ToolCallPart):
        return part.part_kind, part.tool_name, part.args_as_dict()
    return part.part_kind, part.content


async def history(
    system: System, api: str, stream: bool, *prompts: str, **run: Any
) -> list[ModelMessage]:
    """What an agent and its model have said after some prompts."""
    if stream:  # with a handler of events, the agent asks for streams
        run["event_stream_handler"] = read
    agent = Agent(model(system, api), tools=[get_weather])
    messages: list[ModelMessage] = []
    for prompt in prompts:
        result = await agent.run(prompt, message_history=messages, **run)
        messages = result.all_messages()
    return messages


async def read(_: Any, events: AsyncIterable[Any]) -> None:
    async for _event in events:
        pass


RAIN = """\
get_weather (Seattle) says: Seattle has rain
get_weather (Paris) says: Paris has rain"""


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("api", APIS)
async def test_tools(system: System, api: str, stream: bool) -> None:
    prompt = "What is the weather in Seattle and Paris?"
    messages = await history(system, api, stream, prompt)
    assert told(messages) == [
        [("user-prompt", prompt)],
        [
            ("text", "I will ask get_weather."),
            ("tool-call", "get_weather", {"city": "Seattle"}),
            ("tool-call", "get_weather", {"city": "Paris"}),
        ],
        [("tool-return", "Seattle has rain"), ("tool-return", "Paris has rain")],
        [("text", RAIN)],
    ]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("api", APIS)
async def test_thinking_is_replayed(system: System, api: str, stream: bool) -> None:
    prompts = "What is the weather in Oslo?", "What is 3+3?"
    messages = await history(
        system, api, stream, *prompts, model_settings=THINKING[api]
    )
    thoughts = [p for m in messages for p in m.parts if isinstance(p, ThinkingPart)]
    assert thoughts[0].content
    kinds = [[part[0] for part in message] for message in told(messages)]
    # By OpenAI's API the client sends no thoughts back, and Claude cannot think on without.
    after_tools = ["text"] if api == "openai" else ["thinking", "text"]
    assert kinds == [
        ["user-prompt"],
        ["thinking", "text", "tool-call"],
        ["tool-return"],
        after_tools,
        ["user-prompt"],
        ["thinking", "text"],
    ]
    assert told(messages)[-1][-1] == ("text", "3 + 3 = 6.")


class Person(BaseModel):
    name: str
    age: int


@pytest.mark.parametrize("api", APIS)
async def test_output_type(system: System, api: str) -> None:
    agent = Agent(model(system, api), output_type=Person)
    result = await agent.run("Describe Ada, who is 36.")
    assert result.output.age == 36
