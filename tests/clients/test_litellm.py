"""LiteLLM as a client of OpenAI's API and of Anthropic's."""

import json
from typing import Any

import litellm
import pytest

from conftest import System

MODEL = "us.anthropic.claude-sonnet-4-20250514-v1:0"
THINKING: Any = {
    "openai": ("reasoning_effort", "low"),
    "anthropic": ("thinking", {"type": "enabled", "budget_tokens": 1024}),
}
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


@pytest.fixture(params=["openai", "anthropic"])
def settings(request: pytest.FixtureRequest, system: System) -> Any:
    base = system.url + ("/v1" if request.param == "openai" else "")
    model = f"{request.param}/{MODEL}"
    return {"model": model, "api_base": base, "api_key": "none", "max_retries": 0}


def ask(text: str, **more: Any) -> Any:
    return {"messages": [{"role": "user", "content": text}], **more}


def both(settings: Any, request: Any) -> tuple[Any, Any]:
    """The whole answer, and the one that LiteLLM adds up from a stream."""
    whole = litellm.completion(**settings, **request)
    chunks = list(litellm.completion(**settings, **request, stream=True))
    return whole, litellm.stream_chunk_builder(chunks)


def told(answer: Any) -> Any:
    choice = answer.choices[0]
    calls = [
        (c.function.name, json.loads(c.function.arguments))
        for c in choice.message.tool_calls or []
    ]
    return choice.message.content, calls, choice.finish_reason


def test_text(settings: Any) -> None:
    whole, added = both(settings, ask("What is 2+2?"))
    assert told(whole) == told(added) == ("2 + 2 = 4.", [], "stop")
    assert whole.usage.prompt_tokens > 0


def test_tools(settings: Any) -> None:
    request = ask("What is the weather in Seattle and Paris?", tools=[WEATHER])
    whole, added = both(settings, request)
    assert told(whole)[1:] == told(added)[1:]
    message = whole.choices[0].message
    cities = [json.loads(c.function.arguments)["city"] for c in message.tool_calls]
    assert cities == ["Seattle", "Paris"]
    results = [
        {"role": "tool", "tool_call_id": c.id, "content": f"{n} degrees"}
        for n, c in enumerate(message.tool_calls, 17)
    ]
    request["messages"] += [message, *results]
    answer = litellm.completion(**settings, **request)
    assert "17 degrees" in answer.choices[0].message.content


def test_thinking(settings: Any) -> None:
    """LiteLLM knows no model of this name, so that it has to be told what it can do."""
    name, value = THINKING[settings["model"].partition("/")[0]]
    request = ask("What is 2+2?", max_tokens=4000, allowed_openai_params=[name])
    request[name] = value
    whole, added = both(settings, request)
    assert whole.choices[0].message.reasoning_content
    assert told(whole) == told(added)
    request["messages"] += [
        whole.choices[0].message,
        {"role": "user", "content": "What is 3+3?"},
    ]
    answer = litellm.completion(**settings, **request)
    assert "6" in answer.choices[0].message.content


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("throttling", litellm.RateLimitError),
        ("validation", litellm.BadRequestError),
        ("resourceNotFound", litellm.NotFoundError),
    ],
)
def test_errors(settings: Any, fault: str, error: type[Exception]) -> None:
    settings["model"] += f"#fault={fault}"
    with pytest.raises(error):
        litellm.completion(**settings, **ask("What is 2+2?"))
