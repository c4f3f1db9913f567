"""OpenAI's official SDK with the Responses API: answers, streams, tools, reasoning."""

import base64
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
    "name": "get_weather",
    "description": "The weather in a city.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}
NOTE: Any = {"type": "custom", "name": "get_weather", "description": "The weather."}


@pytest.fixture(scope="module")
def client(system: System) -> Iterator[OpenAI]:
    with OpenAI(base_url=system.url + "/v1", api_key="none", max_retries=0) as c:
        yield c


def ask(text: str, **more: Any) -> Any:
    return {"model": MODEL, "input": text, "store": False, **more}


def both(client: OpenAI, request: Any) -> tuple[Any, Any]:
    """The whole answer, and the one that the SDK adds up from a stream."""
    whole = client.responses.create(**request)
    texts = ""
    with client.responses.stream(**request) as stream:
        for number, event in enumerate(stream):
            assert event.sequence_number == number
            if event.type == "response.output_text.delta":
                texts += event.delta
        added = stream.get_final_response()
    assert whole.id != added.id
    assert texts == added.output_text
    return whole, added


def told(response: Any) -> Any:
    """What is the same in two answers to one question."""
    items = [item.to_dict() for item in response.output]
    for item in items:
        for name in ("id", "call_id", "parsed_arguments"):
            item.pop(name, None)
        for part in item.get("content", []):
            part.pop("parsed", None)
        if "encrypted_content" in item:
            plain = base64.b64decode(item["encrypted_content"])
            item["encrypted_content"] = json.loads(plain.removeprefix(b"bedrock:1:"))
    usage = response.usage
    return items, response.status, (usage.input_tokens, usage.output_tokens)


def test_text(client: OpenAI) -> None:
    whole, added = both(client, ask("What is 2+2?", instructions="Be brief."))
    assert told(whole) == told(added)
    assert whole.output_text == "2 + 2 = 4."
    assert whole.status == "completed"
    assert whole.usage.input_tokens > 0
    assert whole.usage.output_tokens_details.reasoning_tokens == 0
    assert whole.model == MODEL


def test_tools(client: OpenAI) -> None:
    request = ask("What is the weather in Seattle and Paris?", tools=[WEATHER])
    whole, added = both(client, request)
    assert told(whole) == told(added)
    calls = [item for item in added.output if item.type == "function_call"]
    cities = [json.loads(call.arguments)["city"] for call in calls]
    assert cities == ["Seattle", "Paris"]
    results = [
        {
            "type": "function_call_output",
            "call_id": call.call_id,
            "output": f"{n} degrees",
        }
        for n, call in enumerate(calls, 17)
    ]
    request["input"] = [
        {"role": "user", "content": request["input"]},
        *added.output,
        *results,
    ]
    answer = client.responses.create(**request)
    assert "17 degrees" in answer.output_text


def test_custom_tool(client: OpenAI) -> None:
    request = ask("What is the weather in Seattle?", tools=[NOTE])
    whole, added = both(client, request)
    assert told(whole) == told(added)
    call: Any = next(i for i in added.output if i.type == "custom_tool_call")
    assert isinstance(call.input, str)
    result = {
        "type": "custom_tool_call_output",
        "call_id": call.call_id,
        "output": "17 degrees",
    }
    request["input"] = [
        {"role": "user", "content": request["input"]},
        *added.output,
        result,
    ]
    answer = client.responses.create(**request)
    assert "17 degrees" in answer.output_text


def test_namespace(client: OpenAI) -> None:
    tools = [
        {
            "type": "namespace",
            "name": "sky",
            "description": "About the sky.",
            "tools": [WEATHER],
        },
        {"type": "web_search"},
    ]
    request = ask("What is the weather in Seattle?", tools=tools)
    whole, added = both(client, request)
    assert told(whole) == told(added)
    call: Any = next(i for i in added.output if i.type == "function_call")
    assert (call.namespace, call.name) == ("sky", "get_weather")


class Person(BaseModel):
    name: str
    age: int


def test_schema(client: OpenAI) -> None:
    answer = client.responses.parse(
        **ask("Describe Ada, who is 36.", text_format=Person)
    )
    assert isinstance(answer.output_parsed, Person)


def test_reasoning(client: OpenAI) -> None:
    request = ask(
        "What is 2+2?",
        reasoning={"effort": "low", "summary": "auto"},
        max_output_tokens=4000,
        include=["reasoning.encrypted_content"],
    )
    whole, added = both(client, request)
    assert told(whole) == told(added)
    thought: Any = added.output[0]
    assert thought.type == "reasoning"
    assert thought.summary[0].text
    assert thought.encrypted_content
    request["input"] = [
        {"role": "user", "content": request["input"]},
        *added.output,
        {"role": "user", "content": "What is 3+3?"},
    ]
    answer: Any = client.responses.create(**request)
    assert "6" in answer.output_text
    assert "warnings" not in answer.bedrock


def test_limit(client: OpenAI) -> None:
    request = ask("Explain quantum computing", max_output_tokens=5)
    whole = client.responses.create(**request)
    assert whole.status == "incomplete"
    assert whole.incomplete_details
    assert whole.incomplete_details.reason == "max_output_tokens"
    *_, last = client.responses.create(**request, stream=True)
    assert last.type == "response.incomplete"


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
        client.responses.create(**request)
    body: Any = caught.value.body
    assert body["message"]
    assert body["type"]


@pytest.mark.parametrize("helper", [False, True])
def test_error_in_a_stream(client: OpenAI, helper: bool) -> None:
    request = ask("Explain quantum computing")
    request["model"] = MODEL + "#at=5&fault=throttling"
    texts = []
    with pytest.raises(openai.APIError) as caught:
        if helper:
            with client.responses.stream(**request) as stream:
                stream.get_final_response()
        for event in client.responses.create(**request, stream=True):
            if event.type == "response.output_text.delta":
                texts.append(event.delta)
    assert texts or helper
    assert "Too many requests" in str(caught.value)


def test_nothing_is_stored(client: OpenAI) -> None:
    response: Any = client.responses.create(model=MODEL, input="What is 2+2?")
    assert response.bedrock["warnings"][0]["code"] == "response_not_stored"
    with pytest.raises(openai.NotFoundError, match="not stored"):
        client.responses.retrieve(response.id)
    with pytest.raises(openai.NotFoundError, match="not stored"):
        client.responses.delete(response.id)
    with pytest.raises(openai.BadRequestError, match="not stored"):
        client.responses.create(**ask("And 3+3?", previous_response_id=response.id))
