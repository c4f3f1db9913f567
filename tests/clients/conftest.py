"""Starts what "make run" runs, once for all tests."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import httpx
import pytest

ROOT = Path(__file__).parents[2]


@dataclass
class System:
    """A running Envoy with its sidecar and a fake Bedrock."""

    url: str
    bedrock: str

    def model_calls(self) -> int:
        """The number of calls that the fake Bedrock has received."""
        return httpx.get(self.bedrock + "/calls").json()["received"]


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    """The system without a configuration file."""
    with running("") as s:
        yield s


@contextmanager
def running(config: str) -> Iterator[System]:
    """Starts a system whose sidecar has a configuration file, "" for none."""
    port, envoy_admin, admin, bedrock = _free_ports(4)
    flags = {
        "--envoy": _envoy(),
        "--port": port,
        "--envoy-admin-port": envoy_admin,
        "--admin-port": admin,
        "--bedrock-port": bedrock,
        "--config": config,
    }
    command = [str(word) for pair in flags.items() for word in pair]
    run = subprocess.Popen(
        [ROOT / "bin/bedrock-extproc", "run", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    output: list[str] = []
    try:
        _await_ready(run, output)
        reader = Thread(target=output.extend, args=(run.stdout,))
        reader.start()
        yield System(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{bedrock}")
    finally:
        run.terminate()
        assert run.wait(30) == 0, "".join(output)
        reader.join()


def _await_ready(run: subprocess.Popen[str], output: list[str]) -> None:
    assert run.stdout is not None
    for line in run.stdout:
        output.append(line)
        if line.startswith("Ready:"):
            return
    pytest.fail("run ended:\n" + "".join(output))


def _envoy() -> str:
    """Envoy's binary, installed if missing."""
    command = [ROOT / "tests/envoytest/envoy.sh"]
    return subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()


def _free_ports(count: int) -> list[int]:
    """Ports that were just free. Holding all at once makes them different."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]
