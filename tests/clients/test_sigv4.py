"""SDKs of OpenAI and Anthropic for Bedrock: they sign, which the sidecar ignores."""

from typing import Any

from anthropic import AnthropicBedrockMantle
from openai import BedrockOpenAI

from conftest import System

MODEL = "us.anthropic.claude-sonnet-4-20250514-v1:0"
KEYS: Any = {"aws_region": "eu-west-3", "aws_session_token": "none"}
MESSAGES: Any = [{"role": "user", "content": "What is 2+2?"}]


class TestBedrockOpenAI:
    def client(self, system: System) -> BedrockOpenAI:
        return BedrockOpenAI(
            base_url=system.url + "/openai/v1",
            aws_access_key_id="none",
            aws_secret_access_key="none",
            **KEYS,
        )

    def test_whole(self, system: System) -> None:
        answer = self.client(system).chat.completions.create(
            model=MODEL, messages=MESSAGES
        )
        assert answer.choices[0].message.content == "2 + 2 = 4."

    def test_stream(self, system: System) -> None:
        chunks = self.client(system).chat.completions.create(
            model=MODEL, messages=MESSAGES, stream=True
        )
        texts = [c.delta.content or "" for chunk in chunks for c in chunk.choices]
        assert "".join(texts) == "2 + 2 = 4."

    def test_signs(self, system: System) -> None:
        """Otherwise the tests above say nothing about signatures."""
        raw = self.client(system).chat.completions.with_raw_response.create(
            model=MODEL, messages=MESSAGES
        )
        sent = raw.http_request.headers["authorization"]
        assert sent.startswith("AWS4-HMAC-SHA256 Credential=none/")


class TestAnthropicBedrockMantle:
    def client(self, system: System) -> AnthropicBedrockMantle:
        return AnthropicBedrockMantle(
            base_url=system.url + "/anthropic",
            aws_access_key="none",
            aws_secret_key="none",
            **KEYS,
        )

    def test_whole(self, system: System) -> None:
        answer = self.client(system).messages.create(
            model=MODEL, max_tokens=1000, messages=MESSAGES
        )
        assert answer.content[0].text == "2 + 2 = 4."

    def test_stream(self, system: System) -> None:
        with self.client(system).messages.stream(
            model=MODEL, max_tokens=1000, messages=MESSAGES
        ) as stream:
            assert stream.get_final_text() == "2 + 2 = 4."

    def test_signs(self, system: System) -> None:
        raw = self.client(system).messages.with_raw_response.create(
            model=MODEL, max_tokens=1000, messages=MESSAGES
        )
        sent = raw.http_request.headers["authorization"]
        assert sent.startswith("AWS4-HMAC-SHA256 Credential=none/")
