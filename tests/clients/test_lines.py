"""Line separators inside texts. httpx cuts a stream's lines where str.splitlines does,
so that an unescaped one breaks an event in two."""

import sys

import pytest

from ask import CLIENTS, ask
from conftest import System
from question import Question
from test_answers import WITH_TOOLS
from tools import search

SEPARATORS = [
    c for c in map(chr, range(sys.maxunicode + 1)) if len(f"a{c}b".splitlines()) > 1
]
TEXT = "a" + "b".join(SEPARATORS) + "c\r\nd"


def test_separators() -> None:
    known = "\n\x0b\x0c\r\x1c\x1d\x1e\x85\u2028\u2029"
    assert "".join(SEPARATORS) == known


@pytest.mark.parametrize("client", CLIENTS)
def test_in_text(system: System, client: str) -> None:
    assert ask(system, client, Question(knobs={"text": TEXT})).text == TEXT


@pytest.mark.parametrize("client", CLIENTS)
def test_in_reasoning(system: System, client: str) -> None:
    knobs = {"reasoning": TEXT, "text": "Yes."}
    seen = ask(system, client, Question(knobs=knobs))
    assert seen.reasoning == (TEXT if client.startswith("plain") else "")
    assert seen.text == "Yes."


@pytest.mark.parametrize("client", WITH_TOOLS)
def test_in_tool_input_and_result(system: System, client: str) -> None:
    prompt = f"search {TEXT}"
    seen = ask(system, client, Question(prompt, tools=(search,)))
    assert seen.calls == [("search", {"query": prompt})]
    assert seen.text == f"search ({prompt}) says: found <{prompt}>"


def test_in_tool_input_of_langchain_stream(system: System) -> None:
    prompt = f"search {TEXT}"
    seen = ask(system, "langchain stream", Question(prompt, tools=(search,)))
    assert [arguments for _, arguments in seen.calls] == [{"query": prompt}]


@pytest.mark.parametrize("client", ["plain", "plain stream", "langchain"])
def test_in_error(system: System, client: str) -> None:
    knobs = {"fault": "validation", "message": TEXT}
    error = ask(system, client, Question(knobs=knobs)).error
    assert error is not None
    assert error.detail == TEXT


def test_in_error_event(system: System) -> None:
    knobs = {"fault": "modelStreamError", "at": "3", "message": TEXT}
    event = ask(system, "plain stream", Question(knobs=knobs)).error_event
    assert event is not None
    assert event["detail"] == TEXT


@pytest.mark.parametrize("client", ["strands", "langchain stream"])
def test_error_event_breaks_no_model(system: System, client: str) -> None:
    """The models ignore the event, and could not if they saw it cut in two."""
    knobs = {"fault": "modelStreamError", "at": "3", "message": TEXT}
    seen = ask(system, client, Question(knobs=knobs))
    assert seen.error is None
    assert not seen.hangs
