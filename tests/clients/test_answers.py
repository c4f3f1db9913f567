"""Whole answers, streams, tools and reasoning, with each client."""

import pytest
from langchain_core.messages import HumanMessage

from ask import CLIENTS, ask
from ask_langchain import NO_KEEPALIVE
from client import Client
from conftest import System
from langchain_model import LangChainModel
from question import Question
from tools import get_weather

# langchain stream names each call twice; see test_faults.py.
WITH_TOOLS = [name for name in CLIENTS if name != "langchain stream"]


@pytest.mark.parametrize("client", CLIENTS)
def test_answer(system: System, client: str) -> None:
    seen = ask(system, client, Question("What is 2+2?"))
    assert (seen.text, seen.stop_reason) == ("2 + 2 = 4.", "end_turn")
    assert seen.error is None


@pytest.mark.parametrize("client", CLIENTS)
def test_stop_reason(system: System, client: str) -> None:
    knobs = {"stop-reason": "content_filtered"}
    seen = ask(system, client, Question("What is 2+2?", knobs))
    assert (seen.text, seen.stop_reason) == ("2 + 2 = 4.", "content_filtered")


@pytest.mark.parametrize("client", CLIENTS)
def test_stream_without_usage(system: System, client: str) -> None:
    """Strands adds up the counts, and cannot add null."""
    seen = ask(system, client, Question("What is 2+2?", {"fault": "no-metadata"}))
    assert (seen.text, seen.stop_reason) == ("2 + 2 = 4.", "end_turn")
    assert seen.error is None


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("fault", ["unknown-event", "unknown-delta"])
def test_unknown_parts_hide_nothing(system: System, client: str, fault: str) -> None:
    seen = ask(system, client, Question("What is 2+2?", {"fault": fault, "at": "3"}))
    assert (seen.text, seen.stop_reason) == ("2 + 2 = 4.", "end_turn")
    assert seen.error is None


def test_stream_comes_in_pieces(system: System) -> None:
    seen = ask(system, "plain stream", Question(knobs={"tokens": "7"}))
    assert seen.events == ["content_delta"] * 7 + ["message_stop", "metadata"]


def test_langchain_stream_comes_in_pieces(system: System) -> None:
    model = LangChainModel(client=Client(system.url, limits=NO_KEEPALIVE))
    question = [HumanMessage("What is 2+2?")]
    pieces = [chunk.text for chunk in model.stream(question) if chunk.text]
    assert len(pieces) > 1
    assert "".join(pieces) == model.invoke(question).text == "2 + 2 = 4."


@pytest.mark.parametrize("client", WITH_TOOLS)
def test_tool(system: System, client: str) -> None:
    """The second call sends the result back, and the model uses it."""
    before = system.model_calls()
    question = Question("What is the weather in Seattle?", tools=(get_weather,))
    seen = ask(system, client, question)
    assert seen.calls == [("get_weather", {"city": "Seattle"})]
    assert seen.text == "get_weather (Seattle) says: Seattle has rain"
    assert seen.stop_reason == "end_turn"
    assert system.model_calls() - before == 2


@pytest.mark.parametrize("client", WITH_TOOLS)
def test_parallel_tools(system: System, client: str) -> None:
    question = Question(
        "What is the weather in Seattle and Paris?", tools=(get_weather,)
    )
    seen = ask(system, client, question)
    assert seen.calls == [
        ("get_weather", {"city": "Seattle"}),
        ("get_weather", {"city": "Paris"}),
    ]
    assert seen.text.splitlines() == [
        "get_weather (Seattle) says: Seattle has rain",
        "get_weather (Paris) says: Paris has rain",
    ]


@pytest.mark.parametrize("client", CLIENTS)
def test_reasoning(system: System, client: str) -> None:
    """The models ignore reasoning, and lose nothing else."""
    knobs = {"reasoning": "The user wants a sum."}
    seen = ask(system, client, Question("What is 2+2?", knobs))
    plain = client.startswith("plain")
    assert seen.reasoning == ("The user wants a sum." if plain else "")
    assert (seen.text, seen.stop_reason) == ("2 + 2 = 4.", "end_turn")


@pytest.mark.parametrize("client", WITH_TOOLS)
def test_reasoning_before_a_tool(system: System, client: str) -> None:
    """The turn is sent back without its reasoning, and is accepted."""
    knobs = {"reasoning": "The user wants rain."}
    question = Question("What is the weather in Seattle?", knobs, (get_weather,))
    seen = ask(system, client, question)
    assert seen.calls == [("get_weather", {"city": "Seattle"})]
    assert seen.text == "get_weather (Seattle) says: Seattle has rain"
