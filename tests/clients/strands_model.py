"""The gateway client's model for Strands agents, re-created.

It behaves like models/llmgateway/strands.py of agentic-primitives-gateway-client 0.1.0
(public, Apache-2.0; see client.py): always streams, with a synchronous httpx client in a
thread; joins the deltas and the input of tool_use_complete to one text of arguments;
ignores the events that it does not know, such as error and reasoning_delta.
"""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx

from client import STREAM, Client

Event = dict[str, Any]


class StrandsModel:
    """A model for strands.Agent. config is added to each request."""

    def __init__(self, client: Client, **config: Any) -> None:
        self._client = client
        self._config = config

    def update_config(self, **config: Any) -> None:
        self._config.update(config)

    def get_config(self) -> dict[str, Any]:
        return dict(self._config)

    async def stream(
        self,
        messages: list[dict[str, Any]],
        tool_specs: list[dict[str, Any]] | None = None,
        system_prompt: str | None = None,
        *,
        tool_choice: dict[str, Any] | None = None,
        system_prompt_content: list[dict[str, Any]] | None = None,
        **_: Any,
    ) -> AsyncIterator[Event]:
        request: dict[str, Any] = {"messages": _messages(messages), **self._config}
        if system := _system(system_prompt_content, system_prompt):
            request["system"] = system
        if tool_specs:
            request["tools"] = [_tool(spec) for spec in tool_specs]
        if tool_choice:
            request["tool_choice"] = _tool_choice(tool_choice)

        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Event | None] = asyncio.Queue()

        def put(event: Event | None) -> None:
            loop.call_soon_threadsafe(queue.put_nowait, event)

        reader = asyncio.ensure_future(asyncio.to_thread(self._read, request, put))
        yield {"messageStart": {"role": "assistant"}}
        blocks = _Blocks()
        while (event := await queue.get()) is not None:
            for converted in blocks.convert(event):
                yield converted
        await reader  # raises what the thread raised

    def _read(
        self, request: dict[str, Any], put: Callable[[Event | None], None]
    ) -> None:
        """Puts each event, and None at the end, whatever happens."""
        source = self._client
        try:
            with (
                httpx.Client(
                    base_url=source.http.base_url, timeout=source.http.timeout
                ) as http,
                http.stream(
                    "POST", STREAM, json=request, headers=source.headers
                ) as resp,
            ):
                resp.raise_for_status()
                for line in resp.iter_lines():
                    if line.startswith("data: "):
                        put(json.loads(line[len("data: ") :]))
        finally:
            put(None)


class _Blocks:
    """Converts the gateway's events to Strands', which number content blocks."""

    def __init__(self) -> None:
        self._index = 0
        self._in_text = False

    def convert(self, event: Event) -> Iterator[Event]:
        match event.get("type"):
            case "content_delta":
                if not self._in_text:
                    self._in_text = True
                    yield self._start({})
                yield self._delta({"text": event["delta"]})
            case "tool_use_start":
                yield from self._end_text()
                call = {
                    "toolUseId": event.get("id", str(uuid.uuid4())),
                    "name": event["name"],
                }
                yield self._start({"toolUse": call})
                if event.get("input"):
                    yield self._arguments(json.dumps(event["input"]))
            case "tool_use_delta":
                yield self._arguments(event["delta"])
            case "tool_use_complete":
                yield self._arguments(json.dumps(event.get("input", {})))
                yield self._stop()
            case "message_stop":
                yield from self._end_text()
                yield {
                    "messageStop": {"stopReason": event.get("stop_reason", "end_turn")}
                }
            case "metadata":
                usage = event.get("usage", {})
                tokens = {
                    "inputTokens": usage.get("input_tokens", 0),
                    "outputTokens": usage.get("output_tokens", 0),
                }
                yield {"metadata": {"usage": tokens}}

    def _start(self, start: dict[str, Any]) -> Event:
        return {"contentBlockStart": {"contentBlockIndex": self._index, "start": start}}

    def _delta(self, delta: dict[str, Any]) -> Event:
        return {"contentBlockDelta": {"contentBlockIndex": self._index, "delta": delta}}

    def _arguments(self, text: str) -> Event:
        return self._delta({"toolUse": {"input": text}})

    def _stop(self) -> Event:
        stopped = self._index
        self._index += 1
        return {"contentBlockStop": {"contentBlockIndex": stopped}}

    def _end_text(self) -> Iterator[Event]:
        if self._in_text:
            self._in_text = False
            yield self._stop()


def _messages(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A turn with tool results loses its text; reasoning is dropped."""
    converted = []
    for message in messages:
        role, blocks = message.get("role", "user"), message.get("content", [])
        text = "\n".join(b["text"] for b in blocks if "text" in b)
        calls = [_call(b["toolUse"]) for b in blocks if "toolUse" in b]
        results = [_result(b["toolResult"]) for b in blocks if "toolResult" in b]
        if results:
            converted.append({"tool_results": results})
        elif calls:
            converted.append({"role": role, "content": text, "tool_calls": calls})
        else:
            converted.append({"role": role, "content": text})
    return converted


def _call(use: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": use["toolUseId"],
        "name": use["name"],
        "input": use.get("input", {}),
    }


def _result(result: dict[str, Any]) -> dict[str, Any]:
    """The status is lost: a failed tool looks like one that succeeded."""
    content = ""
    for block in result.get("content", []):
        if "text" in block:
            content += block["text"]
        elif "json" in block:
            content += json.dumps(block["json"])
    return {"tool_use_id": result["toolUseId"], "content": content}


def _system(blocks: list[dict[str, Any]] | None, text: str | None) -> str | None:
    parts = [b["text"] for b in blocks or [] if "text" in b]
    return "\n".join(parts) if parts else text


def _tool(spec: dict[str, Any]) -> dict[str, Any]:
    schema = spec.get("inputSchema", {})
    return {
        "name": spec["name"],
        "description": spec.get("description", ""),
        "input_schema": schema.get("json", schema),
    }


def _tool_choice(choice: dict[str, Any]) -> str:
    if "any" in choice:
        return "any"
    if "tool" in choice:
        return choice["tool"].get("name", "auto")
    return "auto"
