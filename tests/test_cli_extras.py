"""A command whose extra is not installed says in one line what to install."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.test_cli import ROOT, environment


@pytest.mark.parametrize(
    ("missing", "arguments", "said"),
    [
        (
            ["jinja2"],
            ["site", "out"],
            "making the site needs Jinja: pip install 'recourse-engine[site]'",
        ),
        (["uvicorn"], ["serve"], "the service needs uvicorn: pip install 'recourse-engine[serve]'"),
        (
            ["jinja2", "starlette"],
            ["serve"],
            "the service needs Jinja and Starlette: pip install 'recourse-engine[serve]'",
        ),
        (
            ["pyarrow"],
            ["portfolio", "x.csv"],
            "reading loan tapes needs PyArrow: pip install 'recourse-engine[portfolio]'",
        ),
    ],
)
def test_what_is_not_installed_is_told(missing: list[str], arguments: list[str], said: str) -> None:
    absent = {"httptools", "jinja2", "numpy", "orjson", "pyarrow", "starlette", "uvicorn"} - set(
        missing
    )
    code = (
        "import importlib.util as u, sys; real = u.find_spec\n"
        f"u.find_spec = lambda n: None if n in {missing} else n if n in {absent} else real(n)\n"
        f"import cli; sys.exit(cli.main({arguments}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"recourse: {said}\n")
