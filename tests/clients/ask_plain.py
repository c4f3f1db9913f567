"""Asks with the gateway's client itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from client import Client
from question import Question, Seen

Turn = Callable[[Client, dict[str, Any]], Awaitable[dict[str, Any]]]


def plain(url: str, question: Question, **settings: Any) -> Seen:
    """Whole answers."""
    return asyncio.run(_ask(url, question, Client.completions, settings))


def plain_stream(url: str, question: Question, **settings: Any) -> Seen:
    """Streams, added up."""

    def turn(client: Client, request: dict[str, Any]) -> Awaitable[dict[str, Any]]:
        return _added_up(client.completions_stream(request))

    return asyncio.run(_ask(url, question, turn, settings))


async def _ask(
    url: str, question: Question, turn: Turn, settings: dict[str, Any]
) -> Seen:
    seen = Seen()
    client = Client(url, **{"retry_backoff": 0} | settings)
    messages = [{"role": "user", "content": question.prompt}]
    request = {"messages": messages, **question.fields()}
    if question.tools:
        request["tools"] = [_spec(tool) for tool in question.tools]
    with seen.note_error():
        while True:
            answer = await turn(client, request)
            _note(seen, answer)
            if not answer["tool_calls"]:
                break
            messages += _next_turns(question, answer)
    await client.close()
    return seen


def _spec(tool: Callable[..., str]) -> dict[str, Any]:
    properties = {
        name: {"type": "string"} for name in tool.__annotations__ if name != "return"
    }
    return {
        "name": tool.__name__,
        "description": tool.__doc__,
        "input_schema": {"type": "object", "properties": properties},
    }


def _note(seen: Seen, answer: dict[str, Any]) -> None:
    seen.text = answer["content"]
    seen.stop_reason = answer["stop_reason"]
    seen.calls += [(c["name"], c["input"]) for c in answer["tool_calls"] or []]
    seen.reasoning = "".join(
        block["reasoningContent"]["reasoningText"]["text"]
        for block in answer["metadata"].get("content_blocks", [])
        if "reasoningContent" in block
    )
    seen.error_event = answer.get("error_event")
    seen.events = answer.get("events", [])


def _next_turns(question: Question, answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The assistant's turn, and one message for each result."""
    calls = answer["tool_calls"]
    content = answer["content"]
    turns = [{"role": "assistant", "content": content, "tool_calls": calls}]
    for call in calls:
        result = question.call(call["name"], call["input"])
        turns.append({"tool_result": {"tool_use_id": call["id"], "content": result}})
    return turns


async def _added_up(events: AsyncIterator[dict[str, Any]]) -> dict[str, Any]:
    """A whole answer out of a stream's events."""
    text, reasoning, types, calls = "", "", [], []
    answer: dict[str, Any] = {"stop_reason": None}
    async for event in events:
        types.append(event["type"])
        match event["type"]:
            case "content_delta":
                text += event["delta"]
            case "reasoning_delta":
                reasoning += event.get("delta", "")
            case "tool_use_complete":
                calls.append({name: event[name] for name in ("id", "name", "input")})
            case "message_stop":
                answer["stop_reason"] = event["stop_reason"]
            case "error":
                answer["error_event"] = event
    block = {"reasoningContent": {"reasoningText": {"text": reasoning}}}
    return answer | {
        "content": text,
        "tool_calls": calls,
        "events": types,
        "metadata": {"content_blocks": [block]},
    }
