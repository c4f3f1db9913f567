"""AWS's own client for Python, with its endpoint at the listener and without AWS keys.

docs/bedrock-api.md says what the results mean for users.
"""

import json
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

from conftest import System

MODEL = "us.amazon.nova-lite-v1:0"
ARN = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/" + MODEL
MESSAGES = [{"role": "user", "content": [{"text": "What is 2+2?"}]}]


def bedrock(system: System, **settings: Any) -> Any:
    """A client with keys that nobody knows. It makes one attempt by default."""
    return boto3.client(
        "bedrock-runtime",
        region_name="eu-west-3",
        endpoint_url=system.url,
        aws_access_key_id="dummy",
        aws_secret_access_key="dummy",
        config=Config(**({"retries": {"total_max_attempts": 1}} | settings)),
    )


def text_of(reply: dict[str, Any]) -> str:
    return reply["output"]["message"]["content"][0]["text"]


def ask_stream(client: Any, model: str) -> list[dict[str, Any]]:
    return list(client.converse_stream(modelId=model, messages=MESSAGES)["stream"])


@pytest.mark.parametrize("model", [MODEL, ARN])
def test_answers(system: System, model: str) -> None:
    client = bedrock(system)
    reply = client.converse(modelId=model, messages=MESSAGES)
    assert "4" in text_of(reply)
    assert reply["stopReason"] == "end_turn"
    assert reply["ResponseMetadata"]["RequestId"]
    events = ask_stream(client, model)
    deltas = [e["contentBlockDelta"] for e in events if "contentBlockDelta" in e]
    assert "".join(d["delta"]["text"] for d in deltas) == text_of(reply)
    assert events[-1]["metadata"]["usage"] == reply["usage"]


def test_count_tokens(system: System) -> None:
    counted = bedrock(system).count_tokens(
        modelId="anthropic.claude-sonnet-4-20250514-v1:0",
        input={"converse": {"messages": MESSAGES}},
    )
    assert counted["inputTokens"] > 0


EXCEPTIONS = {
    "accessDenied": ("AccessDeniedException", 403),
    "internalServer": ("InternalServerException", 500),
    "modelError": ("ModelErrorException", 424),
    "modelNotReady": ("ModelNotReadyException", 429),
    "modelTimeout": ("ModelTimeoutException", 408),
    "resourceNotFound": ("ResourceNotFoundException", 404),
    "serviceUnavailable": ("ServiceUnavailableException", 503),
    "throttling": ("ThrottlingException", 429),
    "validation": ("ValidationException", 400),
}


@pytest.mark.parametrize("fault", EXCEPTIONS)
def test_exceptions(system: System, fault: str) -> None:
    name, status = EXCEPTIONS[fault]
    client = bedrock(system)
    model = f"{MODEL}#fault={fault}"
    for operation in (client.converse, client.converse_stream):
        with pytest.raises(getattr(client.exceptions, name)) as raised:
            operation(modelId=model, messages=MESSAGES)
        assert raised.value.response["Error"]["Message"]
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_unknown_model_id(system: System) -> None:
    with pytest.raises(ClientError, match=r"ValidationException.*modelId: "):
        bedrock(system).converse(modelId="a model", messages=MESSAGES)


def test_unknown_operation(system: System) -> None:
    with pytest.raises(ClientError, match="UnknownOperationException.*Converse"):
        bedrock(system).invoke_model(modelId=MODEL, body=b"{}")


IN_STREAMS = {
    "internalServer": "internalServerException",
    "modelStreamError": "modelStreamErrorException",
    "serviceUnavailable": "serviceUnavailableException",
    "throttling": "throttlingException",
    "validation": "validationException",
    "cut": "internalServerException",
}


@pytest.mark.parametrize("fault", IN_STREAMS)
def test_exceptions_in_streams(system: System, fault: str) -> None:
    with pytest.raises(EventStreamError, match=IN_STREAMS[fault]):
        ask_stream(bedrock(system), f"{MODEL}#fault={fault}&at=3")


