"""What each client sees of a stream that fails."""

from collections.abc import Iterator

import pytest

from ask import ask
from conftest import System, running
from question import Question, Seen
from tools import get_weather

# After three pieces of text, inside the input of a tool, and before the first event.
FAILURES = {
    "in text": Question(knobs={"fault": "modelStreamError", "at": "4", "tokens": "9"}),
    "in tool call": Question(
        "What is the weather in Seattle?",
        {"fault": "modelStreamError", "at": "10"},
        (get_weather,),
    ),
    "early": Question(knobs={"fault": "throttling"}),
}

CLIENTS = ("plain stream", "strands", "langchain stream")

# For each setting of the sidecar, what the CLIENTS see; see outcome. docs/gateway-client.md
# advises from this table.
STOPPED = 'stop_reason "error"'
STATUS = ("raises AgenticPlatformError", "raises HTTPStatusError", "hangs")
EVENT = {
    "in text": ("error event", "looks finished, text lost", "looks finished"),
    "in tool call": ("error event", "looks finished", "tool call without input"),
    "early": STATUS,
}
STOP_ERROR = {
    "in text": (f"error event, {STOPPED}", STOPPED, STOPPED),
    "in tool call": (
        f"error event, {STOPPED}",
        STOPPED,
        f"tool call without input, {STOPPED}",
    ),
    "early": STATUS,
}
ENDINGS = {
    "": STOP_ERROR,
    "failed_streams: auto": STOP_ERROR,
    "failed_streams: stop_error": STOP_ERROR,
    "failed_streams: event": EVENT,
    "failed_streams: reset": {
        "in text": ("raises RemoteProtocolError",) * 2 + ("hangs",),
        "in tool call": ("raises RemoteProtocolError",) * 2 + ("hangs",),
        "early": STATUS,
    },
    "early_errors: event": STOP_ERROR
    | {"early": ("error event", "looks finished", "raises ValueError")},
}


@pytest.fixture(scope="module", params=ENDINGS)
def setting(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def with_setting(
    setting: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    file = tmp_path_factory.mktemp("config") / "config.yaml"
    file.write_text(f"bedrock_extproc: {{{setting}}}\n")
    with running(str(file)) as system:
        yield system


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("client", CLIENTS)
def test_ending(with_setting: System, setting: str, client: str, failure: str) -> None:
    seen = ask(with_setting, client, FAILURES[failure])
    text_lost = failure == "in text" and seen.text != "the stand in"
    expected = ENDINGS[setting][failure][CLIENTS.index(client)]
    assert outcome(seen, text_lost) == expected


def outcome(seen: Seen, text_lost: bool) -> str:
    """What a program can notice, in words."""
    if seen.hangs:
        return "hangs"
    notices = ["error event"] if seen.error_event else []
    if seen.calls:  # the tool itself fails
        assert seen.calls == [("get_weather", {})]
        notices.append("tool call without input")
    elif seen.error:
        return f"raises {type(seen.error).__name__}"
    if seen.stop_reason == "error":
        notices.append('stop_reason "error"')
    if not notices:
        notices.append("looks finished")
    if text_lost:
        notices.append("text lost")
    return ", ".join(notices)
