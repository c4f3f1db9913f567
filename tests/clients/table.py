"""The table of clients in docs/clients.md, made of the JUnit reports of all tests.

    python table.py REPORTS [update]

REPORTS is a folder with a report for each runner, such as python.xml. Without "update"
the program fails if the page differs. It also fails if a test failed or was skipped, and
if a client of the table has no test. An expected failure needs a reason, which the page
repeats.
"""

import difflib
import json
import re
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs/clients.md"
BEGIN = '<!-- clients: written by "make clients UPDATE=1" -->\n'
END = "<!-- end of clients -->"


@dataclass
class Row:
    """A client, and its tests: a class or file, by name, in the report of a runner."""

    client: str
    package: str  # its name in the lock file
    lock: str
    api: str
    report: str
    tests: str

    def version(self) -> str:
        """The version in a lock file of pip or npm."""
        text = (HERE / self.lock).read_text()
        if self.lock.endswith(".json"):
            return json.loads(text)["packages"]["node_modules/" + self.package][
                "version"
            ]
        found = re.search(rf"^{re.escape(self.package)}==(\S+)", text, re.MULTILINE)
        assert found, f"{self.lock} lacks {self.package}"
        return found[1]


def python(client: str, package: str, api: str, tests: str) -> Row:
    return Row(client, package, "requirements.txt", api, "python.xml", tests)


def node(client: str, package: str, api: str, tests: str) -> Row:
    """Node's reports have no names of files, so each file of tests has its own."""
    report = f"{tests}.test.js.xml"
    return Row(client, package, "node/package-lock.json", api, report, "test")


OPENAI, RESPONSES = "OpenAI", "Responses"
ANTHROPIC, BEDROCK = "Anthropic", "Bedrock"

ROWS = [
    python("openai-python", "openai", OPENAI, "test_openai"),
    python("openai-python", "openai", RESPONSES, "test_responses"),
    python("openai-python `BedrockOpenAI`", "openai", OPENAI, "TestBedrockOpenAI"),
    python("anthropic-python", "anthropic", ANTHROPIC, "test_anthropic"),
    Row(
        "anthropic-python 0.x",
        "anthropic",
        "requirements-anthropic-0.txt",
        ANTHROPIC,
        "anthropic-0.xml",
        "test_anthropic",
    ),
    python(
        "anthropic-python `AnthropicBedrockMantle`",
        "anthropic",
        ANTHROPIC,
        "TestAnthropicBedrockMantle",
    ),
    python("boto3", "boto3", BEDROCK, "test_boto3"),
    python("LangChain `ChatOpenAI`", "langchain-openai", OPENAI, "TestChatOpenAI"),
    python(
        "LangChain `ChatAnthropic`",
        "langchain-anthropic",
        ANTHROPIC,
        "TestChatAnthropic",
    ),
    python(
        "LangChain `ChatBedrockConverse`",
        "langchain-aws",
        BEDROCK,
        "TestChatBedrockConverse",
    ),
    python("LiteLLM", "litellm", f"{OPENAI}, {ANTHROPIC}", "test_litellm"),
    python(
        "Pydantic AI",
        "pydantic-ai-slim",
        f"{OPENAI}, {ANTHROPIC}, {BEDROCK}",
        "test_pydantic_ai",
    ),
    node("openai-node", "openai", OPENAI, "openai"),
    node("openai-node", "openai", RESPONSES, "responses"),
    node("anthropic-node", "@anthropic-ai/sdk", ANTHROPIC, "anthropic"),
    node("anthropic-node 0.x", "@anthropic-ai/sdk-0", ANTHROPIC, "anthropic-0"),
    node("@ai-sdk/openai", "@ai-sdk/openai", OPENAI, "ai-sdk-openai"),
    node(
        "@ai-sdk/openai",
        "@ai-sdk/openai",
        RESPONSES,
        "ai-sdk-openai-responses",
    ),
    node(
        "@ai-sdk/openai-compatible",
        "@ai-sdk/openai-compatible",
        OPENAI,
        "ai-sdk-openai-compatible",
    ),
    node("@ai-sdk/anthropic", "@ai-sdk/anthropic", ANTHROPIC, "ai-sdk-anthropic"),
    node(
        "@ai-sdk/amazon-bedrock",
        "@ai-sdk/amazon-bedrock",
        BEDROCK,
        "ai-sdk-amazon-bedrock",
    ),
]


@dataclass
class Result:
    """The cases of a client: how many, and the reasons of the expected failures."""

    cases: int
    failures: dict[str, str]


def read(report: Path, tests: str) -> Result:
    cases = [c for c in ET.parse(report).iter("testcase") if tests in places(c)]
    failures = {}
    for case in cases:
        for outcome in case:
            if outcome.tag not in ("skipped", "failure", "error"):
                continue
            assert outcome.get("type") == "pytest.xfail", (
                f"{case.attrib}: {outcome.tag}"
            )
            failures[case.attrib["name"]] = outcome.attrib["message"]
    assert cases, f"{report} has no case of {tests}"
    return Result(len(cases), failures)


def places(case: ET.Element) -> list[str]:
    """The file, module and class of a case, by name. Node gives files only."""
    return [*case.get("classname", "").split("."), Path(case.get("file", "")).name]


def table(reports: Path) -> str:
    lines = [
        "| client | version | API | cases | result |",
        "|---|---|---|---|---|",
    ]
    reasons = []
    for row in ROWS:
        result = read(reports / row.report, row.tests)
        outcome = "all pass"
        if result.failures:
            outcome = f"{len(result.failures)} expected to fail, the others pass"
        cells = [row.client, row.version(), row.api, str(result.cases), outcome]
        lines.append("| " + " | ".join(cells) + " |")
        for reason in dict.fromkeys(result.failures.values()):
            names = [f"`{n}`" for n, r in result.failures.items() if r == reason]
            reasons.append(f"- {row.client}, {', '.join(names)}: {reason}.")
    if reasons:
        lines += ["", "Cases that are expected to fail:", "", *reasons]
    return "\n".join(lines) + "\n"


def main(reports: str, mode: str = "") -> int:
    page = PAGE.read_text()
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    want = before + BEGIN + table(Path(reports)) + END + after
    if mode == "update":
        PAGE.write_text(want)
    elif page != want:
        diff = difflib.unified_diff(page.splitlines(), want.splitlines(), lineterm="")
        print(f'{PAGE} is stale, run "make clients UPDATE=1":', *diff, sep="\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
