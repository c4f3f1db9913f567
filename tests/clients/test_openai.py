"""OpenAI's official SDK: answers, streams, tools, schemas, reasoning, errors, models."""

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI
from pydantic import BaseModel

from conftest import System

MODEL = "us.anthropic.claude-sonnet-4-20250514-v1:0"
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
        "strict": True,
    },
}


@pytest.fixture(scope="module")
def client(system: System) -> Iterator[OpenAI]:
    with OpenAI(base_url=system.url + "/v1", api_key="none", max_retries=0) as c:
        yield c


def ask(text: str, **more: Any) -> Any:
    return {"model": MODEL, "messages": [{"role": "user", "content": text}], **more}


def both(client: OpenAI, request: Any) -> tuple[Any, Any]:
    """The whole answer, and the one that the SDK adds up from a stream."""
    whole = client.chat.completions.create(**request)
    usage = {"include_usage": True}
    with client.chat.completions.stream(**request, stream_options=usage) as stream:
        added = stream.get_final_completion()
    assert whole.id != added.id
    return whole, added


def told(completion: Any) -> Any:
    """What is the same in two answers to one question."""
    choice, usage = completion.choices[0], completion.usage
    calls = [
        (c.function.name, json.loads(c.function.arguments))
        for c in choice.message.tool_calls or []
    ]
    counts = (usage.prompt_tokens, usage.completion_tokens)
    return choice.message.content, calls, choice.finish_reason, counts


def test_text(client: OpenAI) -> None:
    whole, added = both(client, ask("What is 2+2?"))
    assert told(whole) == told(added)
    assert whole.choices[0].message.content == "2 + 2 = 4."
    assert whole.choices[0].finish_reason == "stop"
    assert whole.usage.prompt_tokens > 0
    assert whole.model == MODEL


def test_tools(client: OpenAI) -> None:
    request = ask("What is the weather in Seattle and Paris?", tools=[WEATHER])
    whole, added = both(client, request)
    assert told(whole)[1:] == told(added)[1:]
    message = whole.choices[0].message
    assert whole.choices[0].finish_reason == "tool_calls"
    cities = [json.loads(c.function.arguments)["city"] for c in message.tool_calls]
    assert cities == ["Seattle", "Paris"]
    results = [
        {"role": "tool", "tool_call_id": c.id, "content": f"{n} degrees"}
        for n, c in enumerate(message.tool_calls, 17)
    ]
    request["messages"] += [message, *results]
    answer = client.chat.completions.create(**request)
    assert "17 degrees" in answer.choices[0].message.content


class Person(BaseModel):
    name: str
    age: int


def test_schema(client: OpenAI) -> None:
    request = ask("Describe Ada, who is 36.", response_format=Person)
    answer = client.chat.completions.parse(**request)
    assert isinstance(answer.choices[0].message.parsed, Person)


def test_reasoning(client: OpenAI) -> None:
    request = ask("What is 2+2?", reasoning_effort="low", max_completion_tokens=4000)
    whole, added = both(client, request)
    assert told(whole) == told(added)
    thought: Any = whole.choices[0].message
    assert thought.reasoning_content
    assert thought.thinking_blocks[0]["signature"]
    request["messages"] += [
        added.choices[0].message,
        {"role": "user", "content": "What is 3+3?"},
    ]
    answer = client.chat.completions.create(**request)
    assert "6" in answer.choices[0].message.content


@pytest.mark.parametrize(
    ("knobs", "error"),
    [
        ("#fault=throttling", openai.RateLimitError),
        ("#fault=accessDenied", openai.PermissionDeniedError),
        ("#fault=resourceNotFound", openai.NotFoundError),
        ("#fault=validation", openai.BadRequestError),
        ("#fault=serviceUnavailable", openai.InternalServerError),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_errors(
    client: OpenAI, knobs: str, error: type[openai.APIStatusError], stream: bool
) -> None:
    request = ask("What is 2+2?") | {"model": MODEL + knobs, "stream": stream}
    with pytest.raises(error) as caught:
        client.chat.completions.create(**request)
    body: Any = caught.value.body
    assert body["message"]
    assert body["type"]


def test_error_in_a_stream(client: OpenAI) -> None:
    request = ask("Explain quantum computing", stream=True)
    request["model"] = MODEL + "#at=5&fault=throttling"
    texts = []
    with pytest.raises(openai.APIError) as caught:
        for chunk in client.chat.completions.create(**request):
            texts += [c.delta.content for c in chunk.choices if c.delta.content]
    assert texts
    assert "Too many requests" in str(caught.value)


def test_models(client: OpenAI) -> None:
    names = [model.id for model in client.models.list()]
    assert MODEL in names
    assert client.models.retrieve(MODEL).id == MODEL
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nobody")


def test_refused_request(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(**ask("hi", n=2))
    assert caught.value.param == "n"


JSON_SCHEMA: Any = {
    "type": "json_schema",
    "json_schema": {"name": "person", "schema": Person.model_json_schema()},
}
ANSWERS = {
    "text": ask("What is 2+2?"),
    "long text": ask("Explain quantum computing"),
    "tool": ask("What is the weather in Seattle?", tools=[WEATHER]),
    "two tools": ask("What is the weather in Seattle and Paris?", tools=[WEATHER]),
    "thinking": ask("What is 2+2?", reasoning_effort="low", max_completion_tokens=4000),
    "citations": ask("What is 2+2?") | {"model": MODEL + "#show=citations"},
    "structured": ask("Describe Ada, who is 36.", response_format=JSON_SCHEMA),
}


def without_ids(completion: Any) -> Any:
    """All members except those that differ in two answers, or that only a stream has."""
    members = completion.to_dict(exclude_none=True)
    for name in ("id", "created", "object", "bedrock"):
        members.pop(name, None)
    message = members["choices"][0]["message"]
    message.pop("parsed", None)
    for call in message.get("tool_calls", []):
        del call["id"]
        call["function"].pop("parsed_arguments", None)
    for name in ("tool_calls", "thinking_blocks", "annotations"):
        for item in message.get(name, []):
            item.pop("index", None)
    return members


@pytest.mark.parametrize("answer", ANSWERS)
def test_stream_adds_up(client: OpenAI, answer: str) -> None:
    whole, added = both(client, ANSWERS[answer])
    assert without_ids(added) == without_ids(whole)
