"""LangChain's own suite for chat models, with its models for three APIs."""

import zlib
from types import SimpleNamespace
from typing import Any

import anthropic
import httpx
import openai
import pytest
from botocore.exceptions import ClientError
from langchain_anthropic import ChatAnthropic
from langchain_aws import ChatBedrockConverse
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests

from conftest import System

MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
NO_URLS = "Converse takes images as bytes, not as URLs, and the sidecar fetches nothing"
NO_URL_ERRORS = openai.BadRequestError, anthropic.BadRequestError, ValueError
OTHER = "us.anthropic.claude-haiku-4-5-20251001-v1:0"


class Suite(ChatModelIntegrationTests):
    """The suite, with everything that a model may be able to do switched on."""

    supports_json_mode = True
    supports_image_inputs = True
    supports_image_urls = False  # see test_image_urls
    supports_image_tool_message = True
    supports_pdf_inputs = True
    supports_pdf_tool_message = True
    supports_audio_inputs = True
    supports_anthropic_inputs = True
    enable_vcr_tests = True
    model_override_value = OTHER

    @pytest.fixture(autouse=True)
    def _listener(self, system: System, monkeypatch: pytest.MonkeyPatch) -> None:
        self.url = system.url
        monkeypatch.setattr(httpx, "get", download)

    @pytest.fixture
    def vcr(self) -> SimpleNamespace:
        """No recording: test_stream_time reads a stream of the listener."""
        return SimpleNamespace(responses=[])

    @pytest.mark.xfail(reason=NO_URLS, raises=NO_URL_ERRORS, strict=True)
    def test_image_urls(self, model: BaseChatModel) -> None:
        self.supports_image_urls = True
        self.test_image_inputs(model)


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return len(data).to_bytes(4) + kind + data + crc.to_bytes(4)

    head = (1).to_bytes(4) * 2 + bytes([8, 2, 0, 0, 0])
    pixel = zlib.compress(bytes(4))
    parts = chunk(b"IHDR", head), chunk(b"IDAT", pixel), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def download(url: str, **_: Any) -> httpx.Response:
    """Stands in for the network."""
    content = {"png": png(), "pdf": b"%PDF-1.4\n%%EOF\n", "wav": b"RIFF....WAVE"}
    return httpx.Response(200, content=content[url.rpartition(".")[2]])


class TestChatOpenAI(Suite):
    chat_model_class = ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {
            "model": MODEL,
            "base_url": self.url + "/v1",
            "api_key": "none",
            "stream_usage": True,
        }


class TestChatAnthropic(Suite):
    chat_model_class = ChatAnthropic

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": MODEL, "base_url": self.url, "api_key": "none"}

    @pytest.mark.xfail(reason="it sends no audio", raises=ValueError, strict=True)
    def test_audio_inputs(self, model: BaseChatModel) -> None:
        super().test_audio_inputs(model)


NO_OVERRIDE = "it takes no other model for one call"
FILE_NAME = "it sends the name test_file.pdf, and Converse accepts no dot in a name"


class TestChatBedrockConverse(Suite):
    chat_model_class = ChatBedrockConverse

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {
            "model": MODEL,
            "base_url": self.url,
            "region_name": "us-east-1",
            "aws_access_key_id": "none",
            "aws_secret_access_key": "none",
        }

    @pytest.mark.xfail(reason=NO_OVERRIDE, raises=TypeError, strict=True)
    def test_invoke_with_model_override(self, model: BaseChatModel) -> None:
        super().test_invoke_with_model_override(model)

    @pytest.mark.xfail(reason=NO_OVERRIDE, raises=TypeError, strict=True)
    async def test_ainvoke_with_model_override(self, model: BaseChatModel) -> None:
        await super().test_ainvoke_with_model_override(model)

    @pytest.mark.xfail(reason=NO_OVERRIDE, raises=TypeError, strict=True)
    def test_stream_with_model_override(self, model: BaseChatModel) -> None:
        super().test_stream_with_model_override(model)

    @pytest.mark.xfail(reason=NO_OVERRIDE, raises=TypeError, strict=True)
    async def test_astream_with_model_override(self, model: BaseChatModel) -> None:
        await super().test_astream_with_model_override(model)

    @pytest.mark.xfail(reason=FILE_NAME, raises=ClientError, strict=True)
    def test_pdf_inputs(self, model: BaseChatModel) -> None:
        super().test_pdf_inputs(model)

    @pytest.mark.xfail(reason="it sends no audio", raises=ValueError, strict=True)
    def test_audio_inputs(self, model: BaseChatModel) -> None:
        super().test_audio_inputs(model)
