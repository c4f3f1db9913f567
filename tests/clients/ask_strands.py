"""Asks with a Strands agent, which streams, and calls the tools itself."""

import asyncio
from typing import Any

import strands

from client import Client
from question import Question, Seen
from strands_model import StrandsModel


def strands_agent(url: str, question: Question, **settings: Any) -> Seen:
    client = Client(url, **settings)
    agent = strands.Agent(
        model=StrandsModel(client, **question.fields()),
        tools=[strands.tool(tool) for tool in question.tools],
        callback_handler=None,
    )
    seen = Seen()
    with seen.note_error():
        seen.stop_reason = agent(question.prompt).stop_reason
    asyncio.run(client.close())
    _note(seen, agent.messages)
    return seen


def _note(seen: Seen, messages: list[dict[str, Any]]) -> None:
    for message in messages:
        if message["role"] != "assistant":
            continue
        blocks = message["content"]
        seen.text = "".join(b["text"] for b in blocks if "text" in b)
        uses = [b["toolUse"] for b in blocks if "toolUse" in b]
        seen.calls += [(use["name"], use["input"]) for use in uses]
