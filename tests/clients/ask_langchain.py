"""Asks with a LangChain chat model."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from functools import reduce
from operator import add
from typing import Any

import httpx
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.runnables import Runnable
from langchain_core.tools import tool as langchain_tool

from client import Client
from langchain_model import LangChainModel
from question import Question, Seen

# The model runs each call in an event loop of its own, so that a connection kept from
# an earlier call cannot be used; see test_faults.py.
NO_KEEPALIVE = httpx.Limits(max_keepalive_connections=0)

Turn = Callable[[Runnable, list[BaseMessage], Seen], AIMessage]


def langchain(url: str, question: Question, **settings: Any) -> Seen:
    """Whole answers."""

    def turn(model: Runnable, messages: list[BaseMessage], seen: Seen) -> AIMessage:
        return model.invoke(messages)

    return _ask(url, question, turn, settings)


def langchain_stream(url: str, question: Question, **settings: Any) -> Seen:
    """Streams, their chunks added up."""

    def turn(model: Runnable, messages: list[BaseMessage], seen: Seen) -> AIMessage:
        return reduce(add, _noting_text(model.stream(messages), seen))

    return _ask(url, question, turn, settings)


def _noting_text(chunks: Iterator[AIMessage], seen: Seen) -> Iterator[AIMessage]:
    seen.text = ""
    for chunk in chunks:
        seen.text += chunk.text
        yield chunk


def _ask(url: str, question: Question, turn: Turn, settings: dict[str, Any]) -> Seen:
    seen = Seen()
    settings = {"retry_backoff": 0, "limits": NO_KEEPALIVE} | settings
    client = AskingClient(question, url, **settings)
    model: Runnable = LangChainModel(client=client)
    if question.tools:
        model = model.bind_tools([langchain_tool(t) for t in question.tools])
    messages: list[BaseMessage] = [HumanMessage(question.prompt)]
    try:
        with seen.note_error():
            while True:
                answer = turn(model, messages, seen)
                seen.text = answer.text
                seen.stop_reason = answer.response_metadata.get("stop_reason")
                seen.calls += [(c["name"], c["args"]) for c in answer.tool_calls]
                if not answer.tool_calls:
                    break
                messages += [answer, *_results(question, answer)]
    except asyncio.CancelledError:
        seen.hangs = True
    asyncio.run(client.close())
    return seen


def _results(question: Question, answer: AIMessage) -> list[ToolMessage]:
    return [
        ToolMessage(question.call(c["name"], c["args"]), tool_call_id=c["id"])
        for c in answer.tool_calls
    ]


class AskingClient(Client):
    """Adds a question's fields, for which the model has no setting, and ends a hang."""

    def __init__(self, question: Question, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._fields = question.fields()

    async def completions(self, request: dict[str, Any]) -> dict[str, Any]:
        return await super().completions(request | self._fields)

    async def completions_stream(
        self, request: dict[str, Any]
    ) -> AsyncIterator[dict[str, Any]]:
        try:
            async for event in super().completions_stream(request | self._fields):
                yield event
        except Exception:
            task = asyncio.current_task()
            assert task is not None
            task.add_done_callback(_cancel_what_waits)
            raise


def _cancel_what_waits(failed: asyncio.Task[None]) -> None:
    """Cancels the tasks that wait after the model's reader has failed.

    A timer runs behind everything that is ready: a task that has an event to take is
    done before. Nothing else would ever wake one that is left. The next wait may begin
    later, so that the timer starts again.
    """
    failed.exception()  # asyncio would log one that nobody asked for
    loop = failed.get_loop()

    def cancel() -> None:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.call_later(0, cancel)

    loop.call_later(0, cancel)
