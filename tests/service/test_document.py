"""What docs/serve.md shows of the API is what a service answers."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.documents import ROOT
from tests.service.running import Running

DOCUMENT = ROOT / "docs" / "serve.md"
_SHOWN = re.compile(r"^```sh\n(curl .*?)^```\n+```json\n(.*?)^```$", re.M | re.S)


def shown() -> list[tuple[str, str]]:
    """The requests of the document, each with the answer that it shows."""
    return [(request, answer) for request, answer in _SHOWN.findall(DOCUMENT.read_text())]


def answered(running: Running, request: str) -> str:
    """What the service answers to a request of the document, on one line."""
    command, _, query = request.replace("\\\n", " ").partition("| jq ")
    words = shlex.split(command)
    (url,) = [word for word in words if word.startswith("http://")]
    body = words[words.index("-d") + 1]
    answer = running.post(url.removeprefix("http://127.0.0.1:8000"), body).body.decode()
    if query:
        jq = shutil.which("jq")
        if jq is None:
            pytest.skip("jq is not installed")
        arguments = [jq, "-c", *shlex.split(query)]
        done = subprocess.run(arguments, input=answer, capture_output=True, text=True, check=True)
        answer = done.stdout
    return json.dumps(json.loads(answer), ensure_ascii=False)


def test_every_request_gets_the_answer_that_is_shown(primer: Running) -> None:
    assert len(shown()) == 3
    for request, answer in shown():
        assert json.loads(answered(primer, request)) == json.loads(answer)


def rewrite(running: Running, path: Path = DOCUMENT) -> None:
    """Write the true answers into the document."""
    text = path.read_text()
    for request, answer in shown():
        text = text.replace(
            f"{request}```\n\n```json\n{answer}```",
            f"{request}```\n\n```json\n{answered(running, request)}\n```",
        )
    path.write_text(text)


if __name__ == "__main__":
    from tests.service.running import service

    with service("--pack", "primer") as started:
        rewrite(started)
