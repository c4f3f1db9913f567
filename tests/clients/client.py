"""The gateway's Python client, as far as a model call needs it, re-created on httpx.

It behaves on the wire like agentic-primitives-gateway-client 0.1.0 (public, Apache-2.0:
agentic-community/agentic-primitives-gateway, commit be0d816). No package index
has it. Headers, retries, line splitting and errors must stay as they are there, faults
included: the tests show what a program that uses that client sees.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from typing import Any

import httpx

COMPLETIONS = "/api/v1/llm/completions"
STREAM = "/api/v1/llm/completions/stream"


class AgenticPlatformError(Exception):
    """An answer with a status of 400 or more."""

    def __init__(self, status_code: int, detail: Any) -> None:
        super().__init__(f"HTTP {status_code}: {detail}")
        self.status_code = status_code
        self.detail = detail


class Client:
    """The client. Only whole answers are retried; streams never are."""

    def __init__(
        self,
        base_url: str,
        timeout: float = 30.0,
        max_retries: int = 3,
        retry_backoff: float = 0.5,
        retry_status_codes: frozenset[int] = frozenset({502, 503, 504}),
        **httpx_kwargs: Any,
    ) -> None:
        self.http = httpx.AsyncClient(
            base_url=base_url, timeout=timeout, **httpx_kwargs
        )
        self.headers: dict[str, str] = {}
        self._max_retries = max_retries
        self._retry_backoff = retry_backoff
        self._retry_status_codes = retry_status_codes

    def set_aws_credentials(self, key: str, secret: str, token: str = "") -> None:
        self.headers["x-aws-access-key-id"] = key
        self.headers["x-aws-secret-access-key"] = secret
        if token:
            self.headers["x-aws-session-token"] = token

    def set_provider(self, name: str) -> None:
        self.headers["x-provider"] = name

    async def close(self) -> None:
        await self.http.aclose()

    async def get(self, path: str) -> Any:
        """The pages: models, providers, their status, health, readiness."""
        return self._read(await self._request("GET", path))

    async def completions(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._read(await self._request("POST", COMPLETIONS, json=request))

    async def completions_stream(
        self, request: dict[str, Any]
    ) -> AsyncIterator[dict[str, Any]]:
        """Yields events. aiter_lines cuts where str.splitlines does."""
        async with self.http.stream(
            "POST", STREAM, headers=self.headers, json=request
        ) as resp:
            if resp.status_code >= 400:
                await resp.aread()
                raise _error(resp)
            async for line in resp.aiter_lines():
                if line.startswith("data: "):
                    yield json.loads(line[len("data: ") :])

    async def _request(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        """Makes up to 1 + max_retries attempts."""
        for attempt in range(self._max_retries + 1):
            last = attempt == self._max_retries
            try:
                resp = await self.http.request(
                    method, path, headers=self.headers, **kwargs
                )
            except httpx.TransportError:
                if last:
                    raise
            else:
                if last or resp.status_code not in self._retry_status_codes:
                    return resp
            jitter = random.random() * self._retry_backoff
            await asyncio.sleep(self._retry_backoff * 2**attempt + jitter)
        raise AssertionError("unreachable")

    @staticmethod
    def _read(resp: httpx.Response) -> Any:
        if resp.status_code >= 400:
            raise _error(resp)
        return resp.json()


def _error(resp: httpx.Response) -> AgenticPlatformError:
    try:
        return AgenticPlatformError(
            resp.status_code, resp.json().get("detail", resp.text)
        )
    except (ValueError, AttributeError):
        return AgenticPlatformError(resp.status_code, resp.text)
