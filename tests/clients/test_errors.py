"""Errors before an answer begins: their statuses, and the model calls that they cost.

The client repeats whole answers with 502, 503 and 504, up to three times, so that a
status decides how often a model runs. The sidecar makes attempts of its own.
"""

from dataclasses import dataclass

import httpx
import pytest

from ask import CLIENTS, ask
from client import AgenticPlatformError
from conftest import ROOT, System
from question import Question


@dataclass(frozen=True)
class Row:
    fault: str  # of the fake Bedrock
    status: int
    whole_calls: int  # model calls of one question
    stream_calls: int
    says: str = ""  # part of the error's detail


EXCEPTIONS = [
    Row("validation", 400, 1, 1),
    Row("accessDenied", 403, 1, 1),
    Row("resourceNotFound", 404, 1, 1),
    Row("throttling", 429, 3, 3),
    Row("serviceQuotaExceeded", 429, 1, 1),
    Row("serviceUnavailable", 503, 12, 3),
    Row("modelNotReady", 503, 12, 3),
    Row("modelError", 424, 2, 2),
    Row("modelTimeout", 500, 1, 1),
    Row("internalServer", 500, 3, 3),
]

# Answers that are broken: the model may have done its work.
BROKEN = [
    Row("cut", 500, 2, 2, "The connection to Bedrock"),
    Row("json-200", 500, 1, 1, "Bedrock"),
    Row("empty-200", 500, 2, 2, "Bedrock's answer is empty."),
    Row("html-502", 500, 3, 3, "HTTP status 502"),
    Row("bare-429", 429, 3, 3, "HTTP status 429"),
]


@pytest.mark.parametrize("row", EXCEPTIONS, ids=lambda row: row.fault)
@pytest.mark.parametrize("client", CLIENTS)
def test_exception(system: System, client: str, row: Row) -> None:
    knobs = {"fault": row.fault, "message": "Bedrock's words."}
    check(system, client, row, Question(knobs=knobs), "Bedrock's words.")


@pytest.mark.parametrize("row", BROKEN, ids=lambda row: row.fault)
@pytest.mark.parametrize("client", CLIENTS)
def test_broken_answer(system: System, client: str, row: Row) -> None:
    check(system, client, row, Question(knobs={"fault": row.fault}), row.says)


def check(system: System, client: str, row: Row, question: Question, says: str) -> None:
    before = system.model_calls()
    seen = ask(system, client, question)
    whole = client in ("plain", "langchain")
    expected = row.whole_calls if whole else row.stream_calls
    assert system.model_calls() - before == expected
    if client == "langchain stream":
        assert seen.hangs
    elif client == "strands":
        assert isinstance(seen.error, httpx.HTTPStatusError)
        assert seen.error.response.status_code == row.status
    else:
        assert isinstance(seen.error, AgenticPlatformError)
        assert seen.error.status_code == row.status
        assert says in seen.error.detail


@pytest.mark.parametrize(
    ("failure", "fault"),
    [
        ("model's timeout, or a time limit of the sidecar", "modelTimeout"),
        ("an answer that is not Converse", "json-200"),
        ("model's error", "modelError"),
        ("an answer that is cut or empty", "cut"),
        ("an answer that is cut or empty", "empty-200"),
        ("Bedrock's internal error", "internalServer"),
        ("throttled", "throttling"),
        (
            "Bedrock or the model is unavailable, and has done no work",
            "serviceUnavailable",
        ),
    ],
)
def test_page(failure: str, fault: str) -> None:
    """docs/gateway-client.md has the figures of the tables."""
    row = next(row for row in EXCEPTIONS + BROKEN if row.fault == fault)
    page = (ROOT / "docs/gateway-client.md").read_text()
    assert f"| {failure} | {row.status} | {row.whole_calls} |" in page


def test_malformed_request(system: System) -> None:
    """detail is a list, as the reference's."""

    class Odd(Question):
        def fields(self) -> dict[str, object]:
            return {"messages": "hello"}

    error = ask(system, "plain", Odd()).error
    assert isinstance(error, AgenticPlatformError)
    assert error.status_code == 422
    assert error.detail[0]["loc"] == ["body", "messages"]
