"""Node clients: the files of tests in the folder node, and the page's programs.

The files check. This one starts the system, shows their output if they fail, and has
each write a report for the table of clients.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest

from conftest import ROOT, System

PAGE = (ROOT / "docs/clients.md").read_text()
PROGRAMS = re.findall(
    r"^### ([^\n]*)\n\n```js\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL
)
NODE = ROOT / "tests/clients/node"
FILES = sorted(NODE.glob("*.test.js"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_node(system: System, file: Path) -> None:
    report = ROOT / f"bin/clients/{file.name}.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [
            "node",
            "--test",
            *reporter("spec", "stdout"),
            *reporter("junit", report),
            file,
        ],
        check=False,
        cwd=NODE,
        env=os.environ | {"LISTENER_URL": system.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert "ℹ skipped 0" in done.stdout


def reporter(kind: str, destination: str | Path) -> list[str]:
    return [f"--test-reporter={kind}", f"--test-reporter-destination={destination}"]


@pytest.mark.parametrize(
    "program", [p[1] for p in PROGRAMS], ids=[p[0] for p in PROGRAMS]
)
def test_program_of_the_page(system: System, program: str) -> None:
    done = subprocess.run(
        ["node", "--input-type=module"],
        check=True,
        cwd=NODE,
        input=program.replace("http://localhost:8000", system.url),
        stdout=subprocess.PIPE,
        text=True,
    )
    answers = done.stdout.splitlines()
    assert answers
    assert set(answers) == {"2 + 2 = 4."}


def test_every_program_is_run() -> None:
    assert len(PROGRAMS) == PAGE.count("```js\n")
