"""The programs of docs/clients.md, run as they are there."""

import re
import subprocess

import pytest

from conftest import ROOT, System

PAGE = (ROOT / "docs/clients.md").read_text()
PROGRAMS = PAGE.split("\n## Programs\n")[1].split("\n## ")[0]
# Programs in other languages have tests of their own.
SNIPPETS = re.findall(
    r"^### (.*)\n(?:(?!###).*\n)*?```(python|sh)\n((?:.*\n)*?)```",
    PROGRAMS,
    re.MULTILINE,
)


@pytest.mark.parametrize(
    ("language", "program"),
    [snippet[1:] for snippet in SNIPPETS],
    ids=[snippet[0] for snippet in SNIPPETS],
)
def test_snippet(
    system: System, language: str, program: str, capfd: pytest.CaptureFixture[str]
) -> None:
    urls = program.count("http://localhost:8000")
    program = program.replace("http://localhost:8000", system.url)
    if language == "python":
        exec(program, {})  # noqa: S102
    else:
        subprocess.run(["bash", "-euo", "pipefail", "-c", program], check=True)
    # A program asks once for each base URL.
    assert capfd.readouterr().out.count("2 + 2 = 4.") == urls


def test_every_program_is_run() -> None:
    """A block of Python or shell that is not found would not be run."""
    blocks = re.findall(r"^```(?:python|sh)$", PROGRAMS, re.MULTILINE)
    assert len(SNIPPETS) == len(blocks)
