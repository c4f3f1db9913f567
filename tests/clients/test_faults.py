"""Faults of the gateway's client and models themselves, which callers must know.

If one of these tests fails after a change of the sidecar, the fault may be gone:
docs/gateway-client.md names each.
"""

import asyncio
from typing import Any

import httpx
import pytest
from langchain_core.messages import HumanMessage

from ask import ask
from ask_langchain import NO_KEEPALIVE, AskingClient
from conftest import System
from langchain_model import LangChainModel
from question import Question
from tools import get_weather


def test_langchain_stream_names_a_tool_twice(system: System) -> None:
    """It adds up the names of tool_use_start and tool_use_complete."""
    question = Question(
        "What is the weather in Seattle and Paris?", tools=(get_weather,)
    )
    seen = ask(system, "langchain stream", question)
    assert seen.calls == [
        ("get_weatherget_weather", {"city": "Seattle"}),
        ("get_weatherget_weather", {"city": "Paris"}),
    ]


KEEPS_NO_CONNECTION = [
    {"limits": NO_KEEPALIVE},
    {"headers": {"connection": "close"}},
]


def model_and_question(
    system: System, **settings: Any
) -> tuple[LangChainModel, list[Any]]:
    client = AskingClient(Question(), system.url, **settings)
    return LangChainModel(client=client), [HumanMessage("What is 2+2?")]


def test_langchain_second_call_fails(system: System) -> None:
    """The connection of the first call belongs to an event loop that is closed."""
    model, question = model_and_question(system)
    model.invoke(question)
    with pytest.raises(RuntimeError, match="Event loop is closed"):
        model.invoke(question)


def test_langchain_second_stream_hangs(system: System) -> None:
    model, question = model_and_question(system)
    list(model.stream(question))
    with pytest.raises(asyncio.CancelledError):  # see AskingClient
        list(model.stream(question))


@pytest.mark.parametrize("settings", KEEPS_NO_CONNECTION, ids=lambda s: next(iter(s)))
def test_langchain_calls_without_kept_connections(
    system: System, settings: dict[str, Any]
) -> None:
    model, question = model_and_question(system, **settings)
    for _ in range(2):
        assert model.invoke(question).text == "2 + 2 = 4."
        assert "".join(c.text for c in model.stream(question)) == "2 + 2 = 4."


def test_client_repeats_after_its_own_time_limit(system: System) -> None:
    """An answer that takes longer runs the model four times."""
    before = system.model_calls()
    question = Question(knobs={"delay": "20s"})
    seen = ask(system, "plain", question, timeout=0.5)
    assert isinstance(seen.error, httpx.ReadTimeout)
    assert system.model_calls() - before == 4
