"""The gateway client's chat model for LangChain, re-created.

It behaves like models/llmgateway/langchain.py of agentic-primitives-gateway-client 0.1.0
(public, Apache-2.0; see client.py): each call runs the asynchronous client in an event
loop of its own; a stream that fails never ends; tool calls are added up from both
tool_use_start and tool_use_complete, all with index 0.
"""

import asyncio
import json
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.utils.function_calling import convert_to_openai_tool


class LangChainModel(BaseChatModel):
    """A chat model. client is a client.Client."""

    client: Any = None
    model_name: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None

    @property
    def _llm_type(self) -> str:
        return "gateway"

    def bind_tools(
        self, tools: Sequence[Any], *, tool_choice: str | None = None, **kwargs: Any
    ) -> Runnable:
        if tool_choice is not None:
            kwargs["tool_choice"] = tool_choice  # _request does not send it
        return self.bind(tools=[convert_to_openai_tool(t) for t in tools], **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,
        **kwargs: Any,
    ) -> ChatResult:
        request = self._request(messages, stop, **kwargs)
        loop = asyncio.new_event_loop()
        try:
            answer = loop.run_until_complete(self.client.completions(request))
        finally:
            loop.close()
        return _result(answer)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        request = self._request(messages, stop, **kwargs)
        loop = asyncio.new_event_loop()
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

        async def drain() -> None:
            # Without a finally: after a failure queue.get below waits for ever.
            async for event in self.client.completions_stream(request):
                await queue.put(event)
            await queue.put(None)

        try:
            draining = loop.create_task(drain())
            while (event := loop.run_until_complete(queue.get())) is not None:
                chunk = _chunk(event)
                if chunk is not None:
                    if run_manager:
                        run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                    yield chunk
            loop.run_until_complete(draining)
        finally:
            loop.close()

    def _request(
        self, messages: list[BaseMessage], stop: list[str] | None, **kwargs: Any
    ) -> dict[str, Any]:
        request: dict[str, Any] = {"messages": []}
        for message in messages:
            if isinstance(message, SystemMessage):
                request["system"] = str(message.content)
            else:
                request["messages"].append(_message(message))
        fields = {
            "model": self.model_name,
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
        }
        request |= {name: v for name, v in fields.items() if v is not None}
        if "tools" in kwargs:
            request["tools"] = [_tool(t["function"]) for t in kwargs["tools"]]
        if stop:
            request["stop"] = stop
        return request


def _message(message: BaseMessage) -> dict[str, Any]:
    content = message.content
    if isinstance(message, ToolMessage):
        text = content if isinstance(content, str) else json.dumps(content)
        result = {"tool_use_id": message.tool_call_id, "content": text}
        return {"tool_results": [result]}
    if isinstance(message, HumanMessage):
        return {"role": "user", "content": str(content)}
    assert isinstance(message, AIMessage)
    converted: dict[str, Any] = {"role": "assistant", "content": str(content)}
    if message.tool_calls:
        converted["tool_calls"] = [
            {"id": c["id"], "name": c["name"], "input": c["args"]}
            for c in message.tool_calls
        ]
    return converted


def _tool(function: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": function["name"],
        "description": function.get("description", ""),
        "input_schema": function.get("parameters", {}),
    }


def _result(answer: dict[str, Any]) -> ChatResult:
    usage = answer.get("usage", {})
    message = AIMessage(
        content=answer.get("content", ""),
        tool_calls=[
            {"id": c["id"], "name": c["name"], "args": c.get("input", {})}
            for c in answer.get("tool_calls") or []
        ],
    )
    info = {"stop_reason": answer.get("stop_reason"), "usage": usage}
    return ChatResult(
        generations=[ChatGeneration(message=message, generation_info=info)],
        llm_output={"model": answer.get("model", ""), "usage": usage},
    )


def _chunk(event: dict[str, Any]) -> ChatGenerationChunk | None:
    match event.get("type"):
        case "content_delta":
            return ChatGenerationChunk(
                message=AIMessageChunk(content=event.get("delta", ""))
            )
        case "tool_use_start":
            return _call_chunk(event["name"], "", event.get("id", ""))
        case "tool_use_complete":
            arguments = event.get("input", {})
            if not isinstance(arguments, dict):
                return _call_chunk(
                    event.get("name", ""), str(arguments), event.get("id", "")
                )
            return _call_chunk(
                event.get("name", ""), json.dumps(arguments), event.get("id", "")
            )
        case "tool_use_delta":
            return _call_chunk("", event.get("delta", ""), "")
        case "message_stop":
            return ChatGenerationChunk(
                message=AIMessageChunk(content=""),
                generation_info={"stop_reason": event.get("stop_reason", "end_turn")},
            )
    return None


def _call_chunk(name: str, arguments: str, call_id: str) -> ChatGenerationChunk:
    call = {"name": name, "args": arguments, "id": call_id, "index": 0}
    return ChatGenerationChunk(
        message=AIMessageChunk(content="", tool_call_chunks=[call])
    )
