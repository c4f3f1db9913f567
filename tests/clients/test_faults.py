"""Faults of the gateway's models themselves, which callers must know.

If one of these tests fails after a change of the sidecar, the fault may be gone:
docs/clients.md names each.
"""

import httpx
import pytest
from langchain_core.messages import HumanMessage

from ask_langchain import NO_KEEPALIVE
from client import Client
from conftest import System
from langchain_model import LangChainModel
from question import Question
from tools import get_weather


def test_langchain_stream_names_a_tool_twice(system: System) -> None:
    """It adds up the names of tool_use_start and tool_use_complete."""
    question = Question(
        "What is the weather in Seattle and Paris?", tools=(get_weather,)
    )
    seen = system.ask("langchain stream", question)
    assert seen.calls == [
        ("get_weatherget_weather", {"city": "Seattle"}),
        ("get_weatherget_weather", {"city": "Paris"}),
    ]


@pytest.mark.parametrize("limits", [httpx.Limits(), NO_KEEPALIVE])
def test_langchain_second_call(system: System, limits: httpx.Limits) -> None:
    """The connection of the first call belongs to an event loop that is closed."""
    model = LangChainModel(client=Client(system.url, limits=limits))
    question = [HumanMessage("What is 2+2?")]
    model.invoke(question)
    if limits is NO_KEEPALIVE:
        assert model.invoke(question).text == "2 + 2 = 4."
        return
    with pytest.raises(RuntimeError, match="Event loop is closed"):
        model.invoke(question)
