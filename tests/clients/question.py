"""A question for a client, and what a program that uses the client sees of the answer."""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Question:
    """A prompt, knobs of the fake Bedrock, and Python functions as tools.

    Tools take strings and return one. Each client calls them, and sends their results
    back, until the model answers without a call.
    """

    prompt: str = "hello"
    knobs: dict[str, str] = field(default_factory=dict)
    tools: tuple[Callable[..., str], ...] = ()

    def fields(self) -> dict[str, Any]:
        """The members of a request that set the knobs; base64 allows any character."""
        knobs = {"pace": "0s"} | self.knobs
        return {
            "request_metadata": {
                f"fake.{name}.base64": base64.b64encode(value.encode()).decode()
                for name, value in knobs.items()
            }
        }

    def call(self, name: str, arguments: dict[str, Any]) -> str:
        """Calls a tool."""
        return {t.__name__: t for t in self.tools}[name](**arguments)


@dataclass
class Seen:
    """What a program sees. text, reasoning and stop_reason are the last turn's."""

    text: str = ""
    reasoning: str = ""
    calls: list[tuple[str, Any]] = field(default_factory=list)  # name and input
    stop_reason: str | None = None
    error: Exception | None = None  # what the client raised
    hangs: bool = False  # the client would wait for ever
    error_event: dict[str, Any] | None = None  # only plain_stream sees it
    events: list[str] = field(default_factory=list)  # types, only of plain_stream

    @contextmanager
    def note_error(self) -> Iterator[None]:
        """Sets error to what the client raises."""
        try:
            yield
        except Exception as e:  # noqa: BLE001
            self.error = e
