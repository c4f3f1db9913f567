"""The gateway's clients, and how tests ask with each."""

from collections.abc import Callable
from typing import Any

from ask_langchain import langchain, langchain_stream
from ask_plain import plain, plain_stream
from ask_strands import strands_agent
from conftest import System
from question import Question, Seen

CLIENTS: dict[str, Callable[..., Seen]] = {
    "plain": plain,
    "plain stream": plain_stream,
    "strands": strands_agent,
    "langchain": langchain,
    "langchain stream": langchain_stream,
}


def ask(system: System, client: str, question: Question, **settings: Any) -> Seen:
    """Asks with a client of the table CLIENTS."""
    return CLIENTS[client](system.url, question, **settings)
