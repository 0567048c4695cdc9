"""How long `recourse decide` takes as a process of its own, beside a Python that does nothing.
Its modules are there as bytecode, as after an install.

python -m tests.benchmarks.cold [FACTS] [--runs N]
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from tests.benchmarks.timing import machine, progress

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "priya.yaml"
ANSWERED = (0, 3)
"""Exit codes of an answer: decided, undetermined."""


def command(facts: Path) -> list[str]:
    """The installed command of this Python, or the module where it is not installed."""
    script = shutil.which("recourse", path=str(Path(sys.executable).parent))
    start = [script] if script else [sys.executable, "-m", "cli"]
    return [*start, "decide", str(facts)]


def run(
    arguments: Sequence[str],
    codes: Sequence[int] = ANSWERED,
    environment: Mapping[str, str] | None = None,
) -> float:
    """The wall time of one process in seconds. Raises ``RuntimeError`` if it fails."""
    start = perf_counter()
    done = subprocess.run(
        arguments, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    time = perf_counter() - start
    if done.returncode not in codes:
        raise RuntimeError(f"{' '.join(arguments)}: exit {done.returncode}\n{done.stderr.strip()}")
    return time


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.cold")
    parser.add_argument("facts", nargs="?", type=Path, default=EXAMPLE)
    parser.add_argument("--runs", type=int, default=15)
    options = parser.parse_args(arguments)
    measured = {
        f"recourse decide {options.facts.name}": command(options.facts.resolve()),
        "python -c pass": [sys.executable, "-c", "pass"],
    }
    times: dict[str, list[float]] = {name: [] for name in measured}
    try:
        with TemporaryDirectory() as bytecode:
            environment = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode}
            environment.pop("PYTHONDONTWRITEBYTECODE", None)
            for number in range(options.runs + 1):
                for name, words in measured.items():
                    progress(f"run {number} of {options.runs}: {name}")
                    time = run(words, environment=environment)
                    if number:  # the first run fills the caches
                        times[name].append(time)
    except RuntimeError as error:
        progress("")
        print(error, file=sys.stderr)
        return 1
    progress("")
    print(f"wall time of a process, {options.runs} runs; {machine()}")
    for name, found in times.items():
        print(f"{name:<32} best {min(found):.3f} s, median {statistics.median(found):.3f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
