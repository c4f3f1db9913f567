"""Coding agents, each on a task that needs its tools: "make agents".

An agent is started by its program in docs/clients.md, with the prompt replaced by a plan
that the fake Bedrock follows: write a file, copy it with a shell, read another one. It
runs in a folder with only that other file, and with a HOME of its own.
"""

import json
import os
import re
import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from conftest import ROOT, System

AGENTS = ROOT / "tests/clients/agents"
PAGE = (ROOT / "docs/clients.md").read_text()
SECRET = "the secret word is heron"


@dataclass
class Agent:
    """An agent, and what it needs to work without a person."""

    name: str  # the heading of its program in the page
    command: str  # what the program calls
    file: str  # the file to start, in the folder of packages
    plan: list[str]  # FOLDER is the folder with the files
    flags: str = ""  # for the command
    environment: dict[str, str] = field(default_factory=dict)


ALL = [
    Agent(
        "Claude Code",
        "claude",
        "@anthropic-ai/claude-code-linux-x64/claude",
        [
            'Write with {"file_path": "FOLDER/out.txt", "content": "written"}',
            'Bash with {"command": "cp out.txt copy.txt"}',
            'Read with {"file_path": "FOLDER/notes.txt"}',
        ],
        "--dangerously-skip-permissions",
        {
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
            "IS_SANDBOX": "1",
        },
    ),
    Agent(
        "Codex",
        "codex",
        "@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex",
        [
            'exec_command with {"cmd": "printf written > out.txt"}',
            'exec_command with {"cmd": "cp out.txt copy.txt"}',
            'exec_command with {"cmd": "cat notes.txt"}',
        ],
        "--dangerously-bypass-approvals-and-sandbox",
    ),
    Agent(
        "opencode",
        "opencode",
        "opencode-linux-x64/bin/opencode",
        [
            'write with {"filePath": "FOLDER/out.txt", "content": "written"}',
            'bash with {"command": "cp out.txt copy.txt", "description": "copies"}',
            'read with {"filePath": "FOLDER/notes.txt"}',
        ],
    ),
    Agent(
        "Cline",
        "cline",
        "@cline/cli-linux-x64/bin/cline",
        [
            'editor with {"path": "FOLDER/out.txt", "new_text": "written"}',
            'run_commands with {"commands": ["cp out.txt copy.txt"]}',
            'read_files with {"files": [{"path": "FOLDER/notes.txt"}]}',
        ],
    ),
    Agent(
        "Qwen Code",
        "qwen",
        "@qwen-code/qwen-code/cli.js",
        [
            'write_file with {"file_path": "FOLDER/out.txt", "content": "written"}',
            'run_shell_command with {"command": "cp out.txt copy.txt", "is_background": false}',
            'read_file with {"file_path": "FOLDER/notes.txt"}',
        ],
        "--yolo",
    ),
]


@pytest.mark.parametrize("agent", ALL, ids=lambda agent: agent.name)
def test_agent(system: System, agent: Agent, tmp_path: Path) -> None:
    folder, home = tmp_path / "folder", tmp_path / "home"
    for directory in (folder, home):
        directory.mkdir()
    (folder / "notes.txt").write_text(SECRET)
    calls = system.model_calls()
    done = subprocess.run(
        ["bash", "-euc", program(agent, system, folder)],
        check=False,
        cwd=folder,
        env={
            "PATH": f"{commands(agent, tmp_path)}:{os.environ['PATH']}",
            "HOME": str(home),
            **agent.environment,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout
    assert (folder / "copy.txt").read_text().strip() == "written", done.stdout
    assert SECRET in done.stdout
    assert system.model_calls() - calls > len(agent.plan)


def program(agent: Agent, system: System, folder: Path) -> str:
    """The agent's program of the page, with this system and this plan."""
    found = re.search(
        rf"^### {agent.name}\n.*?```sh\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL
    )
    assert found, f"docs/clients.md has no program of {agent.name}"
    plan = ", then call ".join(agent.plan).replace("FOLDER", str(folder))
    text = found[1].replace("http://localhost:8000", system.url)
    text, replaced = re.subn(
        '"What is 2\\+2\\?"', lambda _: shlex.quote("Please call " + plan), text
    )
    assert replaced == 1
    return text


def commands(agent: Agent, folder: Path) -> Path:
    """A folder with the agent's command."""
    path = folder / "bin" / agent.command
    path.parent.mkdir()
    path.write_text(
        f'#!/bin/sh\nexec {AGENTS}/node_modules/{agent.file} "$@" {agent.flags}\n'
    )
    path.chmod(0o755)
    return path.parent


def test_table() -> None:
    """The versions in the page are those that run here."""
    packages = json.loads((AGENTS / "package-lock.json").read_text())["packages"]
    for agent in ALL:
        name = "/".join(agent.file.split("/")[: 1 + agent.file.startswith("@")])
        version = packages["node_modules/" + name]["version"].removesuffix("-linux-x64")
        assert re.search(
            rf"^\| {agent.name} \| {re.escape(version)} \|", PAGE, re.MULTILINE
        )
