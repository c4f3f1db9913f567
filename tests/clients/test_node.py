"""Node clients: one test for each file of tests in the folder node.

The files check; this one starts the system and shows their output if they fail.
"""

import os
import subprocess

import pytest

from conftest import ROOT, System

NODE = ROOT / "tests/clients/node"
FILES = sorted(NODE.glob("*.test.js"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_node(system: System, file: str) -> None:
    done = subprocess.run(
        ["node", "--test", "--test-reporter=spec", file],
        cwd=NODE,
        env=os.environ | {"LISTENER_URL": system.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert "ℹ skipped 0" in done.stdout