# Model calls of one question where a model may have worked: those of the sidecar alone.
WORKED = {"modelTimeout": 1, "modelError": 2, "json-200": 1, "cut&at=3": 2}


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
@pytest.mark.parametrize("fault", WORKED)
def test_finished_work_is_not_repeated(system: System, fault: str, mode: str) -> None:
    client = bedrock(system, retries={"mode": mode, "max_attempts": 3})
    before = system.model_calls()
    with pytest.raises(ClientError):
        client.converse(modelId=f"{MODEL}#fault={fault}", messages=MESSAGES)
    assert system.model_calls() - before == WORKED[fault]


CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
TOOLS = {
    "tools": [
        {
            "toolSpec": {
                "name": "get_weather",
                "inputSchema": {
                    "json": {
                        "type": "object",
                        "properties": {"city": {"type": "string"}},
                        "required": ["city"],
                    }
                },
            }
        }
    ]
}
DOCUMENT = {
    "name": "Nature",
    "format": "txt",
    "source": {"text": "Grass is green."},
    "citations": {"enabled": True},
}
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
FORMAT = {
    "type": "json_schema",
    "structure": {"jsonSchema": {"name": "person", "schema": json.dumps(PERSON)}},
}
THINKING = {"thinking": {"type": "enabled", "budget_tokens": 1024}}


def ask(text: str, *content: Any, **more: Any) -> Any:
    messages = [{"role": "user", "content": [*content, {"text": text}]}]
    return {"modelId": CLAUDE, "messages": messages, **more}


ANSWERS = {
    "text": ask("What is 2+2?"),
    "long text": ask("Explain quantum computing"),
    "tool": ask("What is the weather in Seattle?", toolConfig=TOOLS),
    "two tools": ask("What is the weather in Seattle and Paris?", toolConfig=TOOLS),
    "thinking": ask("What is 2+2?", additionalModelRequestFields=THINKING),
    "citations": ask("Which colour has grass?", {"document": DOCUMENT}),
    "structured": ask("Describe Ada.", outputConfig={"textFormat": FORMAT}),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_stream_adds_up(system: System, answer: str) -> None:
    client = bedrock(system)
    whole = client.converse(**ANSWERS[answer])
    added = add_up(client.converse_stream(**ANSWERS[answer])["stream"])
    assert added == without_ids(whole["output"]["message"]["content"]) + [
        {"stopReason": whole["stopReason"]},
        {"usage": whole["usage"]},
    ]


def add_up(events: Any) -> list[Any]:
    """The blocks of a stream, its stop reason and usage."""
    blocks: list[dict[str, Any]] = []
    end = []
    for event in events:
        [(name, body)] = event.items()
        if name == "contentBlockStart":
            call = body["start"]["toolUse"]
            blocks.append({"toolUse": {"name": call["name"], "input": ""}})
        elif name == "contentBlockDelta":
            if len(blocks) == body["contentBlockIndex"]:
                blocks.append({})
            add(blocks[-1], body["delta"])
        elif name == "messageStop":
            end.append({"stopReason": body["stopReason"]})
        elif name == "metadata":
            end.append({"usage": body["usage"]})
    return [finished(block) for block in blocks] + end


def add(block: dict[str, Any], delta: dict[str, Any]) -> None:
    [(kind, value)] = delta.items()
    if kind == "text":
        block["text"] = block.get("text", "") + value
    elif kind == "citation":
        block.setdefault("citations", []).append(value)
    else:
        members = block.setdefault(kind, {})
        for name, piece in value.items():
            members[name] = members.get(name, "") + piece


def finished(block: dict[str, Any]) -> dict[str, Any]:
    """A block of a stream as it is in a whole answer."""
    if "toolUse" in block:
        block["toolUse"]["input"] = json.loads(block["toolUse"]["input"])
    if "reasoningContent" in block:
        return {"reasoningContent": {"reasoningText": block["reasoningContent"]}}
    if "citations" in block:
        text = [{"text": block["text"]}]
        return {"citationsContent": {"content": text, "citations": block["citations"]}}
    return block


def without_ids(blocks: list[Any]) -> list[Any]:
    for block in blocks:
        block.get("toolUse", {}).pop("toolUseId", None)
    return blocks
