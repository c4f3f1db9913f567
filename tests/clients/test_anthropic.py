"""Anthropic's official SDK: answers, streams, tools, thinking, errors, models."""

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest
from anthropic import Anthropic

from conftest import System

MODEL = "us.anthropic.claude-sonnet-4-20250514-v1:0"
WEATHER: Any = {
    "name": "get_weather",
    "description": "The weather in a city.",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}


@pytest.fixture(scope="module")
def client(system: System) -> Iterator[Anthropic]:
    with Anthropic(base_url=system.url, api_key="none", max_retries=0) as c:
        yield c


def ask(text: Any, **more: Any) -> Any:
    return {
        "model": MODEL,
        "max_tokens": 4000,
        "messages": [{"role": "user", "content": text}],
        **more,
    }


def both(client: Anthropic, request: Any) -> tuple[Any, Any]:
    """The whole answer, and the one that the SDK adds up from a stream."""
    whole = client.messages.create(**request)
    with client.messages.stream(**request) as stream:
        added = stream.get_final_message()
    assert whole.id != added.id
    return whole, added


def told(message: Any) -> Any:
    """What is the same in two answers to one question. Only streams are parsed."""
    usage = message.usage
    differs = {"id", "parsed_output"}
    content = [block.model_dump(exclude=differs) for block in message.content]
    counts = (usage.input_tokens, usage.output_tokens)
    return content, message.stop_reason, message.model, counts


def test_text(client: Anthropic) -> None:
    whole, added = both(client, ask("What is 2+2?"))
    assert told(whole) == told(added)
    assert whole.content[0].text == "2 + 2 = 4."
    assert whole.stop_reason == "end_turn"
    assert whole.usage.input_tokens > 0


def test_tools(client: Anthropic) -> None:
    request = ask("What is the weather in Seattle?", tools=[WEATHER])
    whole, added = both(client, request)
    assert told(whole) == told(added)
    call = whole.content[-1]
    assert (call.type, call.name, whole.stop_reason) == (
        "tool_use",
        "get_weather",
        "tool_use",
    )
    result: Any = {
        "type": "tool_result",
        "tool_use_id": call.id,
        "content": [{"type": "text", "text": "17 degrees"}],
        "is_error": False,
    }
    request["messages"] += [
        {"role": "assistant", "content": whole.content},
        {"role": "user", "content": [result]},
    ]
    answer = client.messages.create(**request)
    assert "17 degrees" in answer.content[0].text


def test_thinking(client: Anthropic) -> None:
    request = ask("What is 2+2?", thinking={"type": "enabled", "budget_tokens": 1024})
    whole, added = both(client, request)
    assert told(whole) == told(added)
    thought = whole.content[0]
    assert thought.type == "thinking"
    assert thought.signature
    request["messages"] += [
        {"role": "assistant", "content": added.content},
        {"role": "user", "content": "What is 3+3?"},
    ]
    assert "6" in client.messages.create(**request).content[-1].text


def test_documents_and_cache(client: Anthropic) -> None:
    document = {
        "type": "document",
        "title": "Nature",
        "source": {"type": "text", "media_type": "text/plain", "data": "Green."},
        "citations": {"enabled": True},
        "cache_control": {"type": "ephemeral"},
    }
    request = ask("")
    text = {"type": "text", "text": "What is 2+2?"}
    request["messages"][0]["content"] = [document, text]
    whole, added = both(client, request)
    assert told(whole)[:2] == told(added)[:2]


def test_warnings(client: Anthropic) -> None:
    answer = client.messages.with_raw_response.create(
        **ask("What is 2+2?"), extra_body={"frobnicate": 1}
    )
    assert answer.headers["x-bedrock-warnings"] == "unknown_field"
    message: Any = answer.parse()
    assert message.bedrock["warnings"][0]["path"] == "frobnicate"
    assert message._request_id == answer.headers["request-id"]


@pytest.mark.parametrize(
    ("knobs", "error"),
    [
        ("#fault=throttling", anthropic.RateLimitError),
        ("#fault=accessDenied", anthropic.PermissionDeniedError),
        ("#fault=resourceNotFound", anthropic.NotFoundError),
        ("#fault=validation", anthropic.BadRequestError),
        ("#fault=serviceUnavailable", anthropic.InternalServerError),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_errors(
    client: Anthropic, knobs: str, error: type[anthropic.APIStatusError], stream: bool
) -> None:
    request = ask("What is 2+2?") | {"model": MODEL + knobs, "stream": stream}
    with pytest.raises(error) as caught:
        client.messages.create(**request)
    body: Any = caught.value.body
    assert body["type"] == "error"
    assert body["request_id"] == caught.value.request_id


def test_refused_request(client: Anthropic) -> None:
    with pytest.raises(anthropic.BadRequestError, match=r"messages\[0\]"):
        client.messages.create(**ask("") | {"messages": [{"role": "x"}]})


def test_failed_stream(client: Anthropic) -> None:
    request = ask("Explain quantum computing.")
    request["model"] += "#fault=reset&at=5"
    with (
        pytest.raises(anthropic.APIStatusError),
        client.messages.stream(**request) as stream,
    ):
        stream.get_final_message()


def test_count_tokens(client: Anthropic) -> None:
    """The count is that of the answer; Claude Code estimates after the error."""
    request = ask("What is 2+2?", tools=[WEATHER])
    usage = client.messages.create(**request).usage
    del request["max_tokens"]
    counted = client.messages.count_tokens(**request)
    assert counted.input_tokens == usage.input_tokens
    beta = client.beta.messages.count_tokens(**request)
    assert beta.input_tokens == usage.input_tokens
    request["model"] = (
        "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"
    )
    with pytest.raises(anthropic.NotFoundError, match="does not count"):
        client.messages.count_tokens(**request)


def test_models(client: Anthropic) -> None:
    models = list(client.models.list())
    assert models
    assert client.models.retrieve(models[0].id).id == models[0].id


DOCUMENT: Any = {
    "type": "document",
    "title": "Nature",
    "source": {"type": "text", "media_type": "text/plain", "data": "Grass is green."},
    "citations": {"enabled": True},
}
PERSON: Any = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
ANSWERS = {
    "text": ask("What is 2+2?"),
    "long text": ask("Explain quantum computing"),
    "tool": ask("What is the weather in Seattle?", tools=[WEATHER]),
    "two tools": ask("What is the weather in Seattle and Paris?", tools=[WEATHER]),
    "thinking": ask(
        "What is 2+2?", thinking={"type": "enabled", "budget_tokens": 1024}
    ),
    "citations": ask([DOCUMENT, {"type": "text", "text": "Which colour has grass?"}]),
    "structured": ask(
        "Describe Ada, who is 36.",
        output_config={"format": {"type": "json_schema", "schema": PERSON}},
    ),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_stream_adds_up(client: Anthropic, answer: str) -> None:
    whole, added = both(client, ANSWERS[answer])
    assert told(added) == told(whole)
